"""Every metric of every process, by the conventions of Prometheus: base units, which end the name.

Labels are bounded: a stage is one of the stream's or a sink, a source is configured. A counter that an alert
watches is there from the start, with 0: Prometheus takes no first value for an increase. docs/alerts.md tells
what to watch.
"""

import threading
import time
from bisect import bisect_right
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isinf

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

LATENCY_BUCKETS = (
    *(0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    *(30.0, 60.0, 300.0, 1800.0, 21600.0, float("inf")),
)
"""Seconds; the targets are 0.15 and 0.5, a stopped store makes hours."""


class BatchedHistogram(Collector):
    """A histogram that takes the values of a whole batch at once.

    prometheus_client's own takes a lock and a search for each value, which at tens of thousands of records a
    second is a noticeable share of a core; sorting a batch once is not.

    Args:
        name: with its unit.
        labels: names, in the order in which `observe` takes their values.
        buckets: upper bounds, ascending; the last one is infinity.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str],
        buckets: Sequence[float] = LATENCY_BUCKETS,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = tuple(labels)
        self._bounds = tuple(buckets)
        self._series: dict[tuple[str, ...], tuple[list[int], float]] = {}
        self._lock = threading.Lock()
        registry.register(self)

    def observe(self, labels: tuple[str, ...], values: Iterable[float]) -> None:
        """Counts values of one series; what lies below zero, where two clocks differ, counts as zero."""
        ordered = sorted(max(0.0, value) for value in values)
        if not ordered:
            return
        # a value belongs to the bucket whose upper bound it does not exceed
        cumulated = [bisect_right(ordered, bound) for bound in self._bounds]
        with self._lock:
            counts, total = self._series.get(labels, ([0] * len(self._bounds), 0.0))
            self._series[labels] = (
                [before + more for before, more in zip(counts, cumulated, strict=True)],
                total + sum(ordered),
            )

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """The family without its series."""
        return [HistogramMetricFamily(self._name, self._documentation, labels=self._labels)]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """The family as it stands."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        with self._lock:
            series = dict(self._series)
        for labels, (counts, total) in series.items():
            buckets = [
                ("+Inf" if isinf(bound) else str(bound), float(count))
                for bound, count in zip(self._bounds, counts, strict=True)
            ]
            family.add_metric(labels, buckets, total)
        return [family]


RECORDS = Counter("listener_records", "Records processed", ["stage", "topic"])
DEAD_LETTERS = Counter("listener_dead_letters", "Records that became dead letters", ["stage"])
BATCH_RECORDS = Histogram(
    "listener_batch_records",
    "Records of a batch",
    ["stage"],
    buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000),
)
BATCH_SECONDS = Histogram(
    "listener_batch_seconds",
    "From a batch in hand to everything that follows from it being stored",
    ["stage"],
    buckets=LATENCY_BUCKETS,
)
NEWEST_RECORD = Gauge(
    "listener_newest_record_timestamp_seconds", "When the newest processed record was published", ["stage"]
)
OLDEST_UNPROCESSED = Gauge(
    "listener_oldest_unprocessed_age_seconds",
    "Age of the oldest record that was read and is not processed; 0 where there is none",
    ["stage"],
)
NOW = Gauge("listener_now_timestamp_seconds", "What time it is to a stream worker")
CONSUMER_LAG = Gauge(
    "listener_consumer_lag_records",
    "Records of a partition that this process owns and has not processed, as last heard from the broker",
    ["stage", "topic", "partition"],
)
MENTION_LATENCY = BatchedHistogram(
    "listener_mention_latency_seconds",
    "From the receipt of a live mention to this stage having stored and published what follows from it",
    ["stage"],
)
STORE_LATENCY = BatchedHistogram(
    "listener_store_latency_seconds", "From the publishing of a record to its being stored", ["sink", "topic"]
)
SINK_WAITING = Gauge(
    "listener_sink_waiting", "1 while the store does not take what is to be written, else 0", ["sink"]
)
STORE_FAILURES = Counter(
    "listener_store_failures", "Writes that the store did not take; each is tried again", ["sink"]
)
LEVEL_OPEN_CASES = Gauge(
    "listener_level_open_cases",
    "Open cases that belong at a level with a capacity: taken, they have a place there; waiting, they stand below",
    ["level", "place"],
)
LEVEL_CLAIMS_PUT_OFF = Gauge(
    "listener_level_claims_put_off", "Claims ever put off because a level had too many to keep", ["level"]
)
TIMERS_WAITING = Gauge("listener_timers_waiting", "Timers of this worker that were not fired")
TIMERS_OLDEST_DUE = Gauge(
    "listener_timers_oldest_due_age_seconds",
    "For how long the oldest timer has been due that was not fired; 0 where none is",
)
TIMERS_FIRED = Counter("listener_timers_fired", "Timers fired")
READY = Gauge("listener_ready", "1 while /readyz says yes, else 0")
DATA_FREE_BYTES = Gauge("listener_data_free_bytes", "Free on the disk where this process keeps its data")

