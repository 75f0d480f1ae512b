"""Keeps the customer index of a worker up to date with the topic `customers`."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from aiokafka import AIOKafkaConsumer

from listener.domain.customer import Customer
from listener.domain.erasure import Erasures
from listener.domain.errors import Rejected
from listener.domain.topics import CUSTOMERS
from listener.kafka.connection import KafkaConnection
from stream.background import Background

log = logging.getLogger(__name__)

KNOWN_SECONDS = 5.0
"""A customer is known to all workers so long after the broker has the record, while Kafka works."""
POLL_MS = 500


class Customers(Protocol):
    """Where customers are put; the index of `stream.enrichment.customer_match`."""

    def put(self, customer: Customer) -> None:
        """Adds or replaces one."""
        ...

    def remove(self, customer_id: str) -> None:
        """Forgets one, if it is known."""
        ...


def take_customer(key: bytes | None, value: bytes | None, customers: Customers, erasures: Erasures) -> None:
    """Puts what a record of the topic says where customers are put.

    Args:
        erasures: customers who must not come back.

    Raises:
        Rejected: it is no customer.
    """
    if value is None:
        customers.remove((key or b"").decode(errors="replace"))
        return
    customer = Customer.read(value)
    if not erasures.covers("customer", customer.customer_id, customer.updated_at):
        customers.put(customer)


class CustomerReader(Background):
    """Reads the whole topic into the index and goes on following it. Without group: each worker needs all.

    Args:
        on_failure: called if reading ends; without customers every match would be wrong.
        erasures: customers who must not come back.

    Attributes:
        caught_up: set once everything is read that was there at the start.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        customers: Customers,
        on_failure: Callable[[str], None],
        erasures: Erasures | None = None,
    ) -> None:
        self._connection = connection
        self._customers = customers
        self._on_failure = on_failure
        self._erasures = Erasures() if erasures is None else erasures
        self.caught_up = asyncio.Event()

    async def _run(self) -> None:
        try:
            await self._follow()
        except Exception as error:  # noqa: BLE001  # whatever it is, nobody reads customers any more
            self._on_failure(f"customers cannot be read: {error!r}")

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            CUSTOMERS.name,  # all its partitions, since there is no group
            client_id="listener-customers",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **self._connection.aiokafka(),
        )
        await consumer.start()
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            waiting = {partition for partition, end in ends.items() if end > 0}
            while True:
                for partition in list(waiting):
                    if await consumer.position(partition) >= ends[partition]:
                        waiting.discard(partition)
                if not waiting:
                    self.caught_up.set()
                for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                    for record in records:
                        self._apply(record.key, record.value, f"{record.partition}@{record.offset}")
                    await asyncio.sleep(0)
        finally:
            await consumer.stop()

    def _apply(self, key: bytes | None, value: bytes | None, where: str) -> None:
        try:
            take_customer(key, value, self._customers, self._erasures)
        except Rejected as error:
            log.warning("topic=%s at=%s: customer passed over: %s", CUSTOMERS.name, where, error)
