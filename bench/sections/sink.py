"""The ClickHouse sink as it runs, beside a bare columnar insert of the same rows: once with the materialized views
that fill what reports count from, once without."""

import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from bench.broker import Broker, running_broker
from bench.figures import rounded
from bench.options import Options
from bench.peers.work import now
from bench.watch import Watched
from bench.world import World, world
from listener.bootstrap import sink_group
from listener.clickhouse.client import connect
from listener.clickhouse.migrate import migrate
from listener.domain.topics import ENRICHED, RAW
from listener.embedded.clickhouse import ClickHouseServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin
from sinks.clickhouse.blocks import rows_of
from sinks.clickhouse.rows import ROWS_OF, Columns
from sinks.clickhouse.store_rows import INSERT_SETTINGS
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher
from stream.ledger.ledger import Ledger
from stream.offline import AllStages
from stream.triage.policy import default_policy
from stream.triage.triage import Triage

BATCH_RECORDS = 20_000
"""As `listener sink` has it."""
QUICK_BATCH_RECORDS = 1000
MENTIONS_TIMES = 2
REPEATED = 3
"""The sink is faster than the stream, so it is measured with more: in a burst of two seconds chance decides."""
CHUNK = 1000
"""Mentions that are heard together."""
SINK_SECONDS = 300.0
LOOK_SECONDS = 0.1
SELDOM_SECONDS = 0.5
"""How often it is asked how far the sink is, where that decides, and between: each time costs milliseconds of
processors that all share, and the bare insert is not asked."""
NEARLY_ALL = 0.8
GROUP = sink_group("clickhouse")


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the sink is given it."""

    topic: str
    key: bytes | None
    value: bytes | None
    timestamp: int
    partition: int = 0
    offset: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


def measure(name: str, options: Options) -> dict[str, Any]:
    """Turn by turn: bare inserts, the same without the views, then the sink process, on the same records and an
    empty database each time.
    """
    records = list(_records(world(options.mentions * MENTIONS_TIMES, options.texts))) * REPEATED
    size = QUICK_BATCH_RECORDS if options.quick else BATCH_RECORDS
    batches = [records[i : i + size] for i in range(0, len(records), size)]
    rows = sum(len(part.columns["version"]) for batch in batches for part in rows_of(batch, []))
    bare: list[float] = []
    alone: list[float] = []
    sink: list[float] = []
    converted: list[float] = []
    for _ in range(options.repeat):
        started = time.process_time()
        copies = [_columns_by_table(batch) for batch in batches]
        converted.append(len(records) / (time.process_time() - started))
        with running_broker() as broker, _clickhouse(broker) as server:
            bare.append(_bare(server, copies, len(records)))
        copies = [_columns_by_table(batch) for batch in batches]  # the driver changes what it is given
        with running_broker() as broker, _clickhouse(broker) as server:
            _fill_no_others(server)
            alone.append(_bare(server, copies, len(records)))
        with running_broker() as broker, _clickhouse(broker) as server:
            sink.append(_sink(broker, server, records, size))
        options.tell(
            f"{name}: bare {rounded(bare[-1])}, filling no other tables {rounded(alone[-1])}, "
            f"sink {rounded(sink[-1])} records/s"
        )
    return {
        "records": len(records),
        "rows": rows,
        "of_topic": {t: sum(r.topic == t for r in records) for t in sorted({r.topic for r in records})},
        "bare_records_per_second": median(bare),
        "bare_filling_no_others_records_per_second": median(alone),
        "sink_records_per_second": median(sink),
        "rows_made_records_per_cpu_second": median(converted),
        "runs": {"bare": bare, "filling no others": alone, "sink": sink},
    }


def _records(given: World) -> Iterator[Record]:
    """What both stages publish about these mentions, heard a thousand at a time."""
    customers = CustomerIndex()
    for customer in given.customers:
        customers.put(customer)
    stages = AllStages(Ledger(Enricher(), customers), Triage(default_policy(), customers), now)
    at_ms = int(datetime.now(UTC).timestamp() * 1000)
    for first in range(0, len(given.mentions), CHUNK):
        for mention in given.mentions[first : first + CHUNK]:
            stages.put(RAW.name, mention.key, mention)
        stages.drain()
        for output in stages.published:
            if output.topic in ROWS_OF and output.value is not None:
                yield Record(output.topic, output.key.encode(), output.value.to_json(), at_ms)
        stages.published.clear()


class _clickhouse:  # noqa: N801  # reads as the function that it is
    """An embedded ClickHouse with an empty schema, while it is entered."""

    def __init__(self, broker: Broker) -> None:
        directory = broker.directory / "clickhouse"
        self._server = ClickHouseServer(
            directory, free_port(), secrets.token_urlsafe(9), secrets.token_urlsafe(9)
        )

    def __enter__(self) -> str:
        self._server.start()
        self._server.wait_ready()
        migrate(self._server.url)
        return self._server.url

    def __exit__(self, *exc_info: object) -> None:
        self._server.stop()


def _columns_by_table(batch: Sequence[Record]) -> dict[str, Columns]:
    tables: dict[str, Columns] = {}
    for table, columns in rows_of(batch, []):
        whole = tables.setdefault(table, {name: [] for name in columns})
        for name, values in columns.items():
            whole[name] += values
    return tables


def _fill_no_others(url: str) -> None:
    """Takes away the views by which ClickHouse fills the tables that reports count from."""
    client = connect(url)
    views = (
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView'"
    )
    for (view,) in client.execute(views):
        client.execute(f"DROP VIEW {view}")
    client.disconnect()


def _bare(url: str, batches: Sequence[dict[str, Columns]], records: int) -> float:
    client = connect(url, settings=INSERT_SETTINGS)
    started = time.monotonic()
    for tables in batches:
        for table, columns in tables.items():
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES"
            client.execute(statement, list(columns.values()), columnar=True)
    seconds = time.monotonic() - started
    client.disconnect()
    return records / seconds


def _sink(broker: Broker, url: str, records: Sequence[Record], batch_records: int) -> float:
    """Records a second from the first commit to the last; what the first one covers does not count."""
    broker.publish((record.topic, record.key or b"", record.value or b"") for record in records)
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": broker.servers, "CLICKHOUSE_URL": url}
    options = ["--data-dir", str(broker.directory), "--batch-records", str(batch_records)]
    argv = [sys.executable, "-m", "listener", "sink", "clickhouse", *options]
    with (
        Watched(argv, broker.directory / "sink.log", environment) as process,
        TopicAdmin(broker.connection) as admin,
    ):
        deadline = time.monotonic() + SINK_SECONDS
        first: tuple[float, int] | None = None
        while time.monotonic() < deadline:
            process.check()
            stored = sum(admin.committed_offsets(GROUP).values())
            if stored and first is None:
                first = time.monotonic(), stored
            if first and stored >= len(records):
                if stored == first[1]:
                    raise ValueError(f"all in one batch of {batch_records}: take more mentions")
                return (stored - first[1]) / (time.monotonic() - first[0])
            between = first is not None and stored < NEARLY_ALL * len(records)
            time.sleep(SELDOM_SECONDS if between else LOOK_SECONDS)
    raise TimeoutError(f"the sink stored {stored} of {len(records)} records on {ENRICHED.name} and others")
