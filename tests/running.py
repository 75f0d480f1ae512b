"""A server that runs as long as a block."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar


class Server(Protocol):
    """An embedded server."""

    def start(self) -> None: ...
    def wait_ready(self) -> None: ...
    def stop(self, timeout_seconds: float) -> None: ...


S = TypeVar("S", bound=Server)


@contextmanager
def running(server: S) -> Iterator[S]:
    """Starts it, waits until it answers, and stops it in the end."""
    server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop(timeout_seconds=10)
