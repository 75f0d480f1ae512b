"""The Faust app of a stream worker: its stages, their tables, their agents, in the order of a mention's way."""

import functools
import shutil
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import faust
from aiokafka.errors import IllegalStateError
from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from listener.domain.erasure import Erasures
from listener.domain.poison import PoisonRule
from listener.domain.topics import STREAM_GROUP, SWEEP_SECONDS
from listener.kafka.connection import KafkaConnection
from listener.metrics import DATA_FREE_BYTES
from stream.agents.ledger import add_ledger_agents
from stream.agents.one_inbox import add_stage_agent
from stream.customers import CustomerReader, Customers
from stream.fire_timers import Assignment, Timers
from stream.group_log import BrokerGroupLog
from stream.health import HealthServer
from stream.ledger.prepare_apart import PrepareApart
from stream.level_load import set_load
from stream.poison import SourceWatch
from stream.progress import Progress
from stream.reliability import Footing, Gate, ReliableApp, end_process
from stream.send import Sender
from stream.stage import Stage
from stream.sweep import Sweeper
from stream.table import StateTable
from stream.triage.policy import Policy
from stream.watch import Watch
from stream.worker import StageWorker

MakeSender = Callable[[KafkaConnection, Footing, float], Sender]
"""From the cluster, what allows to send, and the delivery timeout in seconds to the way out of a worker."""


@dataclass(frozen=True)
class WorkerOptions:
    """How one worker runs.

    Attributes:
        data_dir: of this worker alone; two workers must not share one.
        partitions: of the author- and party-keyed topics.
        stall_seconds: after so long without any movement, though there is work, the worker ends.
        sweep_seconds: how often compacted topics are kept moving, where somebody was erased.
        health_port: where to serve health and metrics; nowhere where None.
        poison: when a source pauses, by source; the usual rule for those that are not there.
    """

    data_dir: Path
    partitions: int
    replication_factor: int = 1
    session_timeout_seconds: float = 10.0
    batch_records: int = 1000
    batch_wait_seconds: float = 0.005
    stall_seconds: float = 120.0
    sweep_seconds: float = SWEEP_SECONDS
    health_host: str = "127.0.0.1"
    health_port: int | None = None
    poison: Mapping[str, PoisonRule] = field(default_factory=dict)


def build_app(
    connection: KafkaConnection,
    options: WorkerOptions,
    ledger: Stage[Any],
    triage: Stage[Any],
    levels: Stage[Any],
    customers: Customers,
    now: Callable[[], datetime],
    make_sender: MakeSender = Sender,
    policy: Policy | None = None,
    erasures: Erasures | None = None,
    prepare_ledger: PrepareApart | None = None,
) -> ReliableApp:
    """Wires a worker; nothing connects before it is started.

    Args:
        prepare_ledger: prepares what the ledger reads; the ledger itself where None.
        policy: in force; no timers run where there is none.
        erasures: who must not come back.
    """
    app = _faust_app(connection, options)
    app.footing = Footing(options.session_timeout_seconds)
    app.gate = Gate()
    stages = (ledger, triage, levels)
    progress = {stage.name: Progress(stage.name) for stage in stages}
    senders = {
        # one each: a producer has one request at a time under way, and a stage need not wait for the other's
        stage.name: make_sender(connection, app.footing, options.session_timeout_seconds * 0.6)
        for stage in stages
    }
    reader = CustomerReader(connection, customers, end_process, erasures)
    batching: dict[str, Any] = {
        "ready": reader.caught_up,
        "most": options.batch_records,
        "within_seconds": options.batch_wait_seconds,
    }
    tables = {
        stage.name: StateTable(app, stage.name, options.partitions, senders[stage.name]) for stage in stages
    }

    def behind() -> int:
        return sum(progress[triage.name].lag(*_known_ends(app, triage.topics)).values())

    timers = None
    if policy is not None:
        timers = Timers(
            tables[triage.name],
            senders[triage.name],
            BrokerGroupLog(connection, STREAM_GROUP, options.partitions),
            assignment=lambda: _assignment(app, triage.topics[0]),
            now=now,
            topics=(ledger.topics, triage.topics),
            policy_hash=policy.hash,
            hold_seconds=policy.publishing.min_seconds_between,
            behind=behind,
            on_failure=end_process,
        )
    workers = {
        stage.name: StageWorker(
            stage,
            tables[stage.name],
            senders[stage.name],
            now,
            progress[stage.name],
            SourceWatch(options.poison),
            timers.caught_up if timers is not None and stage is triage else None,
            prepare_ledger if stage is ledger else None,
        )
        for stage in stages
    }

    add_ledger_agents(app, workers[ledger.name], ledger.topics, **batching, behind=behind)
    for stage, agent in ((triage, "triage-cases"), (levels, "levels")):
        add_stage_agent(app, workers[stage.name], stage.topics, stage=stage.name, name=agent, **batching)
    watch = Watch(
        moved=lambda: (*_positions(app), app.consumer_generation_id, reader.caught_up.is_set()),
        waiting=lambda: _is_waiting(app, reader.caught_up.is_set()),
        stall_seconds=options.stall_seconds,
        on_stall=end_process,
    )
    app.companions = [*senders.values(), reader, watch]
    if prepare_ledger is not None:
        app.companions = [prepare_ledger, *app.companions]
    if erasures is not None:
        sweeper = Sweeper(senders[ledger.name], erasures, options.partitions, options.sweep_seconds)
        app.companions = [*app.companions, sweeper]
    if timers is not None:
        app.companions = [*app.companions, timers]
    if options.health_port is not None:
        checks: dict[str, Callable[[], bool]] = {
            "customers_read": reader.caught_up.is_set,
            "tables_recovered": lambda: bool(app.tables.actives_ready),
            "not_rebalancing": lambda: not app.rebalancing,
            "lag_known": lambda: None not in _ends(app, [t for s in stages for t in s.topics]).values(),
        }
        DATA_FREE_BYTES.set_function(lambda: shutil.disk_usage(options.data_dir).free)

        def refresh() -> None:
            for stage in stages:
                progress[stage.name].set_lag(*_known_ends(app, stage.topics))
            if not app.rebalancing:
                set_load(tables[levels.name], {partition for _, partition in _ends(app, levels.topics)})
            if timers is not None:
                timers.measure()

        health = HealthServer(options.health_host, options.health_port, checks, refresh)
        app.companions = [*app.companions, health]
    return app


