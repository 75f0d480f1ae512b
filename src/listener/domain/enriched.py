"""A mention with what Listener says about it, and on what that rests."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from listener.domain.contract import Contract, Versioned, rejected
from listener.domain.mention import Mention, MentionDeleted

Need = Literal["complaint", "question", "request", "praise", "unsure", "mention", "copy", "spam"]
Severity = Literal["safety", "legal_threat", "vulnerable"]
MatchStatus = Literal["matched", "ambiguous", "unknown"]

NO_CAUSE = "unknown"
"""Stands for: none of the taxonomy's root causes."""
ANSWERED: frozenset[Need] = frozenset({"complaint", "question", "request", "unsure"})
"""Needs that want an answer."""
NEVER_OPENS: frozenset[Need] = frozenset({"mention", "copy", "spam"})
"""Needs of contacts that are recorded with a case that they belong to, and never open one."""
TOLD = "told"
"""Stands for the version of what no model or rule made, but somebody said; the audit knows who."""


class Language(Contract):
    """ISO 639-1 code, or ``und`` where it cannot be told; with the detector's probability."""

    code: str
    probability: float = Field(ge=0, le=1)


class Sentiment(Contract):
    """VADER's scores; given only where the language is English."""

    compound: float = Field(ge=-1, le=1)
    label: Literal["negative", "neutral", "positive"]


class Complaint(Contract):
    """How sure it is that this is a complaint, and the words that say so."""

    probability: float = Field(ge=0, le=1)
    evidence: tuple[str, ...] = ()


class RootCause(Contract):
    """A node of the taxonomy that this mention is about."""

    node: str
    owner: str
    score: float = Field(ge=0, le=1)
    evidence: tuple[str, ...] = ()


def as_told(found: tuple[RootCause, ...], told: RootCause) -> tuple[RootCause, ...]:
    """The root causes of a mention, once it was said what it is about.

    What was said takes the place of the most likely one, further ones stay; `NO_CAUSE` leaves none.
    """
    if told.node == NO_CAUSE:
        return ()
    if found and found[0].node == told.node:
        return found
    known = next((cause for cause in found if cause.node == told.node), told)
    return (known, *(cause for cause in found[1:] if cause.node != told.node))


def need_as_told(need: Need, needs_response: bool, told: bool | None) -> tuple[Need, bool]:
    """The need of a mention, and whether it needs a response, once a person said whether it does.

    Args:
        told: what was said; None: nothing.
    """
    if told is None:
        return need, needs_response
    if told:
        return need if need in ANSWERED else "unsure", True
    return need if need in NEVER_OPENS else "mention", False


class Match(Contract):
    """Which customer the author is, in whose words; nobody where two are about as likely."""

    status: MatchStatus
    customer_id: str | None = None
    method: Literal["confirmed", "handle", "email", "phone", "reference", "weighed", "none"] = "none"
    evidence: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    version: str = ""
    """Of the rules and weights that it was found with."""


class Enrichment(Contract):
    """Everything that was found out from the mention alone; a pure function of text and reference data."""

    language: Language
    sentiment: Sentiment | None = None
    complaint: Complaint
    need: Need
    needs_response: bool
    need_reasons: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    root_causes: tuple[RootCause, ...] = ()
    """Most likely first; empty where none fits."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Step to the version of the rules or model that made its result."""
    reach_claims: tuple[str, ...] = ()
    """What the author says about how far their words carry, as they say it; nothing else here rests on it."""
    copy_of: str | None = None
    """Key of the words, which every mention in the same words shares, in whatever capitals, with whatever handles
    and links, retweeted or pasted; None where they are few or the company's own."""
    copy_marks: tuple[int, ...] = ()
    """Mentions in nearly the same words most likely share one."""


class EnrichedMention(Versioned):
    """A mention, what was found out about it, and whose it is. A deleted mention has lost its text."""

    kind: Literal["enriched"] = "enriched"
    party: str
    epoch: int = Field(ge=1)
    author: str
    """Whose history it belongs to (`Mention.key`)."""
    deleted: bool = False
    mention: Mention
    enrichment: Enrichment
    match: Match
    grouping_cause: str = NO_CAUSE
    """The root cause that joined this contact to a case: the first revision's, or a person's."""
    grouping_revision: int = 0
    """Revision that `grouping_cause` was found in; the lowest seen holds."""
    told_cause: RootCause | None = None
    """What a person, or `listener reclassify --history`, said that this revision is about; see `as_told`."""
    told_response: bool | None = None
    """What a person said of whether this revision needs a response; see `need_as_told`."""


class EnrichedDeletion(Versioned):
    """The news that a mention was deleted, on its way to the party that it belongs to."""

    kind: Literal["deleted"] = "deleted"
    party: str
    epoch: int = Field(ge=1)
    author: str
    deletion: MentionDeleted


EnrichedValue = Annotated[EnrichedMention | EnrichedDeletion, Field(discriminator="kind")]
_ENRICHED: TypeAdapter[EnrichedMention | EnrichedDeletion] = TypeAdapter(EnrichedValue)


def read_enriched(value: bytes | str) -> EnrichedMention | EnrichedDeletion:
    """Reads a value of `mentions.enriched`.

    Raises:
        Rejected: not JSON, or neither of the two.
    """
    try:
        return _ENRICHED.validate_json(value)
    except ValidationError as error:
        raise rejected(error) from None
