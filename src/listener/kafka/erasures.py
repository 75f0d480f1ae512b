"""The topic `erasures` as a list: read whole at a start, and followed by a thread from then on."""

import logging
import threading
from threading import Event

from listener.domain.erasure import Erasure, Erasures
from listener.domain.errors import ListenerError, Rejected, UsageError
from listener.domain.topics import ERASURES
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.follow import follow
from listener.kafka.record import Record

log = logging.getLogger(__name__)

AGAIN_SECONDS = 5.0
KNOWN_SECONDS = 3.0
"""What is put on the list is known to all processes after so long, while Kafka works."""


def read_erasures(connection: KafkaConnection, key: bytes | None) -> Erasures:
    """Who was erased so far.

    Args:
        key: of the installation; None where it has none.

    Raises:
        UsageError: there is a list, and the key is missing, or another than the list was made with: those who were
            erased would come back.
        ServiceError: as `read_whole`.
    """
    erasures = Erasures(key)
    for record in read_whole(connection, ERASURES.name):
        _take(erasures, record)
    if wrong := wrong_key(erasures, key):
        raise UsageError(wrong)
    return erasures


def wrong_key(erasures: Erasures, key: bytes | None) -> str | None:
    """Why this is not the key of a list; None where it is, or nobody is on the list."""
    if len(erasures) and key is None:
        return (
            "people were erased, and LISTENER_ERASURE_KEY is not set: without the key that the list was made with "
            "they would come back; see docs/privacy.md"
        )
    if len(erasures) and not erasures.is_made_with_this_key:
        return (
            "LISTENER_ERASURE_KEY is not the key that the list of erased people was made with: they would come "
            "back; see docs/privacy.md"
        )
    return None


def followed_erasures(connection: KafkaConnection, key: bytes | None, stop: Event) -> Erasures:
    """The same, kept up to date by a thread until `stop` is set.

    Raises:
        UsageError, ServiceError: as `read_erasures`.
    """
    erasures = read_erasures(connection, key)
    arguments = [connection, erasures, key, stop]
    threading.Thread(target=_keep_up, args=arguments, name="erasures", daemon=True).start()
    return erasures


def _keep_up(connection: KafkaConnection, erasures: Erasures, key: bytes | None, stop: Event) -> None:
    while not stop.is_set():
        try:
            for record in follow(connection, ERASURES.name, stop=stop, caught_up=lambda: None):
                _take(erasures, record)
                # at the start of this process there was no list yet; the first entry is that of the key
                if wrong := wrong_key(erasures, key):
                    log.error("%s. End this process, and start it with the key", wrong)
        except ListenerError as error:
            log.warning("topic=%s is tried again: %s", ERASURES.name, error)
            stop.wait(AGAIN_SECONDS)


def _take(erasures: Erasures, record: Record) -> None:
    try:
        if record.key is not None and record.value is not None:
            erasures.put(record.key.decode(errors="replace"), Erasure.read(record.value))
    except Rejected as error:
        log.warning("topic=%s at=%d: entry passed over: %s", ERASURES.name, record.offset, error)