def _assignment(app: ReliableApp, topic: str) -> Assignment | None:
    """The partitions of a topic that are this worker's, once the tables are recovered."""
    if app.rebalancing or not app.tables.actives_ready:
        return None
    try:
        found = app.consumer.assignment()
    except ConsumerNotStarted:
        return None
    partitions = frozenset(where.partition for where in found if where.topic == topic)
    return Assignment(app.consumer_generation_id, partitions)


def _positions(app: ReliableApp) -> tuple[Hashable, ...]:
    """What changes whenever a worker fetches, processes, or reads a table back."""
    consumer = app.consumer
    return (
        frozenset(consumer.continuity.expected().items()),
        frozenset(consumer.processed.items()),
        frozenset(consumer.recovered.items()),
    )


async def _is_waiting(app: ReliableApp, ready: bool) -> bool:
    """Whether this worker has something to do: a rebalance to come through, or records to process."""
    if not ready or app.should_stop:
        return False  # the customers are being read; their reader ends the worker where it cannot go on
    if app.rebalancing:
        return True
    consumer = app.consumer
    assigned = [where for where in consumer.assignment() if where.topic in app.inboxes]
    ends = await consumer.highwaters(*assigned) if assigned else {}
    return any(ends[where] > consumer.processed.get(where, consumer.committed(where)) for where in assigned)


def _ends(app: ReliableApp, topics: Collection[str]) -> dict[tuple[str, int], int | None]:
    """The end of each assigned partition of these topics; None where the broker has not told it yet."""
    consumer = app.consumer
    try:
        return {
            (where.topic, where.partition): consumer.highwater(where)
            for where in consumer.assignment()
            if where.topic in topics
        }
    except (ConsumerNotStarted, IllegalStateError):  # not yet, or partitions have just moved
        return {}


def _known_ends(
    app: ReliableApp, topics: Collection[str]
) -> tuple[dict[tuple[str, int], int], Callable[[str, int], int]]:
    """For `Progress.lag`; partitions of which nothing was heard yet are left out."""
    known = {where: end for where, end in _ends(app, topics).items() if end is not None}
    return known, functools.partial(_committed, app)


def _committed(app: ReliableApp, topic: str, partition: int) -> int:
    offset: int = app.consumer.committed(TP(topic, partition))
    return offset


def _faust_app(connection: KafkaConnection, options: WorkerOptions) -> ReliableApp:
    session = options.session_timeout_seconds
    return ReliableApp(
        STREAM_GROUP,
        broker=[f"kafka://{server}" for server in connection.bootstrap_servers.split(",")],
        broker_credentials=_credentials(connection),
        datadir=str(options.data_dir),
        store="rocksdb://",
        topic_partitions=options.partitions,
        topic_replication_factor=options.replication_factor,
        topic_disable_leader=True,
        table_standby_replicas=0,
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=session,
        broker_heartbeat_interval=session / 6,
        broker_request_timeout=max(session + 5, 30.0),
        broker_rebalance_timeout=max(session, 30.0),
        broker_commit_interval=1.0,
        broker_max_poll_records=2000,
        stream_wait_empty=False,
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
    )


def _credentials(connection: KafkaConnection) -> Any:
    if connection.security_protocol == "PLAINTEXT":
        return None
    tls = connection.ssl_context() if connection.security_protocol.endswith("SSL") else None
    if connection.security_protocol == "SSL":
        return faust.SSLCredentials(tls)
    return faust.SASLCredentials(
        username=connection.sasl_username,
        password=connection.sasl_password,
        mechanism=connection.sasl_mechanism or "PLAIN",
        ssl_context=tls,
    )
