"""`listener connect`: runs the configured connectors, or looks at what they would bring."""

import functools
import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Event
from typing import TypeVar

import click
from pydantic import ValidationError

from listener.bootstrap import installation_time
from listener.cli.options import health_options, settings_options
from listener.connectors.connector import Connector, Item, NativeItem, Setup
from listener.connectors.feedback_form import KIND as FORM
from listener.connectors.holds import Holds, read_standing, watch
from listener.connectors.kinds import builder, is_read
from listener.connectors.normalise import normalise
from listener.connectors.progress import SourceProgress
from listener.connectors.run import run
from listener.connectors.staff_form import KIND as STAFF_FORM
from listener.connectors.webhook import KIND as WEBHOOK
from listener.domain.contract import rejected
from listener.domain.erasure import Erasures
from listener.domain.errors import ListenerError, Rejected, ServiceError, UsageError
from listener.health_server import HealthServer
from listener.http.backoff import Backoff
from listener.kafka.connection import KafkaConnection
from listener.kafka.erasures import followed_erasures
from listener.logs import configure_logs
from listener.settings import Settings, SourceConfig

SHOWN_BY_CHECK = 3
CHECK_SECONDS = 15.0
"""How long a stream is listened to."""
FIRST_RETRY_SECONDS = 10.0
STOP_SECONDS = 90.0
SERVED_BY = {FORM: "listener form", STAFF_FORM: "listener staff", WEBHOOK: "listener webhooks"}
"""Kinds of sources that are not read."""

Now = Callable[[], datetime]
T = TypeVar("T")

log = logging.getLogger(__name__)


@click.command("connect")
@click.argument("sources", nargs=-1)
@click.option("--check", is_flag=True, help="Read once, show three mentions of each, publish nothing.")
@health_options
@settings_options
def command(
    sources: tuple[str, ...], check: bool, health_host: str, health_port: int | None, settings: Settings
) -> None:
    """Reads the configured sources and publishes what they say, until it is stopped.

    Without SOURCES, all those in listener.yaml that are read, such as:

    \b
      sources:
        help-forum:
          kind: rss
          url: https://forum.example.org/latest.rss
          channel: forum

    \b
    Example:
      listener connect help-forum --check
    """
    now = installation_time(settings)
    connectors = build(settings, sources, now)
    if check:
        failed = [connector.source.name for connector in connectors if not _check(connector, now)]
        if failed:
            raise ServiceError(f"could not be read: {', '.join(failed)}")
        return
    configure_logs(log_mentions=settings.config.log_mentions)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    progress = {connector.source.name: SourceProgress(connector.source.name) for connector in connectors}
    checks = {f"source_{name}": functools.partial(getattr, of, "well") for name, of in progress.items()}
    erasures = followed_erasures(settings.kafka, settings.erasure_key, stop)
    with HealthServer(health_host, health_port, checks):
        configured = settings.config.sources
        run_all(connectors, settings.kafka, progress, configured, now=now, stop=stop, erasures=erasures)


def build(settings: Settings, names: tuple[str, ...], now: Now) -> list[Connector]:
    """The connectors of the named sources; of all that are read if none is named.

    Raises:
        UsageError: a name, an option or a secret is wrong or missing, or nothing is configured.
    """
    readable = {name: source for name, source in settings.config.sources.items() if is_read(source.kind)}
    if unknown := [name for name in names if name not in readable]:
        known = ", ".join(readable) or "none"
        served = "".join(
            f"; {name} waits to be told, by `{SERVED_BY[source.kind]}`"
            for name, source in settings.config.sources.items()
            if name in unknown and source.kind in SERVED_BY
        )
        raise UsageError(
            f"not a configured source that can be read: {', '.join(unknown)}; there are: {known}{served}"
        )
    if not readable:
        raise UsageError("no source to read is configured; `listener connect --help` shows an example")
    return [build_connector(settings, name, now, builder(readable[name].kind)) for name in names or readable]


