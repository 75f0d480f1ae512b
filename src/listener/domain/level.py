"""The load of levels: which cases want a place at one that has a capacity, and which have it."""

from pydantic import Field

from listener.domain.contract import Contract, UtcTime, Versioned
from listener.domain.enriched import NO_CAUSE
from listener.domain.response import Level


class LevelClaim(Versioned):
    """A case wants a place at a level, or gives it back; the highest version about a case holds."""

    level: Level
    case_id: str
    party: str
    anchor_author: str
    version: int = Field(ge=0, lt=2**63)
    """Of the case's snapshot."""
    open: bool
    claimed_at: UtcTime | None = None
    """Open: when what led to the level happened: who waits longer has the place."""
    root_cause: str = NO_CAUSE
    owner: str | None = None
    erased: bool = False
    """Not open since the author was erased: nothing of the claim may stay on a disk."""


class LevelPlace(Contract):
    """Whether a case has a place at a level; the highest sequence about a case and level holds."""

    level: Level
    case_id: str
    admitted: bool
    sequence: int = Field(ge=1)
