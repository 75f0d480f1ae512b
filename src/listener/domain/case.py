"""A case: the contacts of one party about one matter, as a snapshot that needs no other state to be read."""

from typing import Literal

from pydantic import Field

from listener.domain.clock import BlackHole, Clock
from listener.domain.contact import Contact
from listener.domain.contract import Contract, UtcTime, Versioned
from listener.domain.enriched import NO_CAUSE, Severity
from listener.domain.response import Goodwill, Level, Response

CaseState = Literal[
    "new", "waiting_for_us", "waiting_for_customer", "resolved", "declined", "reopened", "superseded"
]
OPEN_STATES: frozenset[CaseState] = frozenset({"new", "waiting_for_us", "waiting_for_customer", "reopened"})
SHOWN_AT_EACH_END = 50
MAX_SNAPSHOT_BYTES = 256 * 1024


class Reason(Contract):
    """Why something was decided: the rule of the policy by name, and in words."""

    rule: str
    text: str


class CaseContact(Contact):
    """A contact within a case, with whether the company failed it and why."""

    failed: bool = False
    failed_because: str | None = None


class CaseReach(Contract):
    """How far a customer's words carry: as the source told it (`verified`), or as the text says (`claimed`)."""

    basis: Literal["verified", "claimed"]
    author: str
    source: str
    followers: int | None = None
    """Verified only."""
    words: str | None = None
    """Claimed only."""


class CaseCustomer(Contract):
    """What is known of the customer behind the party."""

    customer_id: str
    name: str | None = None
    segment: str | None = None
    preferred_channel: str | None = None
    consent: dict[str, bool] = Field(default_factory=dict)
    """Purpose to whether the customer agreed to it."""


class Case(Versioned):
    """The newest snapshot of a case is the one with the highest `version`."""

    case_id: str
    version: int = Field(ge=0, lt=2**63)
    party: str
    anchor: str
    """Mention id of the earliest contact; the id of the case follows from it."""
    anchor_author: str
    """Key under which an answer or a command about this case is to be published."""
    state: CaseState
    superseded_by: str | None = None
    supersedes: tuple[str, ...] = ()
    historical: bool = False
    """All its contacts are historical: do not act on it."""
    queue: str
    level: Level = "front_line"
    owner: str | None = None
    priority: int = Field(ge=0, le=100)
    """100 is the most urgent; equal ones go by `waiting_since`, the earliest first, praise by `opened_at`."""
    waiting_since: UtcTime | None = None
    """Time of the first contact that has no answer yet; none of praise, which waits for thanks until `due_at`."""
    due_at: UtcTime | None = None
    reasons: tuple[Reason, ...] = ()
    advice: tuple[str, ...] = ()
    root_cause: str = NO_CAUSE
    root_cause_owner: str | None = None
    severity: tuple[Severity, ...] = ()
    reach: tuple[CaseReach, ...] = ()
    """Only where the policy says that it is shown; no decision rests on being shown."""
    needs_response: bool = False
    customer: CaseCustomer | None = None
    authors: tuple[str, ...] = ()
    contacts: tuple[CaseContact, ...] = ()
    """The first and the last 50, by time."""
    contact_count: int = Field(ge=0)
    failed_contacts: int = Field(default=0, ge=0)
    failed_levels: tuple[Level, ...] = ()
    """Levels that have failed this customer in this matter, lowest first."""
    responses: tuple[Response, ...] = ()
    response_count: int = Field(default=0, ge=0)
    goodwill: tuple[Goodwill, ...] = ()
    clocks: tuple[Clock, ...] = ()
    """By start: those that run or are paused, and of the others the first and the last; 40 at most."""
    black_holes: tuple[BlackHole, ...] = ()
    """By time, those that have ended too: the first five and the last five."""
    links: tuple[str, ...] = ()
    opened_at: UtcTime
    last_at: UtcTime
    """Time of the newest contact or answer."""
    summary: tuple[str, ...] = ()
    """Three lines: what the customer tried, what we did or did not do, what was promised."""
    policy_hash: str = ""
