"""Deadlines as data, the timers that wake them, and simulated time."""

from typing import Literal

from pydantic import Field

from listener.domain.contract import Contract, UtcTime, Versioned
from listener.domain.mention import Channel

ClockState = Literal["running", "paused", "met", "breached", "withdrawn"]


ClockFamily = Literal["promise", "regulatory"]


class Clock(Contract):
    """One deadline of one case. It is met exactly if a valid stop occurred by `due_at`."""

    kind: str
    """``first_response``, ``next_response``, ``resolution``, or ``<regulatory clock>.<stage>``."""
    family: ClockFamily = "promise"
    """Whether the company promised it, or a regulator demands it."""
    jurisdiction: str | None = None
    """Of a regulatory clock: ISO 3166 code."""
    anchor: str
    """Mention id of the contact that started it."""
    started_at: UtcTime
    due_at: UtcTime
    """With all pauses that have ended; while it is paused, as it stood when the pause began."""
    warn_at: UtcTime | None = None
    warned: bool = False
    """It runs, and `warn_at` has come."""
    stopped_at: UtcTime | None = None
    """Time of the first valid stop, whether in time or not."""
    stopped_by: str | None = None
    """Id of the answer, or of the command by which a person closed the case."""
    paused_at: UtcTime | None = None
    """While it is paused: since when."""
    black_hole_at: UtcTime | None = None
    """When the contact becomes a black hole, if nobody answers it until then."""
    state: ClockState
    """withdrawn: what it rested on is gone, or a person said that it is no complaint."""
    historical: bool = False
    """It began with a contact that was imported: it counts, but sets no timer and raises nothing."""
    policy_hash: str = ""


class BlackHole(Contract):
    """A contact that nobody answered by its target and the grace after it. A no is an answer."""

    contact: str
    """Mention id of the contact; what came after it, unanswered as well, is chained to it."""
    author: str
    source: str
    channel: Channel
    queue: str
    """Where the contact alone would wait."""
    owner: str | None = None
    """Who owns that queue, or the root cause where its cases go to that owner."""
    since: UtcTime
    """When it was said."""
    due_at: UtcTime
    became_at: UtcTime
    """Target and grace had passed."""
    acknowledged_at: UtcTime | None = None
    """When it was acknowledged, which is no answer."""
    chased: tuple[str, ...] = ()
    """Mention ids of later contacts that asked again before anybody answered; the first five."""
    chased_count: int = Field(default=0, ge=0)
    last_chased_at: UtcTime | None = None
    ended_at: UtcTime | None = None
    """When a person answered; None: it is a black hole still."""
    ended_by: str | None = None
    """Id of that answer."""


class TimerDue(Versioned):
    """A party is to be looked at: by `due_at` its cases say something else, or something is held back."""

    party: str
    due_at: UtcTime
    """It is not earlier than this, whatever the clock of whoever reads it shows; 1970 where that is no matter."""
    clock_kind: str = ""
    anchor: str = ""
    """clock_kind, anchor: of the clock, where the timer is of a single one."""


class ClockTick(Versioned):
    """Simulated time, on the one-partition topic `clock`; the highest tick read is now."""

    at: UtcTime
    sequence: int = Field(default=0, ge=0)
