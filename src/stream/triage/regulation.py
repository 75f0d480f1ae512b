"""Deadlines that a regulator sets, as entries of a policy: none is legal advice, each names its source.

An entry holds for a company only if the policy lists its jurisdiction.
"""

from datetime import date
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from listener.domain.document import Document
from listener.domain.enriched import Need
from listener.domain.mention import Channel
from stream.triage.causes import below
from stream.triage.due import Due
from stream.triage.events import Answer, Said
from stream.triage.promises import ALWAYS_OPEN, Warn

Stop = Literal["acknowledgement", "answer", "final_response"]


class Stage(Document):
    """One deadline of an entry; all of them start together."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    """The clock is called ``<entry>.<stage>``."""
    stop: Stop
    """What stops it: `acknowledgement` is anything that tells the customer that it was received, `answer` an
    answer by a person, `final_response` a resolution, or a no that gives its reason."""
    automatic: bool = False
    """Whether an automatic acknowledgement will do."""
    due: Due
    warn_at: Warn | None = None
    """The policy's where nothing is said; in hours that pass, open or closed."""
    paragraph: str | None = None
    """Where the source says so, if elsewhere than the entry."""

    @model_validator(mode="after")
    def _only_acknowledgements_are_automatic(self) -> Self:
        if self.automatic and self.stop != "acknowledgement":
            raise ValueError("only an acknowledgement can be automatic")
        return self

    def is_stopped_by(self, answer: Answer) -> bool:
        """Whether this answer is what the stage asks for."""
        row = answer.row
        if self.stop == "acknowledgement":
            return self.automatic or not (row.kind == "acknowledged" and row.derived)
        if self.stop == "answer":
            return answer.by_person
        return is_final(answer)


def is_final(answer: Answer) -> bool:
    """Whether an answer is a final response: a resolution, or a no that gives its reason."""
    return answer.row.kind == "resolved" or (answer.row.kind == "declined" and bool(answer.row.reason))


class RegulatoryClock(Document):
    """One rule of one regulator."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    jurisdiction: str = Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")
    """ISO 3166 code; it holds where `jurisdictions` of the policy has it."""
    regulator: str = Field(min_length=1, max_length=200)
    products: tuple[str, ...] = ()
    """For which products, in words; `causes` says how they are told."""
    start: Literal["first_contact", "sent_by_regulator"] = "first_contact"
    """The first contact that counts as a complaint; or the first from `sources`, which are the regulator's."""
    needs: tuple[Need, ...] = ("complaint",)
    """Which contacts count as complaints; none of them matters for what a regulator sends."""
    causes: tuple[str, ...] = ()
    """Root causes that count, each with all below it; all where none are named."""
    except_causes: tuple[str, ...] = ()
    """Root causes that do not count."""
    channels: tuple[Channel, ...] = ()
    """Channels that count; all where none are named."""
    sources: tuple[str, ...] = ()
    """Sources (configured connectors) that count; all where none are named."""
    stages: tuple[Stage, ...] = Field(min_length=1, max_length=10)
    pause_while_waiting: bool = False
    """Whether the time in which the company waits for the customer is left out."""
    calendar: str = ALWAYS_OPEN
    """Of business days, opening hours and the time of day: the regulator's, not the queue's."""
    paragraph: str = Field(min_length=1, max_length=500)
    """Where the source says so."""
    url: str = Field(pattern=r"^https?://", max_length=1000)
    checked: date | None = None
    """When somebody last compared this entry with its source; None: nobody has."""
    note: str = Field(default="", max_length=2000)
    """What was compared with what, and what the entry leaves out."""

    @field_validator("stages")
    @classmethod
    def _names_are_unique(cls, value: tuple[Stage, ...]) -> tuple[Stage, ...]:
        names = [stage.name for stage in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two stages are called {name}")
        return value

    @model_validator(mode="after")
    def _regulator_has_a_source(self) -> Self:
        if self.start == "sent_by_regulator" and not self.sources:
            raise ValueError("sources: name the source through which the regulator sends complaints")
        return self

    def counts(self, said: Said, declared: bool | None) -> bool | None:
        """Whether a contact is a complaint by this rule; None: it would be, had no person said otherwise.

        Args:
            declared: what a person said of it: a complaint, no complaint, or None: nothing.
        """
        row = said.row
        if (self.channels and row.channel not in self.channels) or (
            self.sources and row.source not in self.sources
        ):
            return False
        if not declared and self.start == "first_contact" and row.need not in self.needs:
            return False
        if self._has_cause(said.cause):
            return None if declared is False else True
        return None if self._has_cause(row.grouping_cause) else False

    def _has_cause(self, cause: str) -> bool:
        return (not self.causes or any(below(cause, node) for node in self.causes)) and not any(
            below(cause, node) for node in self.except_causes
        )
