"""Asking on for what there is, instead of waiting for what there is not.

kafka-python has one request under way to a broker, and asks in it for the partitions of which it holds nothing.
The broker keeps a request about partitions without news for half a second, and meanwhile nothing more comes of
those that have some: whoever is behind in one partition would get a mebibyte of it in half a second.

All brokers are told the same wait: it is short also for those of whose partitions nothing is held.
"""

from typing import Any

from kafka import KafkaConsumer

WAIT_MS = 500
"""How long the broker waits for news, where all partitions are asked for."""
WAIT_BESIDE_MS = 10
"""Where records of some are still held, which will be asked for next."""


def fetch_quickly(consumer: KafkaConsumer) -> None:
    """Lets a consumer do so. To be called before its first poll."""
    fetcher = consumer._fetcher  # noqa: SLF001 - it has no option for it
    create_requests = fetcher._create_fetch_requests  # noqa: SLF001

    def create_requests_quickly() -> Any:
        _let_go_of_parked(fetcher)
        fetcher.config["fetch_max_wait_ms"] = WAIT_BESIDE_MS if _holds_some(fetcher) else WAIT_MS
        return create_requests()

    fetcher._create_fetch_requests = create_requests_quickly  # noqa: SLF001


def _let_go_of_parked(fetcher: Any) -> None:
    """Has partitions asked for anew that were paused half read, are not paused any more, and still lie aside.

    kafka-python 3.0.12 takes up one of them at a poll, and only while it reads nothing else: neither where
    another was read to its end, which it does not tell from one that is being read, nor while more and more
    comes of others. As long as they lie aside they count as held, so nothing of them would come again, and no
    request would wait for news. Their positions are at the first record that was not handed out, so nothing
    comes twice.
    """
    parked = fetcher._paused_partition_records  # noqa: SLF001
    for partition in list(parked):
        if not fetcher._subscriptions.is_paused(partition):  # noqa: SLF001
            del parked[partition]


def _holds_some(fetcher: Any) -> bool:
    """Whether it has left out a partition because records of it are there."""
    asked_for, all_of_them = fetcher._fetchable_partitions(), fetcher._subscriptions.fetchable_partitions()  # noqa: SLF001
    return len(asked_for) < len(all_of_them)