def build_connector(settings: Settings, name: str, now: Now, build: Callable[[Setup], T]) -> T:
    """The connector of a configured source.

    Args:
        build: makes connectors of its kind.

    Raises:
        UsageError: an option or a secret is wrong or missing.
    """
    source = settings.config.sources[name]
    setup = Setup(
        name=name,
        options=source.options(),
        secrets=settings.source_secrets(name),
        accounts=frozenset(source.accounts),
        now=now,
    )
    try:
        return build(setup)
    except ValidationError as error:
        raise UsageError(f"sources.{name}: {rejected(error).detail}") from None


def run_all(
    connectors: list[Connector],
    connection: KafkaConnection,
    progress: Mapping[str, SourceProgress],
    sources: Mapping[str, SourceConfig],
    *,
    now: Now,
    stop: Event,
    erasures: Erasures | None = None,
) -> None:
    """Runs each connector in a thread of its own.

    A source that cannot be read as it is (a revoked password) is tried again and again, later each time, and
    disturbs no other; its health says so. What stops one because of Kafka stops all: start the process again.

    Args:
        sources: by name, when each pauses and when it counts as silent.
        erasures: who must not come back; nobody where None.

    Raises:
        ServiceError: Kafka does not work as it must.
    """
    failures: list[Exception] = []
    holds = Holds(read_standing(connection, frozenset(progress)))
    threading.Thread(target=watch, args=[connection, holds, stop], name="alerts", daemon=True).start()

    def drive(connector: Connector) -> None:
        name = connector.source.name
        backoff = Backoff(FIRST_RETRY_SECONDS)
        try:
            while not stop.is_set():
                try:
                    counts = run(
                        connector,
                        connection,
                        now=now,
                        stop=stop,
                        progress=progress[name],
                        poison=sources[name].poison,
                        holds=holds,
                        silence_hours=sources[name].silence_hours,
                        erasures=erasures,
                    )
                    click.echo(f"{name}: {counts.published} published", err=True)
                except ServiceError:
                    raise
                except ListenerError as error:
                    progress[name].failed()
                    wait_seconds = backoff.failed()
                    log.error("source=%s cannot be read, again in %.0fs: %s", name, wait_seconds, error)  # noqa: TRY400  # the words say it all
                    stop.wait(wait_seconds)
        except Exception as error:  # noqa: BLE001 - raised again below, in the main thread
            failures.append(error)
        finally:
            stop.set()

    threads = [
        threading.Thread(target=drive, args=[connector], name=connector.source.name, daemon=True)
        for connector in connectors
    ]
    for thread in threads:
        thread.start()
    click.echo(f"connected: {', '.join(thread.name for thread in threads)}", err=True)
    stop.wait()
    for thread in threads:
        thread.join(STOP_SECONDS)
    if failures:
        raise failures[0]


def _check(connector: Connector, now: Now) -> bool:
    """Reads once and shows what would be published."""
    name = connector.source.name
    items: list[Item] = []
    deadline = time.monotonic() + CHECK_SECONDS
    try:
        connector.open(None)
        while True:
            batch = connector.poll()
            items.extend(batch.items)
            if items or batch.wait_seconds or time.monotonic() > deadline:
                break
    except ListenerError as error:
        click.echo(f"{name}: {error}", err=True)
        return False
    finally:
        connector.close()
    click.echo(f"{name}: {len(items)} mentions", err=True)
    for problem in getattr(connector, "problems", ()):
        click.echo(f"{name}: {problem}", err=True)
    for item in items[-SHOWN_BY_CHECK:]:
        if not isinstance(item, NativeItem):
            continue
        try:
            click.echo(normalise(item, connector.source, now()).to_json().decode())
        except Rejected as error:
            click.echo(f"{name}: {item.origin}: would be a dead letter: {error}", err=True)
    return True
