"""The one place that wires, with `bootstrap_stages`: from settings to services. Nothing connects at import.

The stages are wired apart, so that a service that computes nothing starts without what they need.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from listener.cases.act import audit_of_command, audit_of_rematch, audit_of_response
from listener.cases.find import Found, Target, find, find_parties, targets
from listener.connectors.holds import read_standing
from listener.destinations import EmailTo, PagerDutyTo, SlackTo, WebhookTo
from listener.domain.case import Case
from listener.domain.command import CaseCommand, RematchAuthor
from listener.domain.contract import format_utc, rejected
from listener.domain.customer import IdentityLink, LinkDecision
from listener.domain.errors import UsageError
from listener.domain.governance import AuditEntry, Fix
from listener.domain.ids import digest, is_case_id
from listener.domain.party import PartyOf
from listener.domain.response import Response
from listener.domain.topics import (
    ALERTS,
    ALL,
    AUDIT,
    CHANGELOGS,
    COMMANDS,
    FIXES,
    LINKS,
    PARTIES,
    READ_BY_STAGE,
    RESPONSES,
    STREAM_GROUP,
    TRIAGE,
)
from listener.kafka.admin import TopicPlan, plan
from listener.kafka.clock import TopicClock
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from listener.settings import Config, Settings
from sinks.alerts.alert_sink import AlertSink
from sinks.alerts.channel import Channel
from sinks.alerts.email import Email
from sinks.alerts.pagerduty import PagerDuty
from sinks.alerts.slack import Slack
from sinks.alerts.webhook import SignedWebhook
from sinks.clickhouse.store_rows import ClickHouseSink
from sinks.desks.desk_sink import DeskSink
from sinks.own import SinkSetup, sink_class
from sinks.post import Poster
from sinks.signed_post import SignedPoster
from sinks.sink import Sink
from sinks.smtp import Mailer, MailServer

log = logging.getLogger(__name__)


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


def topic_plans(settings: Settings) -> list[TopicPlan]:
    """Every topic of this installation, the changelogs of the stages' tables among them."""
    kafka = settings.config.kafka
    return plan(
        [*ALL, *CHANGELOGS],
        kafka.partitions,
        kafka.replication_factor,
        settings.config.topic_config,
        min_insync_replicas=kafka.insync,
    )


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


def send_commands(settings: Settings, commands: Iterable[CaseCommand]) -> None:
    """Publishes what is done to many contacts at once, each with its audit entry; waits once, for all.

    Raises:
        ServiceError: Kafka is not there.
    """
    with publisher(settings, "listener-case") as out:
        for command in commands:
            entry = audit_of_command(command, command.contacts[0])
            out.publish(COMMANDS.name, command.author, command.to_json())
            out.publish(AUDIT.name, entry.actor, entry.to_json())
        out.flush()


def send_rematches(settings: Settings, commands: Iterable[RematchAuthor]) -> None:
    """Lets the ledger look once more who authors are, each with an audit entry; waits once, for all.

    Raises:
        ServiceError: Kafka is not there.
    """
    with publisher(settings, "listener-rematch") as out:
        for command in commands:
            entry = audit_of_rematch(command)
            out.publish(COMMANDS.name, command.author, command.to_json())
            out.publish(AUDIT.name, entry.actor, entry.to_json())
        out.flush()


def send_response(settings: Settings, response: Response, subject: str) -> None:
    """Publishes an answer that a person tells, and that they did; returns once the broker has both.

    Args:
        subject: the case or contact that the person named.

    Raises:
        ServiceError: Kafka is not there.
    """
    entry = audit_of_response(response, subject)
    _send(settings, "listener-respond", RESPONSES.name, response.author, response.to_json(), entry)


