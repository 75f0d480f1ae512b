"""What travels between the two stages besides mentions, and the truth about identity."""

from typing import Literal

from pydantic import Field

from listener.domain.command import CaseCommand
from listener.domain.contact import Contact
from listener.domain.contract import Contract, UtcTime, Versioned
from listener.domain.governance import AlertKind
from listener.domain.level import LevelPlace
from listener.domain.response import Response


class PublishedCase(Contract):
    """A case that a party has published: enough for another party to publish it anew or as superseded."""

    case_id: str
    anchor: str
    """Mention id of the earliest contact."""
    anchor_author: str
    opened_at: UtcTime | None = None
    """When the anchor was said; None where that is not known."""


class RaisedAlert(Contract):
    """An alert that a party has raised: enough for another party to withdraw it, or to let it stand."""

    kind: AlertKind
    what: str
    """Kind of the clock; empty for a black hole."""
    anchor: str
    """Mention id of the contact that waits."""
    case_id: str
    due_at: UtcTime


class PartyEvent(Versioned):
    """Something about one author that the author's party has to know. Which fields are set depends on `kind`.

    join: the author, with everything known of them, now belongs to this party.
    leave: the author now belongs to `to_party`.
    left: the party that an author left tells the new one which cases it had published, and which alerts about
        the author's contacts it had raised.
    response, command: one of either. (A command with two contacts is an edge between them.)
    level: whether a case of the author's has a place at a level.
    erase: the author is erased: what was said until `at` goes, and all of earlier epochs than this one. `cases`
        are those that contacts said later may have begun: these stay.
    erased: the party's word to itself that everybody has been told so.
    """

    kind: Literal["join", "leave", "left", "response", "command", "level", "erase", "erased"]
    party: str
    author: str
    epoch: int = Field(ge=1)
    at: UtcTime
    contacts: tuple[Contact, ...] = ()
    responses: tuple[Response, ...] = ()
    commands: tuple[CaseCommand, ...] = ()
    older_contacts: int = 0
    """join: how many contacts are known by their number only."""
    to_party: str | None = None
    from_party: str | None = None
    cases: tuple[PublishedCase, ...] = ()
    alerts: tuple[RaisedAlert, ...] = ()
    response: Response | None = None
    command: CaseCommand | None = None
    place: LevelPlace | None = None


class PartyOf(Versioned):
    """Which party an author belongs to; the highest epoch is the truth."""

    author: str
    party: str
    epoch: int = Field(ge=1)
    at: UtcTime
    customer_id: str | None = None
    method: str = "none"
