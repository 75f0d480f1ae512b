"""What takes records as a `Publisher` does, and keeps them; it can fail on request."""

from collections.abc import Iterable
from typing import NamedTuple

from listener.domain.errors import Rejected, ServiceError


class Sent(NamedTuple):
    """A record as it was handed over."""

    topic: str
    key: str | bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class FakeOutlet:
    """Records are sent at once, and stored by the next flush.

    Attributes:
        sent: every record handed over, in order.
        stored: every record acknowledged, in order.
        calls: the topic of each record and "flush", in order.

    Args:
        largest: a record with a longer value is refused.
        fails_at: the flush of this number, from 1, fails, and what waits for it is not stored.
        calls: where to write down what happens, among what others write there.
    """

    def __init__(
        self, *, largest: int = 10_000_000, fails_at: int | None = None, calls: list[str] | None = None
    ) -> None:
        self.sent: list[Sent] = []
        self.stored: list[Sent] = []
        self.calls: list[str] = [] if calls is None else calls
        self.waiting: list[Sent] = []
        self._largest = largest
        self._flushes_left = fails_at

    def publish(
        self,
        topic: str,
        key: str | bytes | None,
        value: bytes | None,
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        """Takes a record."""
        self.called()
        if value is not None and len(value) > self._largest:
            raise Rejected("too-large", "too large")
        record = Sent(topic, key, value, list(headers))
        self.sent.append(record)
        self.waiting.append(record)
        self.calls.append(topic)

    def flush(self) -> None:
        """Stores what was sent, or fails."""
        self.called()
        self.calls.append("flush")
        if self._flushes_left is not None:
            self._flushes_left -= 1
            if self._flushes_left == 0:
                raise ServiceError("the broker is gone")
        self.store(self.waiting)
        self.waiting = []

    def called(self) -> None:
        """Before anything is done; a place for a client to die."""

    def store(self, records: list[Sent]) -> None:
        """These are acknowledged."""
        self.stored += records

    def on(self, topic: str) -> list[bytes | None]:
        """Values acknowledged on a topic."""
        return [record.value for record in self.stored if record.topic == topic]
