"""The topic `config`: what is in force, whole, so that whoever reads a hash can read what it stands for."""

from collections.abc import Iterable

from listener.domain.errors import Rejected
from listener.domain.governance import ConfigInForce
from listener.domain.topics import CONFIG
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher


def read_config(connection: KafkaConnection) -> dict[str, ConfigInForce]:
    """What is in force, by name.

    Raises:
        ServiceError: as `read_whole`.
    """
    found: dict[str, ConfigInForce] = {}
    for record in read_whole(connection, CONFIG.name):
        try:
            config = ConfigInForce.read(record.value or b"")
        except Rejected:
            continue  # nothing of ours
        found[config.name] = config
    return found


def announce_config(connection: KafkaConnection, configs: Iterable[ConfigInForce]) -> list[str]:
    """Publishes what is not in force yet; the same content again is no news.

    Returns:
        The names of what is new.

    Raises:
        ServiceError: Kafka is not there, or a record was not acknowledged.
    """
    before = read_config(connection)
    new = [
        config for config in configs if config.name not in before or before[config.name].hash != config.hash
    ]
    if new:
        with Publisher(connection, client_id="listener-config") as out:
            for config in new:
                out.publish(CONFIG.name, config.name, config.to_json())
            out.flush()
    return [config.name for config in new]
