"""The newest records of a topic, without reading all of it."""

from collections.abc import Iterator

from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import ReadOn
from listener.kafka.record import Record


def read_last(connection: KafkaConnection, topic: str, most: int) -> Iterator[Record]:
    """The newest records of a topic, as many of each partition as of any other, in the order of their partition.

    Args:
        most: so many in all; of a partition that has fewer, all of them.

    Raises:
        NotReady: no broker answers at that address.
        ServiceError: the topic does not exist, or nothing came for too long.
    """
    with _FromNearTheEnd(connection, topic, most) as newest:
        yield from newest.read_on()


class _FromNearTheEnd(ReadOn):
    def __init__(self, connection: KafkaConnection, topic: str, most: int) -> None:
        super().__init__(connection, topic)
        self._most = most

    def _assign(self) -> None:
        super()._assign()
        each = max(1, self._most // len(self._partitions))
        begins = self._consumer.beginning_offsets(self._partitions)
        for partition, end in self._consumer.end_offsets(self._partitions).items():
            self._consumer.seek(partition, max(begins[partition], end - each))
