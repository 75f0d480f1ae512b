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
    open: bool = True
    """Whether the desk was told last that the case is open."""
    told: tuple[str, ...] = ()
    """Short digests of the contacts and answers that the desk was told."""
    standing: str = ""
    """Digest of what else the ticket says: queue, priority, due time and the like."""
    superseded_by: str | None = None
    """The case that the ticket is kept for now, if it is no longer this one's."""
    superseded_at: UtcTime | None = None
    """When that case was published that took the ticket over."""


class DeskAnswer(Contract):
    """What people did with a ticket that answers its case, as the desk tells it."""

    answer_id: str = Field(min_length=1)
    """The desk's own id of it, the same whenever it is read."""
    case_id: str
    """As the ticket names it; the case may have another id by now."""
    kind: Literal["answered", "resolved", "declined"]
    by: str = Field(min_length=1)
    """Who answered, as the desk names them."""
    text: str = ""
    """What was said to the customer."""
    reason: str | None = None
    """Why it was declined, in the words of whoever did."""
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
