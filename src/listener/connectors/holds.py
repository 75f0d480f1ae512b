"""Which sources are to pause, as the topic `alerts` says: those with an alert that is not withdrawn."""

import logging
from collections.abc import Collection
from threading import Event, Lock

from listener.domain.errors import ListenerError, Rejected
from listener.domain.governance import Alert
from listener.domain.poison import KIND
from listener.domain.topics import ALERTS
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.follow import follow
from listener.kafka.record import Record

log = logging.getLogger(__name__)

AGAIN_SECONDS = 5.0


class Standing:
    """The alerts that stand of those told so far.

    Args:
        sources: whose alerts; everybody's where None.
    """

    def __init__(self, sources: Collection[str] | None = None) -> None:
        self.by_id: dict[str, Alert] = {}
        self._sources = sources

    def empty(self) -> "Standing":
        """Of the same sources, before anything was told."""
        return Standing(self._sources)

    def heard(self, record: Record) -> Alert | None:
        """Takes a record of `alerts`; returns its alert if it is about the dead letters of one of the sources."""
        try:
            alert = Alert.read(record.value or b"")
        except Rejected:
            return None
        if alert.kind != KIND or (self._sources is not None and alert.subject not in self._sources):
            return None
        if alert.withdrawn:
            self.by_id.pop(alert.alert_id, None)
        else:
            self.by_id[alert.alert_id] = alert
        return alert


def read_standing(connection: KafkaConnection, sources: Collection[str] | None = None) -> Standing:
    """What stands at this moment.

    Args:
        sources: whose alerts; everybody's where None.

    Raises:
        ServiceError: as for `read_whole`.
    """
    standing = Standing(sources)
    for record in read_whole(connection, ALERTS.name):
        standing.heard(record)
    return standing


class Holds:
    """The alerts that stand, by source. Shared by the connectors of a process; for any thread."""

    def __init__(self, standing: Standing | None = None) -> None:
        self._lock = Lock()
        self._standing = standing or Standing()
        self._own: dict[str, Alert] = {}
        """Our latest word about an alert until it comes back from the topic: what is read before is older."""

    def of(self, source: str) -> list[Alert]:
        """The alerts for which this source has to pause."""
        with self._lock:
            latest = self._standing.by_id | self._own
        return [alert for alert in latest.values() if alert.subject == source and not alert.withdrawn]

    def say(self, alert: Alert) -> None:
        """This process publishes this."""
        with self._lock:
            self._own[alert.alert_id] = alert

    def heard(self, record: Record) -> None:
        """The topic goes on with this."""
        with self._lock:
            alert = self._standing.heard(record)
            own = self._own.get(alert.alert_id) if alert else None
            if alert and own and own.withdrawn == alert.withdrawn:
                del self._own[alert.alert_id]

    def empty(self) -> Standing:
        """To read the topic anew into."""
        return self._standing.empty()

    def replace(self, standing: Standing) -> None:
        """The topic was read anew."""
        with self._lock:
            self._standing = standing


def watch(connection: KafkaConnection, holds: Holds, stop: Event) -> None:
    """Keeps `holds` as the topic says, until `stop` is set. To be run in a thread of its own."""
    while not stop.is_set():
        try:
            _watch(connection, holds, stop)
        except ListenerError as error:
            log.warning("alerts cannot be read, and are tried again: %s", error)
            stop.wait(AGAIN_SECONDS)


def _watch(connection: KafkaConnection, holds: Holds, stop: Event) -> None:
    standing, caught_up = holds.empty(), Event()

    def take_over() -> None:
        holds.replace(standing)
        caught_up.set()

    for record in follow(connection, ALERTS.name, stop=stop, caught_up=take_over):
        if caught_up.is_set():
            holds.heard(record)
        else:  # what was withdrawn since must not stand for a moment
            standing.heard(record)
