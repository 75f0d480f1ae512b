"""What is in force is on a real topic once, however often a worker starts."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.domain.governance import ConfigInForce
from listener.domain.topics import CONFIG
from listener.embedded.kafka import KafkaServer
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.config_in_force import announce_config, read_config
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole

pytestmark = pytest.mark.kafka

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_same_content_is_no_news(kafka_server: KafkaServer, topic_prefix: str) -> None:
    connection = KafkaConnection(kafka_server.bootstrap_servers)
    with TopicAdmin(connection) as admin:
        admin.create(plan([CONFIG], 1, 1, {}))
    name = f"{topic_prefix}policy"
    strict = {"queues": [{"name": "all", "hours": 1}]}

    def start(hash_: str, hours: int) -> list[str]:
        config = ConfigInForce(name=name, hash=hash_, content=strict, at=START + timedelta(hours=hours))
        return announce_config(connection, [config])

    assert start("aa", 0) == [name]
    assert start("aa", 1) == []
    assert start("bb", 2) == [name]
    assert start("aa", 3) == [name]
    records = [record for record in read_whole(connection, CONFIG.name) if record.key == name.encode()]
    assert len(records) == 3
    found = read_config(connection)[name]
    assert (found.hash, found.at, found.content) == ("aa", START + timedelta(hours=3), strict)
