"""`listener sink NAME`: stores the topics."""

import gc
import signal
import sys
from collections.abc import Callable, Collection
from contextlib import closing
from threading import Event
from typing import Any

import click

from listener.bootstrap import (
    ALERT_SINK,
    DESK_SINK,
    OWN_SINK,
    alert_sink,
    alert_sink_name,
    desk_sink_name,
    installation_time,
    own_sink,
    own_sink_name,
    sink_group,
)
from listener.bootstrap_desks import desk_sink
from listener.cli.options import health_options, settings_options
from listener.domain.errors import UsageError
from listener.health import check_clickhouse
from listener.health_server import HealthServer, Pulse
from listener.http.client import shown
from listener.kafka.admin import TopicAdmin
from listener.kafka.consume import BatchConsumer
from listener.kafka.erasures import followed_erasures
from listener.kafka.publish import Publisher
from listener.logs import configure_logs
from listener.settings import Settings
from sinks.clickhouse.store_rows import ClickHouseSink
from sinks.desks.desk_sink import DeskSink
from sinks.run import run_sink
from sinks.sink import Sink
from sinks.standstill import ReadingWatch

CLICKHOUSE = "clickhouse"
SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps others waiting: those that store and read need the interpreter for moments
only, again and again, and would wait a tenth of Python's usual 5 ms for each."""


@click.command()
@click.argument("name")
@click.option(
    "--check",
    is_flag=True,
    help="Only say where it goes, once configuration and secrets are found right, and ask a desk. Sends nothing.",
)
@click.option(
    "--batch-records",
    type=click.IntRange(1, 100_000),
    default=20_000,
    show_default=True,
    help="Most records of a batch; two batches are in memory, some 5 KB a record.",
)
@click.option(
    "--batch-wait-seconds",
    type=click.FloatRange(0.01, 60),
    default=0.5,
    show_default=True,
    help="A smaller batch is stored after this time; one record alone at once.",
)
@click.option(
    "--stall-seconds",
    type=click.FloatRange(5, 86_400),
    default=300.0,
    show_default=True,
    help="If nothing is read for so long though records wait, the process ends with 1, to be started anew.",
)
@health_options
@settings_options
def command(
    name: str,
    check: bool,
    batch_records: int,
    batch_wait_seconds: float,
    stall_seconds: float,
    health_host: str,
    health_port: int | None,
    settings: Settings,
) -> None:
    """Stores what is on the topics, until it is stopped. Several processes share the work.

    NAME is clickhouse; or alerts- and the name of a destination of alerts_to: that one tells people of alerts; or
    desk- and the name of one of desks: that one keeps a ticket for each case; or own- and the name of one of
    sinks, which another package brings.

    While the store is away the sink waits and loses nothing. SIGTERM or Ctrl-C: the batch in hand is stored
    and committed first.

    \b
    Example:
      listener sink clickhouse --health-port 8101
      listener sink alerts-oncall --check
      listener sink desk-support --check
    """
    configure_logs(log_mentions=settings.config.log_mentions)
    stop = Event()
    sink, answers, place = _sink(name, settings, stop)
    if check:
        with closing(sink):
            found = f"; {sink.check()}" if isinstance(sink, DeskSink) else ""
            click.echo(f"sink {name}: goes to {place}{found}")
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    gc.set_threshold(
        200_000, 20, 20
    )  # a batch is many objects and no cycles: looking for them takes a quarter
    sys.setswitchinterval(SWITCH_SECONDS)
    group = sink_group(name)
    pulse = Pulse()
    try:
        sink.ping()
        with (
            Publisher(settings.kafka, client_id=group) as publisher,
            TopicAdmin(settings.kafka) as admin,
            BatchConsumer(
                settings.kafka,
                group,
                sink.topics,
                max_records=batch_records,
                max_wait_seconds=batch_wait_seconds,
                tenure=sink.tenure if isinstance(sink, DeskSink) else None,
            ) as consumer,
        ):
            watch = ReadingWatch(
                consumer.places,
                lambda: admin.end_offsets(sink.topics),
                alive=pulse.alive,
                stall_seconds=stall_seconds,
                stop=stop,
            )
            checks = {"assigned": lambda: consumer.assigned, "reads": lambda: watch.reads}
            if answers is not None:
                checks["store_answers"] = answers
            with HealthServer(health_host, health_port, checks, alive=pulse.alive):
                click.echo(f"sink {name}: storing {len(sink.topics)} topics", err=True)
                watch.start()
                run_sink(
                    sink,
                    consumer,
                    publisher,
                    now=installation_time(settings),
                    stop=stop,
                    beat=pulse.beat,
                    held=watch.held,
                )
                watch.finished()
    finally:
        sink.close()
    click.echo(f"sink {name}: stopped", err=True)


def _sink(name: str, settings: Settings, stop: Event) -> tuple[Sink[Any], Callable[[], bool] | None, str]:
    """A sink, whether its store answers (None where nobody knows), and where that is.

    The store is asked over a connection of its own, since that of the sink may be writing; who is told of alerts
    or keeps tickets counts as away when the last try failed.
    """
    if name == CLICKHOUSE:
        url = settings.clickhouse_url
        erasures = followed_erasures(settings.kafka, settings.erasure_key, stop)
        return ClickHouseSink(url, erasures=erasures), lambda: check_clickhouse(url).well, shown(url)
    config = settings.config
    if (destination := _named(name, ALERT_SINK, "alerts_to", config.alerts_to, "alerts-out")) is not None:
        sink = alert_sink(settings, destination)
        return sink, lambda: sink.well, sink.place
    if (desk := _named(name, DESK_SINK, "desks", config.desks, "desks")) is not None:
        keeper = desk_sink(settings, desk)
        return keeper, lambda: keeper.well, keeper.place
    if (own := _named(name, OWN_SINK, "sinks", config.sinks, "write-your-own-sink")) is not None:
        return own_sink(settings, own), None, f"a sink of the kind {config.sinks[own].kind}"
    known = [
        CLICKHOUSE,
        *map(alert_sink_name, config.alerts_to),
        *map(desk_sink_name, config.desks),
        *map(own_sink_name, config.sinks),
    ]
    raise UsageError(f"there is no sink {name}; of this configuration there are: {', '.join(known)}")


def _named(name: str, prefix: str, section: str, configured: Collection[str], page: str) -> str | None:
    """Which entry of a section of the configuration a sink is for; None where it is for none of that section.

    Raises:
        UsageError: it is for one that is not there.
    """
    if not name.startswith(prefix):
        return None
    entry = name.removeprefix(prefix)
    if entry not in configured:
        known = ", ".join(configured) or "nothing"
        raise UsageError(
            f"there is no sink {name}: {section} in listener.yaml has {known}, and not {entry or 'an empty name'} "
            f"(see docs/{page}.md)"
        )
    return entry
