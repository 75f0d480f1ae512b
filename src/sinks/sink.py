"""What a sink is: it stores batches of records; the runner does everything else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from listener.domain.errors import Rejected
from listener.kafka.record import Record

P = TypeVar("P")


@dataclass(frozen=True)
class Refused:
    """A record that can never be stored as it is, and why."""

    record: Record
    why: Rejected


@dataclass(frozen=True)
class Prepared(Generic[P]):
    """A batch in the form in which it is stored, without the records that can never be.

    Attributes:
        refused: become dead letters once the rest is stored; `store` may have added what the other side refused.
    """

    content: P
    refused: Sequence[Refused]


class Sink(Protocol[P]):
    """One store.

    1. The runner hands a batch to `prepare`, which brings it into the form in which it is stored.
    2. `store` returns once all of that is stored.
    3. The runner awaits the dead letters of what was refused, then commits the offsets.

    A crash before the commit repeats the batch, perhaps cut differently: a sink must be idempotent. `prepare` may
    be called while another thread is in `store` with the batch before, so it must not touch the connection. All
    other methods are called by one thread at a time, never by two.
    """

    name: str
    topics: tuple[str, ...]

    def ping(self) -> None:
        """Makes sure that the store is there and as it must be; called once before all else.

        Raises:
            ServiceError: it is not; the text says what to do.
        """
        ...

    def prepare(self, batch: Sequence[Record]) -> Prepared[P]:
        """Reads the records of a batch; raises nothing for what is in them."""
        ...

    def store(self, content: P) -> None:
        """Stores what `prepare` has made, so that it can be stored again where this fails halfway.

        Raises:
            Busy: not now, or the outcome is unknown: the same batch is to be written again later.
        """
        ...

    def housekeeping(self) -> None:
        """Is called every second or so, between batches; does what is due, if anything.

        Raises:
            Busy: not now; it is called again anyway.
        """
        ...

    def close(self) -> None:
        """Ends the connection."""
        ...
