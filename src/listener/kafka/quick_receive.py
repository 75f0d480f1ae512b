"""Taking what has come from the broker out of its socket at once.

kafka-python takes 4 KiB at a time. Each time its thread gives up the interpreter, and waits for it behind whoever
computes: while a batch is being prepared, hardly anything of the next one would come.
"""

from typing import Any

from kafka.net.transport import KafkaTCPTransport

AT_ONCE_BYTES = 1 << 20

_in_pieces = KafkaTCPTransport._sock_recv  # noqa: SLF001 - it has no option for it


def receive_quickly() -> None:
    """Lets all of this process's clients do so. What goes wrong, and what is encrypted, stays kafka-python's."""
    KafkaTCPTransport._sock_recv = _at_once  # noqa: SLF001


def _at_once(transport: Any) -> tuple[bytes, Exception | None]:
    try:
        data: bytes = transport._sock.recv(AT_ONCE_BYTES)  # noqa: SLF001
    except OSError:
        data = b""
    if data:
        return data, None
    found: tuple[bytes, Exception | None] = _in_pieces(transport)  # nothing is there, or no more will come
    return found
