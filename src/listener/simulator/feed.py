"""Lets a simulated company speak into Kafka: its history up to now, then live, each event when its time comes."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Event as Stop
from typing import Any

from listener.domain.connector_state import Cursor
from listener.domain.contract import format_utc
from listener.domain.customer import Customer
from listener.domain.topics import CURSORS
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from listener.simulator.settings import SimulationSettings
from listener.simulator.simulation import Event, SimulatedCompany

SOURCE = "simulation"
BATCH_EVENTS = 500
HEARD_AS_IT_HAPPENED = timedelta(days=7)
CUSTOMERS_SECONDS = 2.0
"""Workers that run already know every customer by then, and match from the first mention on."""

log = logging.getLogger(__name__)


def feed(
    connection: KafkaConnection,
    figures: Mapping[str, float],
    *,
    now: Callable[[], datetime],
    stop: Stop,
) -> None:
    """Publishes a simulated company until `stop` is set; started again, it goes on where it stopped.

    The company of the first start is kept with the cursor: its history does not change when it is started
    again later, nor with other figures. What is older than a week when it is first told counts as historical.

    Args:
        figures: fields of `SimulationSettings` but the times, for the first start.

    Raises:
        ServiceError: Kafka does not take what is published.
    """
    position = _position(connection) or {"figures": dict(figures), "ends_at": format_utc(now())}
    ends_at = datetime.fromisoformat(position["ends_at"])
    company = SimulatedCompany(
        SimulationSettings(
            **position["figures"], ends_at=ends_at, historical_before=ends_at - HEARD_AS_IT_HAPPENED
        )
    )
    with Publisher(connection, client_id="listener-simulation") as out:
        if "live_at" not in position:
            _note(out, position, now())
            count, customers_first = 0, True
            for count, event in enumerate(company.history(), start=1):
                if customers_first and not isinstance(event.value, Customer):
                    customers_first = False
                    out.flush()
                    stop.wait(CUSTOMERS_SECONDS)
                _publish(out, event)
                if count % BATCH_EVENTS == 0:
                    out.flush()
                if stop.is_set():
                    return
            out.flush()
            log.info("source=%s history=%d", SOURCE, count)
            position["live_at"] = position["ends_at"]
            _note(out, position, now())
        for event in company.live(ends_at, since=datetime.fromisoformat(position["live_at"])):
            wait_seconds = (event.at - now()).total_seconds()
            if wait_seconds > 0 and stop.wait(wait_seconds):
                return
            _publish(out, event)
            out.flush()
            position["live_at"] = format_utc(event.at)
            _note(out, position, now())
            if stop.is_set():
                return


def _publish(out: Publisher, event: Event) -> None:
    out.publish(event.topic.name, event.key, event.value.to_json())


def _position(connection: KafkaConnection) -> dict[str, Any] | None:
    found: dict[str, Any] | None = None
    for record in read_whole(connection, CURSORS.name):
        if record.key == SOURCE.encode() and record.value is not None:
            found = Cursor.read(record.value).position
    return found


def _note(out: Publisher, position: dict[str, Any], at: datetime) -> None:
    out.publish(CURSORS.name, SOURCE, Cursor(source=SOURCE, position=position, at=at).to_json())
    out.flush()
