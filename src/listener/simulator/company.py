"""The simulated company, Brambleway Broadband & Travel: what goes wrong in it, and how its channels answer.

The rates are invented. What they express is the pattern that the product is about: public contacts are answered
fast and mostly, private ones slowly and often never, and shouting is rewarded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from listener.domain.contract import format_utc
from listener.domain.governance import Fix
from listener.domain.mention import Channel
from listener.domain.response import Level
from listener.simulator.settings import SimulationSettings

NAME = "Brambleway"
FULL_NAME = "Brambleway Broadband & Travel"
COMPANY_ACCOUNT = "BramblewayHelp"
DOMAIN = "brambleway.example.test"

SourceKind = Literal[
    "sim-social", "sim-forum", "sim-review", "sim-email", "sim-phone", "sim-form", "sim-letter"
]
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True)
class Cause:
    """Something that goes wrong again and again.

    Attributes:
        node: its name, as a node of the company's taxonomy.
        owner: owner of the process that has to change.
        daily_rate: needs per customer and day.
        fixable: chance (0..1) that a first answer really ends the trouble.
        unsafe: chance that it puts somebody in danger.
    """

    node: str
    owner: str
    daily_rate: float
    fixable: float
    unsafe: float = 0.005


CAUSES: tuple[Cause, ...] = (
    Cause("outage", "network", 0.0019, 0.55, 0.02),
    Cause("billing", "finance", 0.0018, 0.55),
    Cause("refund", "finance", 0.0014, 0.45),
    Cause("delay", "operations", 0.0019, 0.40, 0.01),
    Cause("lost-baggage", "baggage services", 0.0009, 0.50),
    Cause("app", "digital", 0.0013, 0.60),
    Cause("rude-staff", "people", 0.0009, 0.40),
    Cause("contract", "sales", 0.0010, 0.50),
    Cause("delivery", "logistics", 0.0010, 0.55),
    Cause("missed-appointment", "field service", 0.0008, 0.60),
)
"""Named as a usual taxonomy names them; the last one is a cause that such taxonomies do not know."""
CAUSE_OF: dict[str, Cause] = {cause.node: cause for cause in CAUSES}


@dataclass(frozen=True)
class Desk:
    """How the company answers what comes in through one channel.

    Attributes:
        channel: what it is.
        source_kind: through which kind of source it is heard.
        answer_probability: chance that a person ever answers a contact there.
        median_hours: of the time to that answer, with `spread` (deviation of the logarithm).
        automatic: chance of an automatic acknowledgement.
        target_hours: the response target; round the clock.
        heard_after_seconds: usual time until a connector hears it.
    """

    channel: Channel
    source_kind: SourceKind
    answer_probability: float
    median_hours: float
    spread: float
    automatic: float
    target_hours: float
    heard_after_seconds: float


DESKS: dict[Channel, Desk] = {
    desk.channel: desk
    for desk in (
        Desk("social", "sim-social", 0.88, 0.6, 1.0, 0.0, 4, 6),
        Desk("forum", "sim-forum", 0.64, 7.0, 0.9, 0.0, 24, 90),
        Desk("review", "sim-review", 0.50, 24.0, 0.8, 0.0, 72, 600),
        Desk("email", "sim-email", 0.55, 20.0, 0.9, 0.75, 48, 20),
        Desk("phone", "sim-phone", 0.66, 0.15, 1.2, 0.0, 24, 60),
        Desk("web_feedback", "sim-form", 0.30, 34.0, 0.8, 0.6, 48, 2),
        Desk("letter", "sim-letter", 0.40, 130.0, 0.5, 0.0, 240, 7200),
        Desk("executive", "sim-letter", 0.88, 40.0, 0.7, 0.0, 120, 3600),
    )
}
PUBLIC: frozenset[Channel] = frozenset({"social", "forum", "review"})

ANSWER_PROBABILITY_BY_LEVEL: dict[Level, float] = {
    "product": 1.0,
    "front_line": 1.0,
    "manager": 1.15,
    "executive": 1.3,
}
"""Factor on a desk's answer probability where a contact is addressed to that level."""
RESOLVES_BY_LEVEL: dict[Level, float] = {
    "product": 0.8,
    "front_line": 1.0,
    "manager": 1.35,
    "executive": 1.7,
}
"""Factor on a cause's chance of being really ended by an answer."""


@dataclass(frozen=True)
class Period:
    """A time in which one cause arises `factor` times as often as usual."""

    node: str
    starts_at: datetime
    ends_at: datetime | None
    factor: float


@dataclass(frozen=True)
class History:
    """What happens to the company: one incident, one fix that works."""

    incident: Period
    fix: Period
    declared: Fix

    def factor(self, node: str, at: datetime) -> float:
        """How many times as often as usual this cause arises at this moment."""
        factor = 1.0
        for period in (self.incident, self.fix):
            if (
                period.node == node
                and period.starts_at <= at
                and (period.ends_at is None or at < period.ends_at)
            ):
                factor *= period.factor
        return factor

    def in_incident(self, node: str, at: datetime) -> bool:
        """Whether a need that arises now belongs to the incident."""
        return self.factor(node, at) > 1


def history_of(settings: SimulationSettings) -> History:
    """The incident at about half of the history, the fix at two thirds of it."""
    start, length = settings.starts_at, timedelta(days=settings.days)
    broken_from = start + length * 0.45
    incident = Period("outage", broken_from, broken_from + min(timedelta(days=4), length * 0.15), 9.0)
    fixed_from = start + length * 0.65
    fix = Period("refund", fixed_from, None, 0.3)
    declared = Fix(
        fix_id=f"sim-{settings.seed}-{format_utc(settings.ends_at)[:10]}-refund",
        root_cause=fix.node,
        effective_at=fixed_from,
        by=CAUSE_OF[fix.node].owner,
        description="Refunds are now paid out by the booking system itself, without a form in between.",
        declared_at=fixed_from,
    )
    return History(incident, fix, declared)
