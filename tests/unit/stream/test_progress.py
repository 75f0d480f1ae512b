"""What a worker tells about itself: latency of live mentions only, lag, and the oldest that waits."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from prometheus_client import REGISTRY

from fakes.fetched import FakeFetched
from listener.domain.enriched import EnrichedMention
from listener.examples import examples
from stream.inbox import Inbox
from stream.progress import Backlog, Progress


def enriched(*, received_at: datetime, historical: bool = False) -> EnrichedMention:
    base = examples()[EnrichedMention]
    assert isinstance(base, EnrichedMention)
    mention = base.mention.model_copy(update={"received_at": received_at, "historical": historical})
    return base.model_copy(update={"mention": mention})


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def test_latency_counts_live_mentions_from_their_receipt() -> None:
    progress = Progress("latency-test")
    ago = datetime.now(UTC) - timedelta(seconds=2)
    values = [enriched(received_at=ago), enriched(received_at=ago, historical=True), object()]
    progress.batch_done([FakeFetched(0), FakeFetched(1)], values, 0, 0.1)
    assert value("listener_mention_latency_seconds_count", stage="latency-test") == 1
    total = value("listener_mention_latency_seconds_sum", stage="latency-test")
    assert total is not None
    assert 2 <= total < 10


def test_lag_is_what_neither_this_process_nor_the_group_has_done() -> None:
    progress = Progress("worker-lag-test")
    progress.batch_done([FakeFetched(9, topic="mentions.enriched")], [], 0, 0.1)
    ends = {("mentions.enriched", 0): 15, ("mentions.enriched", 1): 8, ("mentions.enriched", 2): 3}
    progress.set_lag(ends, lambda _, partition: {0: 4, 1: 6, 2: 5}[partition])

    def lag(partition: int) -> float | None:
        labels = {"stage": "worker-lag-test", "topic": "mentions.enriched", "partition": str(partition)}
        return value("listener_consumer_lag_records", **labels)

    assert [lag(0), lag(1), lag(2)] == [5, 2, 0]


def test_the_oldest_is_in_hand_or_at_the_head_of_the_inbox() -> None:
    inbox = Inbox()
    backlog = Backlog("backlog-test", inbox)
    assert backlog.oldest_seconds() is None
    now_ms = time.time_ns() // 1_000_000
    inbox.put(1, [FakeFetched(0, timestamp=now_ms - 60_000), FakeFetched(1, timestamp=now_ms - 50_000)])
    assert backlog.oldest_seconds() == (now_ms - 60_000) / 1000
    first = asyncio.run(inbox.take(1, 0)).records
    backlog.take(first)
    assert backlog.oldest_seconds() == (now_ms - 60_000) / 1000
    second = [FakeFetched(2, timestamp=now_ms - 40_000)]
    backlog.take(second)
    assert backlog.oldest_seconds() == (now_ms - 60_000) / 1000
    backlog.done(first)
    assert backlog.oldest_seconds() == (now_ms - 40_000) / 1000
    backlog.done(second)
    assert backlog.oldest_seconds() == (now_ms - 50_000) / 1000
    age = value("listener_oldest_unprocessed_age_seconds", stage="backlog-test")
    assert age is not None
    assert 50 <= age < 60
