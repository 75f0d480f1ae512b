"""ClickHouse's compressed frames: CityHash128, method, sizes, data.

Source: `CompressedWriteBuffer` and `CompressedReadBufferBase` of ClickHouse. The hash covers the nine
bytes of header and the data; its high word comes first on the wire.
"""

from collections.abc import Iterator
from struct import Struct

import lz4.block  # type: ignore[import-untyped]  # publishes no types
from clickhouse_cityhash.cityhash import CityHash128  # type: ignore[import-untyped]  # nor does this

from listener.embedded.clickhouse.reading import Reader

FRAME_BYTES = 1 << 20
"""How much of a block goes into one frame."""
FRAME_LIMIT_BYTES = 1 << 30
"""A frame that claims to be larger is refused, as ClickHouse does."""

_LZ4 = 0x82
_ZSTD = 0x90
_HEADER = Struct("<BII")
_HASH = Struct("<QQ")
_WORD = (1 << 64) - 1


def frames(data: bytes) -> Iterator[bytes]:
    """Compresses bytes with LZ4, the method that every client knows."""
    for start in range(0, len(data), FRAME_BYTES):
        piece = data[start : start + FRAME_BYTES]
        compressed = lz4.block.compress(piece, store_size=False)
        body = _HEADER.pack(_LZ4, len(compressed) + _HEADER.size, len(piece)) + compressed
        yield _pack_hash(body) + body


def _pack_hash(body: bytes) -> bytes:
    value = CityHash128(body)
    return _HASH.pack(value >> 64, value & _WORD)


class FrameReader(Reader):
    """What was compressed, read from the frames of another reader."""

    def __init__(self, source: Reader) -> None:
        super().__init__()
        self._source = source

    def fill(self) -> None:
        """Reads and decompresses one frame; ValueError if it is damaged or of an unknown method."""
        expected = self._source.read(_HASH.size)
        header = self._source.read(_HEADER.size)
        method, size, size_decompressed = _HEADER.unpack(header)
        if not _HEADER.size <= size <= FRAME_LIMIT_BYTES or not 0 < size_decompressed <= FRAME_LIMIT_BYTES:
            raise ValueError(f"a compressed frame of {size} bytes for {size_decompressed}")
        data = self._source.read(size - _HEADER.size)
        if _pack_hash(header + data) != expected:
            raise ValueError("a compressed frame does not match its checksum")
        self.buffer = bytearray(_decompress(method, data, size_decompressed))
        self.current_buffer_size = len(self.buffer)


def _decompress(method: int, data: bytes, size_decompressed: int) -> bytes:
    if method == _LZ4:
        try:
            return bytes(lz4.block.decompress(data, uncompressed_size=size_decompressed))
        except lz4.block.LZ4BlockError as damaged:
            raise ValueError(f"a damaged LZ4 frame: {damaged}") from damaged
    if method == _ZSTD:
        try:
            import zstd  # type: ignore[import-untyped]  # an extra of the driver that few have
        except ImportError:
            raise ValueError("zstd is not installed on the server: compress with lz4") from None
        return bytes(zstd.decompress(data))
    raise ValueError(f"compression method {method:#x} is not known: use lz4")
