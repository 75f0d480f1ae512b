"""The one place that wires: from settings to stages, workers and services. Nothing connects at import."""

import gc
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import faust

from listener.cases.act import audit_of_command, audit_of_response
from listener.cases.find import Found, Target, find, find_parties, targets
from listener.connectors.holds import read_standing
from listener.domain.case import Case
from listener.domain.command import CaseCommand
from listener.domain.contract import format_utc
from listener.domain.customer import IdentityLink, LinkDecision
from listener.domain.errors import UsageError
from listener.domain.governance import AuditEntry, ConfigInForce
from listener.domain.ids import digest, is_case_id
from listener.domain.party import PartyOf
from listener.domain.response import Response
from listener.domain.topics import (
    ALERTS,
    ALL,
    AUDIT,
    CHANGELOGS,
    COMMANDS,
    LINKS,
    PARTIES,
    RESPONSES,
    TRIAGE,
)
from listener.embedded.process import DirectoryLock
from listener.kafka.admin import TopicAdmin, TopicPlan, plan
from listener.kafka.clock import TopicClock
from listener.kafka.config_in_force import announce_config
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from listener.metrics import NOW
from listener.settings import Settings, read_text
from sinks.clickhouse.store_rows import ClickHouseSink
from stream.app import APP_ID, MakeSender, WorkerOptions, build_app
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import Taxonomy, default_taxonomy, read_taxonomy
from stream.ledger.ledger import Ledger
from stream.levels import Levels
from stream.send import Sender
from stream.triage.policy import Policy, default_policy, read_policy
from stream.triage.triage import Triage

log = logging.getLogger(__name__)

GARBAGE_THRESHOLDS = (100_000, 20, 20)
"""A batch makes some ten thousand objects, hardly any of them in cycles: Python's own 700 looks far too often."""


def wall_clock() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)


def installation_time(settings: Settings) -> Callable[[], datetime]:
    """What tells the time to a service: `wall_clock`, or with ``time: topic`` the ticks on `clock`.

    Raises:
        ServiceError: Kafka is not there, or has no such topic.
    """
    if settings.config.time == "wall":
        return wall_clock
    clock = TopicClock(settings.kafka)
    clock.start()
    return clock.now


@dataclass(frozen=True)
class Stages:
    """What a worker, or an offline run, computes with."""

    customers: CustomerIndex
    ledger: Ledger
    triage: Triage
    levels: Levels


def build_stages(settings: Settings) -> Stages:
    """All stages with the configured taxonomy and policy.

    Raises:
        UsageError: a file is missing or wrong, with file and line.
    """
    region = settings.config.default_phone_region
    customers = CustomerIndex(default_region=region)
    policy = load_policy(settings)
    taxonomy = load_taxonomy(settings).with_severity_words(policy.severity_words)
    return Stages(
        customers=customers,
        ledger=Ledger(Enricher(taxonomy), customers, default_region=region),
        triage=Triage(policy, customers),
        levels=Levels(policy),
    )


def load_policy(settings: Settings) -> Policy:
    """The configured policy, or the shipped one.

    Raises:
        UsageError: it is missing or wrong, with file and line.
    """
    named = settings.config.policy
    return read_policy(settings.path(named)) if named else default_policy()


def load_taxonomy(settings: Settings) -> Taxonomy:
    """The configured taxonomy of root causes, or the shipped one.

    Raises:
        UsageError: it is missing or wrong, with file and line.
    """
    named = settings.config.taxonomy
    if not named:
        return default_taxonomy()
    path = settings.path(named)
    return read_taxonomy(read_text(path), str(path))


def config_in_force(settings: Settings, at: datetime) -> list[ConfigInForce]:
    """What decides in this installation: policy, taxonomy, and the settings that results depend on.

    Raises:
        UsageError: a file is missing or wrong, with file and line.
    """
    policy, taxonomy = load_policy(settings), load_taxonomy(settings)
    chosen: dict[str, Any] = {
        "partitions": settings.partitions,
        "time": settings.config.time,
        "default_phone_region": settings.config.default_phone_region,
    }
    return [
        ConfigInForce(name="policy", hash=policy.hash, content=policy.model_dump(mode="json"), at=at),
        ConfigInForce(
            name="taxonomy", hash=taxonomy.version, content=taxonomy.model_dump(mode="json"), at=at
        ),
        ConfigInForce(name="settings", hash=digest(repr(chosen))[:16], content=chosen, at=at),
    ]