SOURCE_PUBLISHED = Counter("listener_source_published", "Mentions and deletions published", ["source"])
SOURCE_REJECTED = Counter("listener_source_rejected", "Items that became dead letters", ["source"])
SOURCE_FAILURES = Counter("listener_source_failures", "Tries to read that failed", ["source"])
SOURCE_PAUSED = Gauge(
    "listener_source_paused", "1 while the source is not read because of its dead letters, else 0", ["source"]
)
SOURCE_LAST_SUCCESS = Gauge(
    "listener_source_last_success_timestamp_seconds",
    "When the source was last read and what it said was on the broker",
    ["source"],
)
DESK_TICKETS = Counter("listener_desk_tickets", "What was done to tickets of cases", ["desk", "did"])
DESK_ANSWERS = Counter(
    "listener_desk_answers", "Answers that people gave at a desk, or that none is needed", ["desk", "kind"]
)
FORM_REQUESTS = Counter(
    "listener_form_requests", "Requests to the feedback form, or that of the staff", ["method", "status"]
)
ANSWERS_REQUESTS = Counter(
    "listener_answers_requests", "Requests to the endpoint that takes answers", ["method", "status"]
)
WEBHOOK_REQUESTS = Counter(
    "listener_webhook_requests", "Requests to the endpoint of webhook sources", ["method", "status"]
)
CONSOLE_REQUESTS = Counter("listener_console_requests", "Requests to the console", ["method", "status"])
CONSOLE_LISTENERS = Gauge("listener_console_listeners", "Pages of the console that are told what happens")


class StageMetrics:
    """What a stage or a sink counts for each batch.

    Args:
        stage: its label.
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._lag: set[tuple[str, int]] = set()
        DEAD_LETTERS.labels(stage)

    def batch_done(
        self, topics: Iterable[str], newest_seconds: float, dead_letters: int, seconds: float
    ) -> None:
        """A batch is stored.

        Args:
            topics: of each of its records.
            newest_seconds: when the newest of them was published, since 1970.
            dead_letters: how many of them became some.
            seconds: how long the batch took.
        """
        tally = Tally(topics)
        for topic, count in tally.items():
            RECORDS.labels(self._stage, topic).inc(count)
        DEAD_LETTERS.labels(self._stage).inc(dead_letters)
        BATCH_RECORDS.labels(self._stage).observe(tally.total())
        BATCH_SECONDS.labels(self._stage).observe(seconds)
        NEWEST_RECORD.labels(self._stage).set(newest_seconds)

    def watch_oldest(self, oldest_seconds: Callable[[], float | None]) -> None:
        """Tells how to find out when the oldest unprocessed record was published; asked at each scrape."""

        def age() -> float:
            oldest = oldest_seconds()
            return 0.0 if oldest is None else max(0.0, time.time() - oldest)

        OLDEST_UNPROCESSED.labels(self._stage).set_function(age)

    def set_lag(self, lag: Mapping[tuple[str, int], int]) -> None:
        """The lag of every partition that this process owns; those not named any more are forgotten."""
        for topic, partition in self._lag - lag.keys():
            CONSUMER_LAG.remove(self._stage, topic, str(partition))
        for (topic, partition), records in lag.items():
            CONSUMER_LAG.labels(self._stage, topic, str(partition)).set(records)
        self._lag = set(lag)
