"""Compressed frames, held against the driver's own compression."""

from io import BytesIO

import pytest
from clickhouse_cityhash.cityhash import CityHash128  # type: ignore[import-untyped]  # publishes no types
from clickhouse_driver.compression.lz4 import Compressor, Decompressor
from clickhouse_driver.reader import read_binary_uint8, read_binary_uint128
from clickhouse_driver.writer import write_binary_uint128
from hypothesis import given
from hypothesis import strategies as st

from listener.embedded.clickhouse.compression import FRAME_BYTES, FrameReader, frames
from listener.embedded.clickhouse.reading import Reader


@given(st.binary(min_size=1, max_size=5000))
def test_frames_come_back(data: bytes) -> None:
    assert FrameReader(Reader(b"".join(frames(data)))).read(len(data)) == data


def test_large_data_take_several_frames() -> None:
    data = bytes(range(256)) * (FRAME_BYTES // 256 * 2 + 1)
    assert len(list(frames(data))) == 3
    assert FrameReader(Reader(b"".join(frames(data)))).read(len(data)) == data


def test_the_driver_reads_our_frames() -> None:
    [frame] = frames(b"hello" * 100)
    stream = BytesIO(frame)
    expected = read_binary_uint128(stream)
    method = read_binary_uint8(stream)
    assert Decompressor(stream).get_decompressed_data(method, expected, 1) == b"hello" * 100


def test_we_read_the_drivers_frames() -> None:
    compressor = Compressor()
    compressor.write(b"hello" * 100)
    body = bytes([compressor.method_byte]) + compressor.get_compressed_data(1)
    frame = BytesIO()
    write_binary_uint128(CityHash128(body), frame)
    assert FrameReader(Reader(frame.getvalue() + body)).read(500) == b"hello" * 100


@pytest.mark.parametrize("at", [0, 16, 17, 21, 30])
def test_a_damaged_frame_is_refused(at: int) -> None:
    frame = bytearray(b"".join(frames(b"hello" * 100)))
    frame[at] ^= 0xFF
    with pytest.raises((ValueError, EOFError)):
        FrameReader(Reader(bytes(frame))).read(500)
