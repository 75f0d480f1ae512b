"""What Java keeps of Kafka's classes, read and linked, so that a broker starts in about half the time.

An ahead-of-time cache (JEP 483, 514, 515): Java writes it when a broker that was started for this ends, and checks
for itself whether it fits the jars and options of a later start; where it does not, it starts as without.
"""

import logging
import tempfile
from pathlib import Path

from listener.domain.errors import ListenerError
from listener.embedded.kafka.artifacts import classes_cache
from listener.embedded.kafka.server import KafkaServer
from listener.embedded.ports import free_port

STOP_SECONDS = 120.0
"""Writing it takes some seconds of a processor, at the broker's end."""

log = logging.getLogger(__name__)


def prepare() -> None:
    """Makes it, if it is not there yet. That it cannot be made is told, and is no error: brokers start without."""
    target = classes_cache()
    if target.exists():
        return
    log.info("preparing Java for quick starts of Kafka, once")
    with tempfile.TemporaryDirectory(prefix="listener-warm-start-", dir=target.parent) as directory:
        made = Path(directory) / target.name
        server = KafkaServer(
            Path(directory) / "kafka", free_port(), java_options=(f"-XX:AOTCacheOutput={made}",)
        )
        try:
            server.start()
            server.wait_ready()
        except ListenerError as error:
            log.warning("not prepared: %s", error)
        finally:
            server.stop(STOP_SECONDS)
        if made.exists():
            made.replace(target)
        else:
            log.warning("Java has prepared nothing; brokers start without")