def send_fix(settings: Settings, fix: Fix) -> None:
    """Publishes a fix that a person declares, and that they did; returns once the broker has both.

    Raises:
        ServiceError: Kafka is not there.
    """
    entry = AuditEntry(
        entry_id=digest("fix.declare", fix.fix_id, fix.by, format_utc(fix.declared_at)),
        actor=fix.by,
        action="fix.declare",
        subject=fix.root_cause,
        at=fix.declared_at,
        detail={"fix_id": fix.fix_id, "effective_at": format_utc(fix.effective_at)},
    )
    _send(settings, "listener-fix", FIXES.name, fix.fix_id, fix.to_json(), entry)


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
ALERT_SINK = "alerts-"
"""What the names of the sinks begin with that tell of alerts."""
DESK_SINK = "desk-"
"""The same of those that keep tickets."""
OWN_SINK = "own-"
"""The same of those that other packages bring."""


def alert_sink_name(destination: str) -> str:
    """The sink that tells a destination of `alerts_to`."""
    return f"{ALERT_SINK}{destination}"


def desk_sink_name(desk: str) -> str:
    """The sink that keeps the tickets of one of `desks`."""
    return f"{DESK_SINK}{desk}"


def own_sink_name(name: str) -> str:
    """One of `sinks`, which another package brings."""
    return f"{OWN_SINK}{name}"


def own_sink(settings: Settings, name: str) -> Sink[Any]:
    """One of `sinks`; nothing is connected to.

    Raises:
        UsageError: no package brings its kind, or it is configured wrongly.
    """
    of = settings.config.sinks[name]
    setup = SinkSetup(own_sink_name(name), of.options(), settings.sink_secrets(name))
    try:
        return sink_class(name, of.kind)(setup)
    except ValidationError as error:
        raise UsageError(f"sinks.{name}: {rejected(error).detail}") from None


def alert_channel(settings: Settings, destination: str) -> Channel:
    """How a destination of `alerts_to` is told; nothing is connected to.

    Raises:
        UsageError: a secret is missing or wrong.
    """
    to, secrets = settings.config.alerts_to[destination], settings.alert_secrets(destination)
    match to:
        case SlackTo():
            return Slack(Poster(secrets["url"], to.internal_hosts), to.digest_above)
        case PagerDutyTo():
            return PagerDuty(Poster(to.url, to.internal_hosts), secrets["routing_key"])
        case WebhookTo():
            poster = Poster(secrets["url"], to.internal_hosts)
            return SignedWebhook(SignedPoster(poster, secrets["key"], wall_clock))
        case EmailTo():
            password = secrets.get("password")
            server = MailServer(to.host, to.port, to.tls, to.username, password, to.internal_hosts)
            return Email(Mailer(server), to.sender, to.to, to.digest_above, wall_clock)


def alert_sink(settings: Settings, destination: str) -> AlertSink:
    """The sink that tells a destination of `alerts_to`.

    Raises:
        UsageError: a secret is missing or wrong.
    """
    return AlertSink(
        alert_sink_name(destination),
        settings.config.alerts_to[destination],
        alert_channel(settings, destination),
        lambda: read_whole(settings.kafka, ALERTS.name),
        wall_clock,
    )


def consumer_groups(config: Config | None = None) -> dict[str, tuple[str, ...]]:
    """Every consumer group of an installation with the topics that it reads.

    Args:
        config: where alerts, tickets and cases go besides ClickHouse; nowhere where None.

    Raises:
        UsageError: no package brings the kind of one of `sinks`.
    """
    config = Config() if config is None else config
    return {
        STREAM_GROUP: tuple(topic.name for topics in READ_BY_STAGE.values() for topic in topics),
        **{sink_group(sink): topics for sink, topics in SINK_TOPICS.items()},
        **{sink_group(alert_sink_name(name)): AlertSink.topics for name in config.alerts_to},
        **{sink_group(desk_sink_name(name)): DeskSink.topics for name in config.desks},
        **{
            sink_group(own_sink_name(name)): sink_class(name, of.kind).topics
            for name, of in config.sinks.items()
        },
    }