def topic_plans(settings: Settings) -> list[TopicPlan]:
    """Every topic of this installation, the changelogs of the stages' tables among them."""
    kafka = settings.config.kafka
    return plan(
        [*ALL, *CHANGELOGS],
        kafka.partitions,
        kafka.replication_factor,
        kafka.topic_config,
        min_insync_replicas=kafka.insync,
    )


def run_stream_worker(
    settings: Settings,
    worker: str,
    health_port: int | None,
    health_host: str = "127.0.0.1",
    *,
    make_sender: MakeSender = Sender,
) -> None:
    """Runs one stream worker in this process until it is told to stop.

    Args:
        worker: name of its directory.
        make_sender: makes its way out to Kafka.

    Raises:
        UsageError: the configuration is wrong, or another worker uses the directory.
        ServiceError: Kafka is not there.
    """
    stages = build_stages(settings)
    plans = topic_plans(settings)
    with TopicAdmin(settings.kafka) as admin:
        admin.create(plans)
        differences = admin.differences(plans)
    if fatal := [str(difference) for difference in differences if difference.kind == "partitions"]:
        raise UsageError("\n".join(fatal))
    for difference in differences:
        log.warning("%s", difference)
    now = installation_time(settings)
    if new := announce_config(settings.kafka, config_in_force(settings, now())):
        log.info("in force from now on: %s", ", ".join(new))
    NOW.set_function(lambda: now().timestamp())
    stream = settings.config.stream
    directory = settings.data_dir / "stream" / worker
    with DirectoryLock(directory, "a stream worker"):
        app = build_app(
            settings.kafka,
            WorkerOptions(
                data_dir=directory,
                partitions=settings.partitions,
                replication_factor=settings.config.kafka.replication_factor,
                session_timeout_seconds=stream.session_timeout_seconds,
                batch_records=stream.batch_records,
                batch_wait_seconds=stream.batch_wait_seconds,
                stall_seconds=stream.stall_seconds,
                health_host=health_host,
                health_port=health_port or stream.health_port,
                poison={name: source.poison for name, source in settings.config.sources.items()},
            ),
            stages.ledger,
            stages.triage,
            stages.levels,
            stages.customers,
            now,
            make_sender,
            load_policy(settings),
        )
        log.info(
            "worker=%s policy=%s taxonomy=%s",
            worker,
            load_policy(settings).hash,
            load_taxonomy(settings).version,
        )
        gc.freeze()  # what is there now stays: models, word lists, code
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        faust.Worker(
            app, loglevel=None, quiet=True, override_logging=False, redirect_stdouts=False
        ).execute_from_commandline()


def publisher(settings: Settings, client_id: str) -> Publisher:
    """A publisher for one process; to be closed by the caller.

    Raises:
        ServiceError: Kafka is not there.
    """
    return Publisher(settings.kafka, client_id=client_id)


def read_link(settings: Settings, author: str) -> IdentityLink:
    """What people decided about an author so far; without decisions where they never did.

    Raises:
        ServiceError: Kafka is not there.
    """
    link = IdentityLink(author=author)
    for record in read_whole(settings.kafka, LINKS.name):
        if record.key == author.encode():
            link = IdentityLink.read(record.value) if record.value else IdentityLink(author=author)
    return link


def decide_link(settings: Settings, author: str, decision: LinkDecision) -> IdentityLink:
    """Adds a person's decision to those about the same author and publishes them all.

    Returns:
        What holds now.

    Raises:
        UsageError: the author's name is not one.
        ServiceError: Kafka is not there.
    """
    if ":" not in author:
        raise UsageError(f"{author}: an author is source-kind:native id, such as airline:jane_doe")
    before = read_link(settings, author)
    link = before.model_copy(update={"decisions": (*before.decisions, decision)})
    entry = AuditEntry(
        entry_id=digest(author, decision.customer_id, decision.verdict, format_utc(decision.at)),
        actor=decision.by,
        action=f"link.{decision.verdict}",
        subject=author,
        at=decision.at,
        detail={"customer_id": decision.customer_id},
    )
    _send(settings, "listener-link", LINKS.name, author, link.to_json(), entry)
    return link


