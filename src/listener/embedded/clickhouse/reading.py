"""Buffered readers that can hand on, untouched, every byte that is read from them."""

import socket
from collections.abc import Callable
from struct import Struct
from typing import Protocol

from clickhouse_driver.bufferedreader import BufferedReader

SOCKET_BUFFER_BYTES = 1 << 20
_UINT64 = Struct("<Q")


class ReceivesBytes(Protocol):
    """The part of a socket, plain or TLS, that reading needs."""

    def recv_into(self, buffer: bytearray) -> int:
        """Reads what there is, at least one byte; 0 at the end."""


class Reader(BufferedReader):  # type: ignore[misc]  # compiled code without types
    """Reads integers, strings and columns; between `record` and `stop` all bytes passed go to a sink.

    The driver's compiled `BufferedReader` walks over strings at the speed of C; this adds the recording,
    so that a block can be forwarded without decoding its values.

    Args:
        buffer: what is there to read already.
    """

    def __init__(self, buffer: bytes = b"") -> None:
        super().__init__(0)
        self.buffer = bytearray(buffer)
        self.current_buffer_size = len(buffer)
        self._sink: Callable[[memoryview], None] | None = None
        self._recorded_to = 0

    def record(self, sink: Callable[[memoryview], None]) -> None:
        """From here on, hands what is read to `sink`, in order."""
        self._sink, self._recorded_to = sink, self.position

    def stop(self) -> None:
        """Hands on what was read since and ends the recording."""
        self._flush(self.position)
        self._sink = None

    def _flush(self, end: int) -> None:
        if self._sink is not None and end > self._recorded_to:
            with memoryview(self.buffer) as view, view[self._recorded_to : end] as passed:
                self._sink(passed)
        self._recorded_to = 0

    def read_into_buffer(self) -> None:
        """Called by the base when all of the buffer has been read; must leave `position` alone."""
        self._flush(self.current_buffer_size)
        self.fill()

    def fill(self) -> None:
        """Replaces the buffer; raises EOFError when there is no more."""
        raise EOFError

    @property
    def exhausted(self) -> bool:
        """Whether everything in the buffer has been read."""
        return bool(self.position >= self.current_buffer_size)

    def varint(self) -> int:
        """An unsigned LEB128 integer; ValueError if it takes more than 64 bits."""
        number = 0
        for shift in range(0, 70, 7):
            byte: int = self.read_one()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
        raise ValueError("an integer of more than 64 bits")

    def uint64(self) -> int:
        """Eight bytes, little endian."""
        return int(_UINT64.unpack(self.read(8))[0])

    def text(self, limit_bytes: int) -> str:
        """A string; ValueError if it is longer than the limit or not UTF-8."""
        size = self.varint()
        if size > limit_bytes:
            raise ValueError(f"a string of {size} bytes where at most {limit_bytes} are allowed")
        return bytes(self.read(size)).decode()

    def skip(self, count: int) -> None:
        """Passes over so many bytes."""
        while count > 0:
            if self.exhausted:
                self.read_into_buffer()
                self.position = 0
            step = min(count, self.current_buffer_size - self.position)
            self.position += step
            count -= step

    def skip_strings(self, count: int) -> None:
        """Passes over so many strings, each with its length before it."""
        # In steps, because the base copies what it passes into a buffer of its own.
        while count > 0:
            step = min(count, 16384)
            self.read_strings_arrow(step)
            count -= step


class SocketReader(Reader):
    """Reads from a socket, plain or TLS."""

    def __init__(self, connection: socket.socket | ReceivesBytes) -> None:
        super().__init__()
        self._connection = connection
        self.buffer = bytearray(SOCKET_BUFFER_BYTES)

    def fill(self) -> None:
        """Waits for more; EOFError when the other side has closed."""
        self.current_buffer_size = self._connection.recv_into(self.buffer)
        if self.current_buffer_size == 0:
            raise EOFError
