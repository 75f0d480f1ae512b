"""What could not be processed, unchanged, and why: the record's value is the original, the why is headers."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from listener.domain.contract import UtcTime, Versioned, format_utc
from listener.domain.errors import Rejected

PREFIX = "listener-"
ATTEMPT_HEADER = PREFIX + "attempt"
"""On a dead letter, and on a record that was published again: which attempt at the original it is, from 1."""
SOURCE_HEADER = PREFIX + "source"
"""On a dead letter, and on a record that a connector publishes: the source that it is of, also where its value
cannot be read."""
_MAX_DIGITS = 9


class DeadLetter(Versioned):
    """The headers of a record of `mentions.dead`."""

    origin: str = Field(min_length=1)
    """Where it was read: ``topic[partition]@offset`` or ``file:line``."""
    source: str | None = None
    reason: str
    detail: str
    stage: str
    """The component that gave up: ``import``, ``ledger``, ``triage``, ``clickhouse`` ..."""
    attempt: int = Field(default=1, ge=1)
    at: UtcTime
    size: int = Field(ge=0)
    """Bytes of the original."""
    sha256: str | None = None
    """Of the original, given where only its first 64 KiB are kept."""
    original_key: str | None = None
    topic: str | None = None
    """Topic to publish the original to again."""

    def to_headers(self) -> list[tuple[str, bytes]]:
        """As Kafka headers, every value as text."""
        values = self.model_dump(exclude_none=True)
        return [
            (PREFIX + name, (format_utc(value) if name == "at" else str(value)).encode(errors="replace"))
            for name, value in values.items()
        ]

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes | None]]) -> "DeadLetter":
        """Reads what `to_headers` wrote; other headers are passed over.

        Raises:
            Rejected: headers of ours are missing or wrong.
        """
        fields: dict[str, object] = {}
        for name, value in headers:
            if name.startswith(PREFIX) and value is not None:  # whoever else writes may leave a header empty
                fields[name.removeprefix(PREFIX)] = value.decode(errors="replace")
        try:
            for name in ("schema_version", "attempt", "size"):
                if name in fields:
                    fields[name] = int(str(fields[name]))
        except ValueError as error:
            raise Rejected("invalid", str(error)) from None
        return cls.model_validate(fields, strict=False)


class DeadLetterResolution(Versioned):
    """What a person did about a dead letter. The letter itself stays as it is until its retention ends."""

    letter: str = Field(pattern=r"^[0-9]+@[0-9]+$")
    """``partition@offset`` in `mentions.dead`."""
    produced_at: UtcTime
    """When the letter's record was produced: offsets begin anew where the topic is made anew."""
    resolution: Literal["replayed", "dropped"]
    by: str = Field(min_length=1)
    at: UtcTime
    why: str | None = None
    """Dropped: the person's reason."""
    topic: str | None = None
    """Replayed: where the original was published to again."""
    attempt: int | None = Field(default=None, ge=1)
    """Replayed: which attempt that was."""


def attempt_of(headers: Iterable[tuple[str, bytes]] | None) -> int:
    """Which attempt a record is: 1, unless it is a dead letter's original that was published again.

    Never raises: what is not a number of ours counts as 1.
    """
    for name, value in headers or ():
        if name == ATTEMPT_HEADER and value is not None and value.isdigit() and len(value) <= _MAX_DIGITS:
            return max(1, int(value))
    return 1
