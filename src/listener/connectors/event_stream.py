"""Server-sent events (HTML Living Standard, 9.2): from the bytes of a stream to its events. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""What is longer is no event, and must not fill the memory."""


class Overlong(ValueError):
    """An event, or a line, is longer than is allowed."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `data` as it came, its lines joined."""

    name: str
    data: bytes


def events(parts: Iterable[bytes], max_bytes: int = MAX_EVENT_BYTES) -> Iterator[Event | None]:
    """The events of a stream, and None for each comment: servers send those to say that they are there.

    An event that the stream breaks off within is none.

    Args:
        parts: of the stream, divided in any way.

    Raises:
        Overlong: an event is longer than `max_bytes`.
    """
    name, data, size = "message", list[bytes](), 0
    for line in _lines(parts, max_bytes):
        size += len(line)
        if size > max_bytes:
            raise Overlong(f"an event of more than {max_bytes} bytes")
        if not line:
            if data:
                yield Event(name, b"\n".join(data))
            name, data, size = "message", [], 0
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not field:
            yield None
        elif field == b"event":
            name = value.decode(errors="replace")
        elif field == b"data":
            data.append(value)


def _lines(parts: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """Lines that end with ``\\n``, ``\\r\\n`` or ``\\r``, without their ends."""
    rest = b""
    for part in parts:
        if rest.endswith(b"\r") and not part:
            continue
        rest += part
        if len(rest) > max_bytes and b"\n" not in part and b"\r" not in part:
            raise Overlong(f"a line of more than {max_bytes} bytes")
        pending = rest.endswith(b"\r")  # its \n may be the first byte of the next part
        whole = rest[:-1] if pending else rest
        *lines, last = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        yield from lines
        rest = last + b"\r" if pending else last
