"""Wires the console: each section is given the functions that it shows and acts by, those of the commands."""

import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread

import msgspec
from starlette.applications import Starlette

from listener import console_figures
from listener.bootstrap import consumer_groups, installation_time, publisher, resume_source, wall_clock
from listener.bootstrap_analysis import StoredReports
from listener.bootstrap_cases import CASE_SECTIONS
from listener.bootstrap_policy import PoliciesInForce
from listener.bootstrap_privacy import StoredPersonalData
from listener.cases.snapshots import RecentCases
from listener.clickhouse.pool import ClientPool
from listener.console.analysis import analysis_section
from listener.console.app import console_app, derived
from listener.console.audit import Audit
from listener.console.audit_log import AuditFilter, audit_section
from listener.console.dead_letters import dead_letters_section
from listener.console.live import LiveHub
from listener.console.now import Alerts, DeadGroup, NowFigures, QueueNow, flow_event, now_section
from listener.console.policy import policy_section
from listener.console.privacy import privacy_section
from listener.console.section import Section
from listener.console.sign_in import ProxySignIn, SignIn, TokenSignIn
from listener.console.sources import SourceDesk, SourceNow, sources_section
from listener.console_dead_letters import DeadLetterDesk
from listener.console_sources import read_cursors, source_now
from listener.dead_letters.heads import Heads, HeadsReader
from listener.dead_letters.selection import Selection
from listener.dead_letters.summary import summarise
from listener.domain.errors import Rejected, ServiceError, UsageError
from listener.domain.governance import Alert, AuditEntry
from listener.domain.topics import ALERTS, AUDIT, DEAD, TRIAGE
from listener.flow import FlowWatch
from listener.kafka.config_in_force import read_config
from listener.kafka.follow import keep_following
from listener.kafka.publish import Publisher
from listener.kafka.record import Record
from listener.known_mistakes import known_mistakes
from listener.manual import manual_page
from listener.secret_files import write_privately
from listener.settings import CONSOLE_KEY_FILE, Settings

log = logging.getLogger(__name__)

DELIVERY_SECONDS = 15.0
FLOW_SECONDS = 2.0
COUNT_SECONDS = 10.0


@dataclass(frozen=True)
class Tools:
    """What sections are wired from.

    Attributes:
        publisher: `publisher.deliver` may be called from any thread, and returns once the broker has it.
        clickhouse: of an account that only reads.
        hub: where a section publishes what open pages are to hear.
        now: the installation's time.
        opened: closes what is left to it when the console ends.
        recent: the snapshots of cases that came lately.
    """

    settings: Settings
    publisher: Publisher
    clickhouse: ClientPool
    hub: LiveHub
    flow: FlowWatch
    dead: Heads
    now: Callable[[], datetime]
    opened: ExitStack
    recent: RecentCases = field(default_factory=RecentCases)


def now_pages(tools: Tools) -> Section:
    """What flows, who waits, what a person should look at."""

    def queues() -> list[QueueNow]:
        with tools.clickhouse.client() as client:
            return console_figures.queues(client, tools.now())

    def alerts(most: int) -> Alerts:
        with tools.clickhouse.client() as client:
            return console_figures.alerts(client, most)

    def dead() -> list[DeadGroup]:
        return [
            DeadGroup(group.stage, group.source, group.reason, group.letters, group.newest)
            for group in summarise(tools.dead.find(Selection()))
        ]

    return now_section(NowFigures(tools.flow.look, queues, alerts, dead, tools.now))


def sources_pages(tools: Tools) -> Section:
    """What is heard from where."""
    settings = tools.settings

    def sources() -> list[SourceNow]:
        with tools.clickhouse.client() as client:
            heard = console_figures.heard(client, tools.now())
            standing = console_figures.standing_of_sources(client)
        cursors = read_cursors(settings.kafka)
        dead = Counter(letter.why.source for letter in tools.dead.find(Selection()))
        names = dict.fromkeys([*settings.config.sources, *heard])
        return [
            source_now(
                name,
                settings.config.sources.get(name),
                heard.get(name),
                cursors.get(name),
                standing,
                dead[name],
            )
            for name in names
        ]

    return sources_section(
        SourceDesk(sources, lambda source, by: resume_source(settings, source, by), manual_page)
    )


