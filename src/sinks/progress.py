"""What a sink has stored and where it stands, for its metrics."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

from listener.kafka.record import Record
from listener.metrics import SINK_WAITING, STORE_FAILURES, STORE_LATENCY, StageMetrics
from sinks.sink import Refused
from sinks.trail import tell_stored


class SinkProgress:
    """Of one sink of this process.

    Args:
        sink: its name.
    """

    def __init__(self, sink: str) -> None:
        self._sink = sink
        self._metrics = StageMetrics(sink)
        self._oldest_seconds: deque[float] = deque()
        self._metrics.watch_oldest(lambda: min(self._oldest_seconds, default=None))
        STORE_FAILURES.labels(sink)
        self.waiting(False)

    def batch_begins(self, batch: Sequence[Record]) -> None:
        """A batch is in hand."""
        self._oldest_seconds.append(min(record.timestamp for record in batch) / 1000)

    def waiting(self, busy: bool) -> None:
        """Whether the store has just refused to take it; told again after each try."""
        SINK_WAITING.labels(self._sink).set(busy)
        if busy:
            STORE_FAILURES.labels(self._sink).inc()

    def batch_done(
        self, batch: Sequence[Record], refused: Sequence[Refused], seconds: float, stored_at: float
    ) -> None:
        """The oldest batch in hand is stored, its dead letters are delivered, its offsets are committed.

        Args:
            seconds: how long that took.
            stored_at: when it was stored, in seconds since 1970.
        """
        self._oldest_seconds.popleft()
        self._metrics.batch_done(
            [record.topic for record in batch],
            max(record.timestamp for record in batch) / 1000,
            len(refused),
            seconds,
        )
        ages: dict[str, list[float]] = defaultdict(list)
        for record in batch:
            ages[record.topic].append(stored_at - record.timestamp / 1000)
        for topic, values in ages.items():
            STORE_LATENCY.observe((self._sink, topic), values)
        without_row = {id(item.record) for item in refused}
        tell_stored(self._sink, (record for record in batch if id(record) not in without_row))

    def set_lag(self, lag: Mapping[tuple[str, int], int]) -> None:
        """The lag of every partition of this sink, by topic and number."""
        self._metrics.set_lag(lag)
