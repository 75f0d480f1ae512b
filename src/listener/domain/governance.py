"""What the company declares, what was in force, what was raised, and who did what."""

from typing import Any, Literal

from pydantic import Field

from listener.domain.contract import UtcTime, Versioned
from listener.domain.response import Level


class Fix(Versioned):
    """A declared fix of a root cause, so that its effect can be checked."""

    fix_id: str
    root_cause: str
    effective_at: UtcTime
    by: str
    description: str = ""
    declared_at: UtcTime


class ConfigInForce(Versioned):
    """A policy, taxonomy or settings file as it was in force from `at` on."""

    name: str
    hash: str
    content: dict[str, Any]
    at: UtcTime


AlertKind = Literal["spike", "breach", "warning", "silent_source", "black_hole", "dead_letters"]
Sign = Literal["cause_spike", "cause_growing", "cause_new", "source_volume", "source_mood"]
"""What is unusual: many people raise a root cause at once, more and more do, for the first time; a source says far
more than usual, or complains far more."""


class Alert(Versioned):
    """Something that a person should look at. The same thing due at the same time is the same alert.

    The last record of an `alert_id` holds: an alert stands until it is withdrawn, and may be raised again.
    """

    alert_id: str
    kind: AlertKind
    subject: str
    """The case of a breach, a warning or a black hole; the root cause of a spike whose sign is one of a cause; the
    source of the others."""
    due_at: UtcTime
    text: str
    withdrawn: bool = False
    severity: Literal["info", "warning", "critical"] = "warning"
    sign: Sign | None = None
    """spike: what is unusual."""
    examples: tuple[str, ...] = ()
    """spike: mention ids that show it."""
    clock: str | None = None
    """breach, warning: kind of the clock."""
    anchor: str | None = None
    """breach, warning, black_hole: mention id of the contact that waits."""
    queue: str | None = None
    owner: str | None = None
    level: Level | None = None
    """queue, owner, level: of the case, while the alert stands."""


class AuditEntry(Versioned):
    """Who did what to which id; never any text of a customer's."""

    entry_id: str
    actor: str
    action: str
    subject: str
    at: UtcTime
    detail: dict[str, str] = Field(default_factory=dict)
