"""Metrics: the histogram agrees with prometheus_client's own, lag forgets what moved, names follow the rules."""

import re
from collections.abc import Iterable

import hypothesis.strategies as st
import pytest
from hypothesis import given
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from listener.metrics import BatchedHistogram, StageMetrics

BUCKETS = (0.1, 1.0, 10.0, float("inf"))


def samples(registry: CollectorRegistry, name: str) -> dict[tuple[str, str], float]:
    """Suffix and bucket to value, without the time of creation."""
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, str(float(sample.labels["le"])) if "le" in sample.labels else ""): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith(name) and not sample.name.endswith("_created")
    }


@given(
    st.lists(st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.5, 1.0, 3.0, 10.0, 99.0]), max_size=20), max_size=5)
)
def test_a_batched_histogram_is_prometheus_own(batches: list[list[float]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    batched = BatchedHistogram("wait_seconds", "-", ["stage"], BUCKETS, registry=ours)
    plain = Histogram("wait_seconds", "-", ["stage"], buckets=BUCKETS, registry=theirs)
    for batch in batches:
        batched.observe(("ledger",), batch)
        for value in batch:
            plain.labels("ledger").observe(value)
    if any(batches):
        assert samples(ours, "wait_seconds") == pytest.approx(samples(theirs, "wait_seconds"))


def test_a_clock_that_lags_gives_no_negative_latency() -> None:
    registry = CollectorRegistry()
    BatchedHistogram("skew_seconds", "-", ["stage"], BUCKETS, registry=registry).observe(("s",), [-5.0])
    assert registry.get_sample_value("skew_seconds_sum", {"stage": "s"}) == 0
    assert registry.get_sample_value("skew_seconds_bucket", {"stage": "s", "le": "0.1"}) == 1


def lag_of(stage: str) -> dict[str, float]:
    return {
        f"{sample.labels['topic']}[{sample.labels['partition']}]": sample.value
        for family in REGISTRY.collect()
        if family.name == "listener_consumer_lag_records"
        for sample in family.samples
        if sample.labels["stage"] == stage
    }


def test_a_partition_that_moved_away_has_no_lag_here_any_more() -> None:
    stage = StageMetrics("lag-test")
    stage.set_lag({("mentions.raw", 0): 5, ("mentions.raw", 1): 0})
    assert lag_of("lag-test") == {"mentions.raw[0]": 5, "mentions.raw[1]": 0}
    stage.set_lag({("mentions.raw", 1): 7})
    assert lag_of("lag-test") == {"mentions.raw[1]": 7}


def test_the_age_of_the_oldest_is_asked_at_each_scrape() -> None:
    waiting: list[float] = []
    StageMetrics("age-test").watch_oldest(lambda: min(waiting, default=None))
    labels = {"stage": "age-test"}
    assert REGISTRY.get_sample_value("listener_oldest_unprocessed_age_seconds", labels) == 0
    waiting.append(0.0)
    age = REGISTRY.get_sample_value("listener_oldest_unprocessed_age_seconds", labels)
    assert age is not None
    assert age > 1e9


def test_a_batch_is_counted_by_topic_and_reason() -> None:
    StageMetrics("batch-test").batch_done(["a", "b", "a"], 1000.0, 1, 0.2)

    def value(name: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(name, {"stage": "batch-test"} | labels)

    assert value("listener_records_total", topic="a") == 2
    assert value("listener_records_total", topic="b") == 1
    assert value("listener_dead_letters_total") == 1
    assert value("listener_batch_records_sum") == 3
    assert value("listener_batch_seconds_count") == 1
    assert value("listener_newest_record_timestamp_seconds") == 1000.0


def ours() -> Iterable[tuple[str, str, str]]:
    """Name, kind and help of each metric of this program."""
    for family in REGISTRY.collect():
        if family.name.startswith("listener_"):
            yield family.name, family.type, family.documentation


def test_names_follow_the_conventions() -> None:
    found = list(ours())
    assert found
    for name, _, documentation in found:
        assert re.fullmatch(r"listener_[a-z_]+[a-z]", name), name
        assert not re.search(r"(milli|micro|minutes|hours|kilo|mega|percent)", name), name
        assert documentation, name
