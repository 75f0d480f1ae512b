"""What a worker has done and where it stands, for its metrics."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from listener.domain.mention import Mention, MentionDeleted
from listener.kafka.record import Record as Fetched
from listener.metrics import MENTION_LATENCY, StageMetrics
from listener.trail import followed, passed
from stream.inbox import Inbox


class Progress:
    """Of one stage of this process since its start.

    Args:
        stage: its name.
    """

    def __init__(self, stage: str) -> None:
        self.next_offset: dict[tuple[str, int], int] = {}
        """By topic and partition: the first one that this process has not processed."""
        self._stage = stage
        self._metrics = StageMetrics(stage)

    def batch_done(
        self, records: Sequence[Fetched], values: Iterable[object], dead_letters: int, seconds: float
    ) -> None:
        """A batch was stored and published.

        Args:
            records: never none.
            values: what was decoded from them.
            dead_letters: how many of them became some.
            seconds: how long it took.
        """
        for record in records:  # in order of offsets, so that the last one holds
            self.next_offset[record.topic, record.partition] = record.offset + 1
        self._metrics.batch_done(
            [record.topic for record in records],
            max(record.timestamp for record in records) / 1000,
            dead_letters,
            seconds,
        )
        done = list(values)
        MENTION_LATENCY.observe((self._stage,), _latencies(done, time.time()))
        if followed():
            for value in done:
                if (said := _said(value)) is not None:
                    passed(self._stage, said)

    def set_lag(self, ends: Mapping[tuple[str, int], int], committed: Callable[[str, int], int]) -> None:
        """Tells the lag of the partitions that are assigned to this stage; arguments as for `lag`."""
        self._metrics.set_lag(self.lag(ends, committed))

    def lag(
        self, ends: Mapping[tuple[str, int], int], committed: Callable[[str, int], int]
    ) -> dict[tuple[str, int], int]:
        """Records that are not processed, by topic and partition.

        Args:
            ends: the next offset that the broker will give, by topic and partition.
            committed: where the group stood when a partition was assigned.
        """
        return {
            (topic, partition): max(
                0, end - max(self.next_offset.get((topic, partition), 0), committed(topic, partition))
            )
            for (topic, partition), end in ends.items()
        }


def _said(value: object) -> Mention | MentionDeleted | None:
    """The mention or deletion in what a stage decoded, where there is one."""
    if isinstance(value, MentionDeleted):
        return value
    found: object = getattr(value, "mention", None) or getattr(value, "deletion", None)
    return found if isinstance(found, (Mention, MentionDeleted)) else None


def _latencies(values: Iterable[object], now: float) -> list[float]:
    """Seconds since the receipt of each live mention; imports are as late as they like to be."""
    mentions = (getattr(value, "mention", None) for value in values)
    return [
        now - mention.received_at.timestamp()
        for mention in mentions
        if isinstance(mention, Mention) and not mention.historical
    ]


class Backlog:
    """What an agent has taken out of its inbox or finds there, and has not finished.

    Args:
        name: of the agent, as the label `stage`.
    """

    def __init__(self, name: str, inbox: Inbox) -> None:
        self._inbox = inbox
        self._in_hand: list[Sequence[Fetched]] = []
        StageMetrics(name).watch_oldest(self.oldest_seconds)

    def take(self, records: Sequence[Fetched]) -> None:
        """These are in hand now.

        Args:
            records: one or more.
        """
        self._in_hand.append(records)

    def done(self, records: Sequence[Fetched]) -> None:
        """These are not any more."""
        self._in_hand = [batch for batch in self._in_hand if batch is not records]

    def oldest_seconds(self) -> float | None:
        """When the oldest of them was published, since 1970; None where nothing waits."""
        if self._in_hand:
            return min(record.timestamp for batch in self._in_hand for record in batch) / 1000
        return self._inbox.oldest_seconds
