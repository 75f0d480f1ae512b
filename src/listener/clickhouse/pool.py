"""Clients of ClickHouse for a process that answers many at once: each is lent to one thread at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Full, LifoQueue

from clickhouse_driver import Client

from listener.clickhouse.client import connect, translated


class ClientPool:
    """Keeps connections between uses. Threads may share it.

    Args:
        url: as for `connect`.
        answer_timeout_seconds: as for `connect`.
        kept: how many connections wait for the next use; more are closed after theirs.
    """

    def __init__(self, url: str, *, answer_timeout_seconds: float = 30.0, kept: int = 4) -> None:
        self._url = url
        self._answer_timeout_seconds = answer_timeout_seconds
        self._idle: LifoQueue[Client] = LifoQueue(kept)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client for the block; after an error in it the connection is not used again.

        Raises:
            ServiceError: the server cannot be reached, or refused.
        """
        try:
            client = self._idle.get_nowait()
        except Empty:
            client = connect(self._url, answer_timeout_seconds=self._answer_timeout_seconds)
        kept = False
        try:
            with translated(self._url):
                yield client
            kept = self._keep(client)
        finally:
            if not kept:
                client.disconnect()

    def _keep(self, client: Client) -> bool:
        """Whether there is room for it; never waits for room."""
        try:
            self._idle.put_nowait(client)
        except Full:
            return False
        return True

    def close(self) -> None:
        """Closes the connections that are not lent."""
        while not self._idle.empty():
            self._idle.get_nowait().disconnect()
