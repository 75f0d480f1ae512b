"""What a stage of the stream is: a pure step from (state, inputs) to (state, outputs), by key.

The worker owns everything else. For each batch it

1. decodes every record (`decode`); what is rejected becomes a dead letter,
2. lets the stage do what is cheaper in bulk (`prepare`: enrichment),
3. folds the records of each key into that key's state (`step`), in the order of their offsets,
4. stores the states and awaits the changelog's acknowledgement,
5. publishes the outputs and awaits their acknowledgement,
6. acknowledges the batch.

A crash anywhere repeats the batch, perhaps cut into other batches, over states that have already folded
it. So `step` must be idempotent, and its outputs must follow from the state after the fold, not from what
the fold changed: a repeated record must lead to the same outputs again. To know what a record once changed,
a state remembers the `Position` that changed it: if any of the positions in hand is that one, the outputs
are due again. (Remember the last position of the batch for that key; a crash before step 6 repeats all of
them.)
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from listener.domain.contract import Versioned


class Position(NamedTuple):
    """Where a record stands in Kafka."""

    topic: str
    partition: int
    offset: int


T = TypeVar("T")


class Input(NamedTuple, Generic[T]):
    """One decoded record."""

    position: Position
    value: T


class Output(NamedTuple):
    """A record to be published. A value of None is a tombstone.

    Attributes:
        json: the value as JSON, where that is at hand already.
    """

    topic: str
    key: str
    value: Versioned | None
    json: bytes | None = None

    @property
    def wire(self) -> bytes | None:
        """The value as it goes on the wire."""
        return self.value.to_json() if self.json is None and self.value is not None else self.json


class Step(NamedTuple):
    """What became of one key in one batch.

    Attributes:
        state: the state to store; None where there is none, or none any more.
        outputs: what is to be published once the state is safe, in this order.
        purges: earlier states of this key must not stay on the disk either: somebody was erased.
    """

    state: bytes | None
    outputs: tuple[Output, ...] = ()
    purges: bool = False


class Stage(Protocol[T]):
    """One stage; pure, so that it runs the same in the stream, offline and in tests."""

    @property
    def name(self) -> str:
        """Also the name of its table."""
        ...

    @property
    def topics(self) -> tuple[str, ...]:
        """What it reads; the keys of all of them are the keys of its table."""
        ...

    def decode(self, topic: str, value: bytes | None) -> T:
        """Reads one record.

        Raises:
            Rejected: it can never be processed.
        """
        ...

    def prepare(self, values: Sequence[T]) -> list[T]:
        """Does in bulk what does not depend on any state; same length, same order."""
        ...

    def step(self, key: str, state: bytes | None, inputs: Sequence[Input[T]], now: datetime) -> Step:
        """Folds the inputs of one key, in the order of their arrival."""
        ...
