"""Tickets that helpdesks keep for cases, and what people answer there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from listener.domain.contract import Contract, UtcTime, Versioned


class Ticket(Versioned):
    """Which ticket a case has at a desk, and up to which version the desk knows the case."""

    case_id: str
    desk: str
    ticket_id: str
    case_version: int = Field(ge=0, lt=2**63)
    url: str | None = None
    updated_at: UtcTime
    state: Literal["open", "closed", "retired", "left"] = "open"
    """What the desk was told last. retired: closed because another ticket took over, or nothing is asked for.
    left: closed because nothing was heard of the case that took this one over, which may have the ticket yet."""
    told: tuple[str, ...] = ()
    """Short digests of the contacts and answers that the desk was told."""
    standing: dict[str, str] = Field(default_factory=dict)
    """What else the ticket says, by field: queue, priority, due time and the like; of texts a digest."""
    superseded_by: str | None = None
    """The case that the ticket is kept for now, if it is no longer this one's."""
    said_at: UtcTime | None = None
    """When the snapshot was published that this rests on: the case's own, or that of the one that took it over."""


AnswerKind = Literal["answered", "resolved", "declined", "needs_no_response"]


class DeskAnswer(Contract):
    """What people did with a ticket that answers its case, as the desk tells it."""

    answer_id: str = Field(min_length=1)
    """The desk's own id of it, the same whenever it is read."""
    case_id: str
    """As the ticket names it; the case may have another id by now."""
    kind: AnswerKind
    """needs_no_response: whoever closed it says that nobody has to answer."""
    by: str = Field(min_length=1)
    """Who answered, as the desk names them."""
    text: str = ""
    """What was said to the customer."""
    reason: str | None = None
    """Why it was declined, or needs no response, in the words of whoever said so."""
    at: UtcTime


@dataclass(frozen=True)
class DeskAnswers:
    """What was answered since a position, oldest first.

    Attributes:
        position: where to go on; JSON that only this desk reads.
        more: there is more already.
    """

    answers: tuple[DeskAnswer, ...]
    position: Mapping[str, Any]
    more: bool = False


def ticket_key(case_id: str, desk: str) -> str:
    """The key of a `Ticket` on its topic."""
    return f"{case_id} {desk}"


def told_at(desk: str) -> str:
    """What the ids of the responses begin with that were given at a desk; no id of a mention does."""
    return f"desk.{desk}:"