def dead_letter_pages(tools: Tools) -> Section:
    """What could not be processed."""
    settings = tools.settings
    desk = DeadLetterDesk(
        settings.kafka, tools.dead, lambda: publisher(settings, "listener-console"), tools.now
    )
    return dead_letters_section(desk)


def audit_pages(tools: Tools) -> Section:
    """Who saw and did what."""

    def entries(wanted: AuditFilter, most: int) -> Sequence[AuditEntry]:
        with tools.clickhouse.client() as client:
            return console_figures.audit_entries(client, wanted, most)

    return audit_section(entries)


def analysis_pages(tools: Tools) -> Section:
    """The reports."""

    def declare(cause: str, at: datetime | None, by: str, description: str) -> str:
        from listener.bootstrap_stages import declare_fix

        return declare_fix(tools.settings, cause, by, description, at).fix_id

    settings = tools.settings
    reports = StoredReports(
        tools.clickhouse,
        lambda: read_config(settings.kafka),
        lambda: known_mistakes(settings),
        settings.config.reports.handling_minutes,
    )
    return analysis_section(reports, declare, tools.now)


def policy_pages(tools: Tools) -> Section:
    """What decides."""
    return policy_section(PoliciesInForce(tools.settings, tools.now))


def privacy_pages(tools: Tools) -> Section:
    """What is held about people."""
    return privacy_section(StoredPersonalData(tools.settings, tools.now))


SECTIONS: tuple[Callable[[Tools], Section], ...] = (
    now_pages,
    *CASE_SECTIONS,
    analysis_pages,
    sources_pages,
    dead_letter_pages,
    audit_pages,
    policy_pages,
    privacy_pages,
)
"""In the order of the navigation."""


@dataclass(frozen=True)
class Console:
    """A console that is ready to be served."""

    app: Starlette
    hub: LiveHub
    clickhouse_answers: Callable[[], bool]


@contextmanager
def console(settings: Settings, key: bytes, user: str) -> Iterator[Console]:
    """The console, with what it needs open for the block.

    Args:
        key: see `console_key`.
        user: under which name is known who comes by the printed address.

    Raises:
        UsageError: the way to sign in is configured wrongly.
        ServiceError: Kafka is not there.
    """
    with ExitStack() as opened:
        out = opened.enter_context(
            Publisher(
                settings.kafka,
                client_id="listener-console",
                delivery_timeout_seconds=DELIVERY_SECONDS,
                topic_timeout_seconds=DELIVERY_SECONDS,
            )
        )
        pool = ClientPool(settings.clickhouse_reader_url)
        opened.callback(pool.close)
        flow = FlowWatch(settings.kafka, consumer_groups(settings.config))
        opened.callback(flow.close)
        dead = Heads(_kept(settings), wall_clock)
        opened.enter_context(HeadsReader(settings.kafka, dead))
        hub, stop = LiveHub(), Event()
        opened.callback(stop.set)
        tools = Tools(settings, out, pool, hub, flow, dead, installation_time(settings), opened)

        def deliver(entry: AuditEntry) -> None:
            out.deliver(AUDIT.name, entry.actor, entry.to_json())

        app = console_app(
            [wire(tools) for wire in SECTIONS],
            sign_in(settings, key, user),
            hub=hub,
            audit=Audit(deliver, wall_clock),
            key=key,
            public_url=settings.config.console.public_url,
        )
        opened.callback(stop.set)

        def tell_case(hub: LiveHub, record: Record) -> None:
            tools.recent.take(record.key, record.value)
            _tell_case(hub, record)

        for topic, tell in ((TRIAGE.name, tell_case), (ALERTS.name, _tell_alert)):
            told, how = (settings.kafka, topic, partial(tell, hub)), {"stop": stop, "only_new": True}
            Thread(target=keep_following, args=told, kwargs=how, name=topic, daemon=True).start()
        Thread(target=_tell_flow, args=(tools, stop), name="flow", daemon=True).start()

        def clickhouse_answers() -> bool:
            with pool.client() as client:
                return bool(client.execute("SELECT 1"))

        yield Console(app, hub, clickhouse_answers)


