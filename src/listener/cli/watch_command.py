"""`listener watch`: tells of what is unusual in what is heard."""

import logging
import signal
from collections.abc import Mapping
from datetime import datetime
from threading import Event

import click

from listener.bootstrap import installation_time, publisher
from listener.cli.options import health_options, settings_options
from listener.clickhouse.client import connect, translated
from listener.domain.errors import ServiceError
from listener.domain.governance import Alert
from listener.domain.topics import ALERTS
from listener.health_server import HealthServer, Pulse
from listener.kafka.consume import read_whole
from listener.logs import configure_logs
from listener.settings import Settings
from listener.watch.findings import findings
from listener.watch.heard import read_heard
from listener.watch.tell import news, read_examples, standing_of

AGAIN_SECONDS = 30.0
"""After ClickHouse did not answer."""

log = logging.getLogger(__name__)


@click.command("watch")
@click.option("--once", is_flag=True, help="Look once and end.")
@click.option(
    "--every-seconds",
    type=click.FloatRange(1, 86_400),
    default=300.0,
    show_default=True,
    help="How often it looks.",
)
@health_options
@settings_options
def command(
    once: bool, every_seconds: float, health_host: str, health_port: int | None, settings: Settings
) -> None:
    """Tells of what is unusual: spikes of root causes and sources, causes that grow or are new, moods.

    It compares the last hours with the weeks before in ClickHouse and publishes alerts of the kind `spike`, each
    once; who is told of them says alerts_to. One process is enough. docs/alerts.md says what counts as unusual.
    Imports alert nobody.

    \b
    Example:
      listener watch --health-port 8106
      listener watch --once
    """
    configure_logs()
    stop = Event()
    for number in () if once else (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    now = installation_time(settings)
    told = standing_of(record.value for record in read_whole(settings.kafka, ALERTS.name))
    well, pulse = Event(), Pulse(every_seconds + 300)
    with (
        publisher(settings, "listener-watch") as out,
        HealthServer(health_host, health_port, {"store_answers": well.is_set}, alive=pulse.alive),
    ):
        while not stop.is_set():
            try:
                found = look(settings.clickhouse_reader_url, told, now())
            except ServiceError as error:
                if once:
                    raise
                found = None
                log.warning("not looked, and tried again: %s", error)
            for alert in found or ():
                out.publish(ALERTS.name, alert.alert_id, alert.to_json())
            out.flush()
            told |= {alert.alert_id: alert for alert in found or ()}
            (well.clear if found is None else well.set)()
            if found:
                log.info("alerts=%d", len(found))
            pulse.beat()
            if once:
                return
            stop.wait(every_seconds if well.is_set() else min(AGAIN_SECONDS, every_seconds))


def look(url: str, told: Mapping[str, Alert], now: datetime) -> list[Alert]:
    """What is to be told at this moment.

    Args:
        url: of ClickHouse.
        told: what was told before, by alert id.

    Raises:
        ServiceError: ClickHouse does not answer.
    """
    client = connect(url)
    try:
        with translated(url):
            found = findings(read_heard(client, now))
            return list(news(found, told.values(), now, lambda one: read_examples(client, one)))
    finally:
        client.disconnect()
