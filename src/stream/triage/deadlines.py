"""What a policy says about time as a whole: calendars, warnings, grace, and the regulators' clocks."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from listener.domain.document import Document
from stream.triage.business_time import ALWAYS, BusinessTime, OpeningHours
from stream.triage.calendar import CalendarRules, PublicHolidays
from stream.triage.promises import ALWAYS_OPEN, Grace, Promises, Warn, WarnAt
from stream.triage.regulation import RegulatoryClock

CalendarName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class Deadlines(Document):
    """The part of a policy that is about time."""

    calendars: dict[CalendarName, CalendarRules] = Field(default_factory=dict)
    """Business calendars by name; `always`, which never closes, is there without being named."""
    warn_at: Warn = WarnAt(fraction=0.75)
    """When a clock warns, where its queue or stage says nothing."""
    black_hole_grace_hours: Grace = 24.0
    """How long after its target a contact that nobody answered becomes a black hole."""
    jurisdictions: tuple[str, ...] = ()
    """Whose regulatory clocks hold for the company; none until it says so."""
    regulatory_clocks: tuple[RegulatoryClock, ...] = Field(default=(), max_length=100)

    @field_validator("calendars")
    @classmethod
    def _always_is_taken(cls, value: dict[str, CalendarRules]) -> dict[str, CalendarRules]:
        if ALWAYS_OPEN in value:
            raise ValueError(f"{ALWAYS_OPEN} is there already, and never closes; take another name")
        return value

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        known: dict[str, int] = {}
        for number, clock in enumerate(self.regulatory_clocks):
            if clock.calendar not in self.working_time:
                raise _problem(
                    ("regulatory_clocks", number, "calendar"), f"there is no calendar {clock.calendar}"
                )
            if known.setdefault(clock.name, number) != number:
                raise _problem(("regulatory_clocks", number, "name"), "this name stands twice")
        there = {clock.jurisdiction for clock in self.regulatory_clocks}
        for number, jurisdiction in enumerate(self.jurisdictions):
            if jurisdiction not in there:
                has = ", ".join(sorted(there)) or "none"
                raise _problem(
                    ("jurisdictions", number),
                    f"no regulatory clock is of the jurisdiction {jurisdiction}; those there are: {has}",
                )
        return self

    @cached_property
    def working_time(self) -> Mapping[str, BusinessTime]:
        """The calendars by name, ready to reckon with."""
        return {ALWAYS_OPEN: ALWAYS, **{name: OpeningHours(rules) for name, rules in self.calendars.items()}}

    @cached_property
    def clocks_in_force(self) -> tuple[RegulatoryClock, ...]:
        """The regulatory clocks of the company's jurisdictions."""
        return tuple(clock for clock in self.regulatory_clocks if clock.jurisdiction in self.jurisdictions)

    @property
    def holidays_edition(self) -> str:
        """Which edition of public holidays deadlines rest on; empty where they rest on none."""
        named = any(rules.holidays is not None for rules in self.calendars.values())
        return PublicHolidays.edition() if named else ""


def check_calendars(deadlines: Deadlines, queues: Iterable[Promises]) -> None:
    """Every queue's calendar is one of the policy's.

    Raises:
        ValidationError: one is not; it names the place.
    """
    for number, queue in enumerate(queues):
        if queue.calendar not in deadlines.working_time:
            raise _problem(("queues", number, "calendar"), f"there is no calendar {queue.calendar}")


def _problem(place: tuple[str | int, ...], told: str) -> ValidationError:
    problem = PydanticCustomError("deadlines", "{told}", {"told": told})
    return ValidationError.from_exception_data("Policy", [{"type": problem, "loc": place, "input": None}])
