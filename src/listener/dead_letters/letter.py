"""One dead letter as it stands on `mentions.dead`, with what a person did about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import ValidationError

from listener.domain.dead_letter import DeadLetter, DeadLetterResolution
from listener.domain.errors import Rejected
from listener.domain.topics import DEAD
from listener.kafka.record import Record

State = Literal["open", "replayed", "dropped"]
Resolutions = Mapping[str, DeadLetterResolution]
"""Letter id to what was done about it last."""

FOREIGN = "foreign"
"""The reason given to a record of `mentions.dead` whose headers are not ours."""
_ID = re.compile(r"([0-9]{1,9})@([0-9]{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Letter:
    """A record of `mentions.dead`.

    Attributes:
        produced_at: when the record was produced, by the producer's clock.
        why: its headers.
        key: the original's key.
        original: the original bytes; None where the original was a tombstone; its beginning where not `whole`.
        resolution: what was done about it last; None while it is open.
    """

    partition: int
    offset: int
    produced_at: datetime
    why: DeadLetter
    key: bytes | None
    original: bytes | None
    resolution: DeadLetterResolution | None = None

    @property
    def id(self) -> str:
        """``partition@offset``: the same for as long as the letter is kept."""
        return letter_id(self.partition, self.offset)

    @property
    def state(self) -> State:
        """Whether anybody has done something about it."""
        return self.resolution.resolution if self.resolution else "open"

    @property
    def whole(self) -> bool:
        """Whether all of the original was kept, not only its beginning."""
        return self.why.size == len(self.original or b"")


def letter_id(partition: int, offset: int) -> str:
    """``partition@offset``."""
    return f"{partition}@{offset}"


def parse_letter_id(text: str) -> tuple[int, int]:
    """Partition and offset.

    Raises:
        ValueError: not an id of a dead letter.
    """
    found = _ID.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} is not the id of a dead letter; `listener dead list` shows ids such as 3@17"
        )
    return int(found[1]), int(found[2])


def read_letter(record: Record, resolutions: Resolutions) -> Letter:
    """The letter of a record; one that is itself unreadable is a letter that says so. Never raises."""
    produced_at = _EPOCH + timedelta(milliseconds=max(0, record.timestamp))
    try:
        why = DeadLetter.from_headers(record.headers)
    except (Rejected, ValidationError) as error:
        why = DeadLetter(
            origin=f"{DEAD.name}[{record.partition}]@{record.offset}",
            reason=FOREIGN,
            detail=f"not written by Listener: {type(error).__name__}",
            stage="unknown",
            at=produced_at,
            size=len(record.value or b""),
        )
    found = resolutions.get(letter_id(record.partition, record.offset))
    return Letter(
        partition=record.partition,
        offset=record.offset,
        produced_at=produced_at,
        why=why,
        key=record.key,
        original=record.value,
        resolution=found if found and found.produced_at == produced_at else None,
    )