def console_key(settings: Settings) -> bytes:
    """The secret that all of the console's others follow from; made at the first start where none is given.

    Raises:
        UsageError: the one that is given is too short.
    """
    if settings.console_key is None:
        path: Path = settings.data_dir / CONSOLE_KEY_FILE
        write_privately(path, f"{secrets.token_urlsafe(32)}\n")
    key = settings.console_key
    if key is None:
        raise UsageError(f"{settings.data_dir / CONSOLE_KEY_FILE} is empty: remove it to have a key made")
    return key


def sign_in(settings: Settings, key: bytes, user: str) -> SignIn:
    """How people sign in, as configured.

    Raises:
        UsageError: a secret is missing.
    """
    config = settings.config.console
    if config.proxy is not None:
        return ProxySignIn(config.proxy, config.roles)
    if config.oidc is not None:
        from listener.console.oidc import OidcSignIn  # authlib comes with an extra

        secret, hours = settings.oidc_secret, config.session_hours
        return OidcSignIn(config.oidc, secret, config.roles, config.public_url or "", hours * 3600)
    return TokenSignIn(_token(key), user, config.session_hours * 3600)


def entrance(settings: Settings, key: bytes) -> str:
    """Path of the address to print, without its first slash: with the token that lets in where there is one."""
    return f"sign-in?token={_token(key)}" if settings.config.console.sign_in == "token" else ""


def _token(key: bytes) -> str:
    return derived(key, "token")[:32]


def _kept(settings: Settings) -> timedelta:
    """How long dead letters stand on their topic."""
    configured = settings.config.topic_config.get(DEAD.name, {}).get("retention.ms", DEAD.retention_ms)
    return timedelta(milliseconds=int(configured or 0))


def _tell_flow(tools: Tools, stop: Event) -> None:
    """Tells open pages how the stream flows, as long as there are any."""
    alerts, counted_at = 0, -COUNT_SECONDS
    while not stop.wait(FLOW_SECONDS):
        if not len(tools.hub):
            continue
        try:
            if time.monotonic() - counted_at >= COUNT_SECONDS:
                counted_at = time.monotonic()
                with tools.clickhouse.client() as client:
                    alerts = console_figures.alerts(client, 0).count
            flow = tools.flow.look()
        except ServiceError as error:
            log.warning("the flow is not known: %s", error)
            continue
        tools.hub.publish("flow", flow_event(flow, alerts, tools.dead.count_open()))


class _CaseHead(msgspec.Struct):
    """What is told of a snapshot; the rest, which is most of it, is not read."""

    case_id: str
    version: int
    state: str
    queue: str


_read_case_head = msgspec.json.Decoder(_CaseHead).decode


def _tell_case(hub: LiveHub, record: Record) -> None:
    if record.value is None or not len(hub):
        return
    try:
        case = _read_case_head(record.value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    hub.publish(
        "case",
        {"case_id": case.case_id, "version": case.version, "state": case.state, "queue": case.queue},
        queue=case.queue,
    )


def _tell_alert(hub: LiveHub, record: Record) -> None:
    try:
        alert = Alert.read(record.value or b"")
    except Rejected:
        return
    hub.publish(
        "alert",
        {
            "alert_id": alert.alert_id,
            "kind": alert.kind,
            "subject": alert.subject,
            "withdrawn": alert.withdrawn,
        },
        queue=alert.queue,
    )
