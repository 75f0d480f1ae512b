"""The topic `tickets`, read up to its end whenever that is needed, and written with awaited delivery."""

from collections.abc import Iterator
from typing import Protocol

from listener.domain.desk import Ticket, ticket_key
from listener.domain.topics import TICKETS
from listener.kafka.record import Record


class Reads(Protocol):
    """What is needed of `listener.kafka.consume.ReadOn`."""

    def read_on(self) -> Iterator[Record]:
        """What has come since the last call."""
        ...

    def close(self) -> None:
        """Ends the connection."""
        ...


class Delivers(Protocol):
    """What is needed of `listener.kafka.publish.Publisher`."""

    def deliver(self, topic: str, key: str, value: bytes | None) -> None:
        """Returns once the broker has it."""
        ...

    def close(self) -> None:
        """Ends the connection."""
        ...


class TicketTopic:
    """Both ways of it; for one thread at a time."""

    def __init__(self, reads: Reads, delivers: Delivers) -> None:
        self._reads = reads
        self._delivers = delivers

    def read_on(self) -> Iterator[Record]:
        """What was recorded since the last call, by whomever; at the first, all."""
        return self._reads.read_on()

    def record(self, ticket: Ticket) -> None:
        """Returns once it is on the broker.

        Raises:
            ServiceError: nobody knows whether it is.
        """
        self._delivers.deliver(TICKETS.name, ticket_key(ticket.case_id, ticket.desk), ticket.to_json())

    def forget(self, case_id: str, desk: str) -> None:
        """The same for a case that is gone."""
        self._delivers.deliver(TICKETS.name, ticket_key(case_id, desk), None)

    def close(self) -> None:
        """Ends both connections."""
        self._reads.close()
        self._delivers.close()
