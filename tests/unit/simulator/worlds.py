"""Simulated worlds for these tests, sorted by what they contain."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from listener.domain.customer import Customer
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.response import Outcome, Response
from listener.simulator import (
    DayTruth,
    Event,
    MatterTruth,
    MentionTruth,
    SimulationSettings,
    TruthKnown,
    simulate,
)

ENDS_AT = datetime(2026, 1, 1, tzinfo=UTC)


def settings(customers: int = 300, days: int = 20, seed: int = 1, **others: Any) -> SimulationSettings:
    return SimulationSettings(customers=customers, days=days, seed=seed, ends_at=ENDS_AT, **others)


@dataclass
class Sorted:
    """Everything of one world."""

    events: list[Event] = field(default_factory=list)
    customers: dict[str, Customer] = field(default_factory=dict)
    inbound: dict[str, Mention] = field(default_factory=dict)
    outbound: list[Mention] = field(default_factory=list)
    edits: list[Mention] = field(default_factory=list)
    deletions: list[MentionDeleted] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    truths: list[MentionTruth] = field(default_factory=list)
    matters: list[MatterTruth] = field(default_factory=list)
    days: list[DayTruth] = field(default_factory=list)

    @property
    def truth(self) -> dict[str, MentionTruth]:
        return {truth.mention_id: truth for truth in self.truths}


@lru_cache(maxsize=4)
def world(of: SimulationSettings) -> Sorted:
    found = Sorted()
    for event in simulate(of):
        if isinstance(event, TruthKnown):
            match event.value:
                case MentionTruth():
                    found.truths.append(event.value)
                case MatterTruth():
                    found.matters.append(event.value)
                case DayTruth():
                    found.days.append(event.value)
            continue
        found.events.append(event)
        match event.value:
            case Customer():
                found.customers[event.value.customer_id] = event.value
            case Mention(revision=0, direction="inbound"):
                found.inbound[event.value.mention_id] = event.value
            case Mention(revision=0):
                found.outbound.append(event.value)
            case Mention():
                found.edits.append(event.value)
            case MentionDeleted():
                found.deletions.append(event.value)
            case Response():
                found.responses.append(event.value)
            case Outcome():
                found.outcomes.append(event.value)
    return found
