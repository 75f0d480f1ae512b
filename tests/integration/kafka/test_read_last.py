"""The newest records of a topic on a real broker."""

import pytest

from listener.embedded.kafka import KafkaServer
from listener.kafka.admin import TopicAdmin, TopicPlan
from listener.kafka.connection import KafkaConnection
from listener.kafka.publish import Publisher
from listener.kafka.read_last import read_last

pytestmark = pytest.mark.kafka


def test_the_newest_of_each_partition_in_their_order(kafka_server: KafkaServer, topic_prefix: str) -> None:
    connection = KafkaConnection(kafka_server.bootstrap_servers)
    topic = f"{topic_prefix}numbers"
    with TopicAdmin(connection) as admin:
        admin.create([TopicPlan(topic, 3, 1, {})])
    assert list(read_last(connection, topic, 10)) == []
    with Publisher(connection, client_id="test") as out:
        for number in range(90):
            out.publish(topic, str(number), str(number).encode())
        out.flush()
    everything = [int(record.value or b"") for record in read_last(connection, topic, 10_000)]
    assert sorted(everything) == list(range(90))
    newest = list(read_last(connection, topic, 12))
    assert len(newest) == 12
    for partition in range(3):
        offsets = [record.offset for record in newest if record.partition == partition]
        assert offsets == list(range(offsets[0], offsets[0] + 4))
