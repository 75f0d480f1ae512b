"""Whose partitions are whose while they move: what has begun is finished before another member gets them."""

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

Place = tuple[str, int]
"""Topic and partition."""


class Tenure:
    """Stands between a consumer and the thread that works on what it has read.

    Work that two members must not do at once, such as opening a ticket, is done within `holding`.

    1. When partitions are taken away the consumer calls `moving`: from then on nothing begins.
    2. It stays in the group and does not take part in the rebalance until `idle`, or for as long as it can wait.
       Kafka gives partitions to others only once all members take part, or are taken for dead.
    3. It calls `settled` with the partitions that are its own from then on.

    Before the first of these calls everything is taken for its own. For any thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._owned: frozenset[Place] | None = None
        self._moving = False
        self._at_work = 0
        self.moves = 0
        """How often partitions were taken away: others may have worked on what was read before."""

    @contextmanager
    def holding(self, topic: str, partition: int, wait_seconds: float) -> Iterator[bool | None]:
        """While this is entered, the partition goes to nobody else.

        Args:
            wait_seconds: how long to wait while partitions move.

        Yields:
            Whether the partition is this member's; None if that was not known in time.
        """
        with self._changed:
            known = self._changed.wait_for(lambda: not self._moving, wait_seconds)
            ours = (self._owned is None or (topic, partition) in self._owned) if known else None
            self._at_work += bool(ours)
        try:
            yield ours
        finally:
            if ours:
                with self._changed:
                    self._at_work -= 1

    @property
    def idle(self) -> bool:
        """Whether nothing is within `holding`."""
        with self._changed:
            return self._at_work == 0

    def moving(self) -> None:
        """Partitions are taken away; which ones are left is told by `settled`."""
        with self._changed:
            self._moving = True
            self.moves += 1

    def settled(self, owned: Collection[Place]) -> None:
        """These are this member's, and no others."""
        with self._changed:
            self._owned = frozenset(owned)
            self._moving = False
            self._changed.notify_all()
