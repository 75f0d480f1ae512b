"""The ladder in a policy: the levels above the front line, who owns their cases, and what leads up to them."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, field_validator, model_validator

from listener.domain.contract import FIRST_YEAR, LAST_YEAR
from listener.domain.document import Document
from listener.domain.response import LEVELS, Level
from stream.moments import to_ms
from stream.triage.causes import below

Senior = Literal["manager", "executive"]
MAX_CAPACITY = 10_000
"""Not more than claims are kept of a level (`stream.levels.MAX_CLAIMS`): beyond these nobody would be counted."""


class Absence(Document):
    """Days on which an owner is not there, the first and the last included."""

    model_config = ConfigDict(populate_by_name=True)  # as it stands on the topic `config`

    first: date = Field(alias="from")
    last: date = Field(alias="until")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("until is before from")
        if self.first.year < FIRST_YEAR or self.last.year > LAST_YEAR:
            raise ValueError(f"the years {FIRST_YEAR} to {LAST_YEAR} are expected")
        return self

    def within_ms(self, zone: ZoneInfo) -> tuple[int, int]:
        """From when until before when the owner is not there."""
        return _midnight_ms(self.first, zone), _midnight_ms(self.last + timedelta(days=1), zone)


class LevelOwner(Document):
    """A person by name who takes cases of a level."""

    name: str = Field(min_length=1, max_length=300)
    causes: tuple[str, ...] = ()
    """Nodes of the taxonomy, each with everything below it; without any, whatever nobody else is named for."""
    absent: tuple[Absence, ...] = ()

    def absence(self, at_ms: int, zone: ZoneInfo) -> Absence | None:
        """Why the owner is not there at a time, if so."""
        for away in self.absent:
            first_ms, end_ms = away.within_ms(zone)
            if first_ms <= at_ms < end_ms:
                return away
        return None


class LevelRules(Document):
    """How one level works."""

    capacity: Annotated[int, Field(ge=0, le=MAX_CAPACITY)] | None = None
    """Open cases that it can hold, of the whole installation; more stand a level below until there is room."""
    owners: tuple[LevelOwner, ...] = ()
    """In order: those who are named for a root cause first, then those who are named for none."""

    def owners_for(self, cause: str) -> list[LevelOwner]:
        """Who takes a case of this root cause, the first first."""
        named = [owner for owner in self.owners if any(below(cause, node) for node in owner.causes)]
        return named + [owner for owner in self.owners if not owner.causes]


class LadderRules(Document):
    """The part of a policy that says how far up a case goes, beside the number of failures."""

    zone: str = "UTC"
    """Of the dates in the policy: a name such as Europe/Berlin."""
    levels: dict[Senior, LevelRules] = Field(default_factory=dict)
    depth: dict[Level, Senior] = Field(default_factory=dict)
    """Level that has failed this customer in this matter to the level that is to try next."""
    contested: dict[Level, Senior] = Field(default_factory=dict)
    """Level whose no the customer does not accept to the level that looks at it again."""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, KeyError):
            raise ValueError("no such time zone; a name such as Europe/Berlin is expected") from None
        return value

    @field_validator("depth", "contested")
    @classmethod
    def _leads_up(cls, value: dict[Level, Senior]) -> dict[Level, Senior]:
        for level, following in value.items():
            if rank(following) < rank(level):
                raise ValueError(f"{level} leads to {following}, which is below it")
        return value

    def capacity(self, level: Level) -> int | None:
        """Open cases that a level can hold; None where there is no limit."""
        rules = self.levels.get(level) if level in ("manager", "executive") else None
        return None if rules is None else rules.capacity


def rank(level: Level) -> int:
    """How far up a level is."""
    return LEVELS.index(level)


def one_below(level: Level) -> Level:
    """The next lower level where people answer."""
    return LEVELS[max(rank("front_line"), rank(level) - 1)]


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return to_ms(datetime.combine(day, time(), zone))
