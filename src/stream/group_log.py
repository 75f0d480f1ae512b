"""Where the consumer group stands in the log, as the broker knows it."""

import logging
from collections.abc import Collection

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from listener.domain.errors import ServiceError
from listener.kafka.connection import KafkaConnection
from stream.catching_up import Extent, Where

log = logging.getLogger(__name__)


class BrokerGroupLog:
    """`stream.catching_up.GroupLog`, asked of the broker.

    Args:
        connection: the cluster.
        group: the consumer group.
        partitions: of each topic that is asked for.
    """

    def __init__(self, connection: KafkaConnection, group: str, partitions: int) -> None:
        self._connection = connection
        self._group = group
        self._partitions = partitions
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None

    async def start(self) -> None:
        """Connects.

        Raises:
            ServiceError: the cluster cannot be reached.
        """
        settings = self._connection.aiokafka()
        self._consumer = AIOKafkaConsumer(
            client_id="listener-timers", group_id=None, enable_auto_commit=False, **settings
        )
        self._admin = AIOKafkaAdminClient(client_id="listener-timers", **settings)
        try:
            await self._consumer.start()
            await self._admin.start()
        except KafkaError as error:
            await self.stop()
            raise ServiceError(f"Kafka at {self._connection.bootstrap_servers}: {error}") from error

    async def stop(self) -> None:
        """Ends the connection."""
        if self._admin is not None:
            await self._admin.close()
        if self._consumer is not None:
            await self._consumer.stop()

    async def extents(self, topics: Collection[str]) -> dict[Where, Extent]:
        """As `stream.catching_up.GroupLog.extents`."""
        if self._consumer is None:
            raise ServiceError("not connected")
        wanted = [TopicPartition(topic, number) for topic in topics for number in range(self._partitions)]
        try:
            begins = await self._consumer.beginning_offsets(wanted)
            ends = await self._consumer.end_offsets(wanted)
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._not_told(error) from error
        return {(where.topic, where.partition): Extent(begins[where], ends[where]) for where in wanted}

    async def committed(self) -> dict[Where, int]:
        """As `stream.catching_up.GroupLog.committed`."""
        if self._admin is None:
            raise ServiceError("not connected")
        try:
            found = await self._admin.list_consumer_group_offsets(self._group)
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._not_told(error) from error
        return {(where.topic, where.partition): known.offset for where, known in found.items()}

    def _not_told(self, error: Exception) -> ServiceError:
        log.warning(
            "group=%s: timers wait, since Kafka does not tell where it stands: %r", self._group, error
        )
        return ServiceError(f"Kafka does not tell where the group {self._group} stands: {error!r}")