def find_targets(
    settings: Settings, names: Sequence[str], authors: Sequence[str | None] | None = None
) -> list[Target]:
    """What cases and contacts a user names, from the topic `triage`.

    Args:
        authors: whose contact each is, where the user says so.

    Raises:
        UsageError: one is not there.
        ServiceError: Kafka is not there.
    """
    authors = authors or [None] * len(names)
    asked = [name for name, author in zip(names, authors, strict=True) if author is None or is_case_id(name)]
    found = find(read_whole(settings.kafka, TRIAGE.name), asked) if asked else Found()
    return list(targets(found, names, authors))


def read_case(settings: Settings, case_id: str) -> list[Case]:
    """The newest snapshot of a case; where it is superseded, those of its successors after it.

    Raises:
        UsageError: there is no such case.
        ServiceError: Kafka is not there.
    """
    [target] = find_targets(settings, [case_id])
    chain = [target.case] if target.case is not None else []
    while chain and (following := chain[-1].superseded_by) and following not in {c.case_id for c in chain}:
        found = find(read_whole(settings.kafka, TRIAGE.name), [following]).cases
        if following not in found:
            break
        chain.append(found[following])
    return chain


def read_parties(settings: Settings, authors: Collection[str]) -> dict[str, PartyOf]:
    """Who these authors are, as far as anything was heard of them.

    Raises:
        ServiceError: Kafka is not there.
    """
    return find_parties(read_whole(settings.kafka, PARTIES.name), authors)


def _send(settings: Settings, client_id: str, topic: str, key: str, value: bytes, entry: AuditEntry) -> None:
    """Publishes what a person did, and that they did; returns once the broker has both."""
    with publisher(settings, client_id) as out:
        out.publish(topic, key, value)
        out.publish(AUDIT.name, entry.actor, entry.to_json())
        out.flush()


def send_command(settings: Settings, command: CaseCommand, subject: str) -> None:
    """Publishes what a person does to a case, and that they did; returns once the broker has both.

    Args:
        subject: the case or contact that the person named.

    Raises:
        ServiceError: Kafka is not there.
    """
    entry = audit_of_command(command, subject)
    _send(settings, "listener-case", COMMANDS.name, command.author, command.to_json(), entry)


def send_response(settings: Settings, response: Response, subject: str) -> None:
    """Publishes an answer that a person tells, and that they did; returns once the broker has both.

    Args:
        subject: the case or contact that the person named.

    Raises:
        ServiceError: Kafka is not there.
    """
    entry = audit_of_response(response, subject)
    _send(settings, "listener-respond", RESPONSES.name, response.author, response.to_json(), entry)


def resume_source(settings: Settings, source: str, by: str) -> int:
    """Withdraws the alerts for which a source pauses; its connector reads on within seconds.

    Returns:
        How many there were.

    Raises:
        ServiceError: Kafka is not there.
    """
    standing = [alert for alert in read_standing(settings.kafka).by_id.values() if alert.subject == source]
    if not standing:
        return 0
    at = wall_clock()
    entry = AuditEntry(
        entry_id=digest("source.resume", source, by, format_utc(at)),
        actor=by,
        action="source.resume",
        subject=source,
        at=at,
    )
    with publisher(settings, "listener-resume") as out:
        out.publish(AUDIT.name, by, entry.to_json())
        out.flush()
        for alert in standing:
            withdrawn = alert.model_copy(update={"withdrawn": True})
            out.publish(ALERTS.name, alert.alert_id, withdrawn.to_json())
        out.flush()
    return len(standing)


def sink_group(sink: str) -> str:
    """The consumer group of a sink: all its processes share the work."""
    return f"listener-sink-{sink}"


SINK_TOPICS: dict[str, tuple[str, ...]] = {"clickhouse": ClickHouseSink.topics}
"""Sink to the topics that it stores."""


def consumer_groups() -> dict[str, tuple[str, ...]]:
    """Every consumer group of the product with the topics that it reads."""
    return {
        APP_ID: (*Ledger.topics, *Triage.topics),
        **{sink_group(sink): topics for sink, topics in SINK_TOPICS.items()},
    }
