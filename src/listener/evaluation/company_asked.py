"""What people asked of a simulated company, and when it became a black hole: in truth, and as labels that err say
it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from listener.domain.enriched import Enrichment, Need, Severity
from listener.domain.mention import Mention
from listener.domain.response import Response
from listener.evaluation.triage import World
from listener.simulator.company import DESKS
from listener.simulator.truth import Given, MatterTruth, MentionTruth, Role, Said, judge
from listener.simulator.voices import milliseconds

GRACE: Final = timedelta(hours=24)
"""How long after its target a contact that nobody answered is a black hole, unless a policy says otherwise."""
QUEUES: Final = ("safety", "complaints", "service")
"""Of the policy of the simulated company."""


class Ask(NamedTuple):
    """A contact as somebody labels it.

    Attributes:
        queue: where it alone would wait.
        vanished_at: when nobody had answered it by target and grace; None where that did not come, and for what
            is asked again before the answer.
    """

    queue: str
    vanished_at: datetime | None


@dataclass(frozen=True)
class Asked:
    """A contact that wants an answer in truth, or as enrichment finds, or both."""

    contact: MentionTruth
    true: Ask | None
    found: Ask | None


def asked_of(world: World, found: Mapping[str, Enrichment]) -> list[Asked]:
    """Every contact that asks, with the answers that left a trace: of others nobody can know.

    Attempts and targets are those of `listener.simulator.truth`. With found labels what enrichment finds to want
    an answer is a contact, of the same matter as in truth.
    """
    times = {one.mention_id: one.occurred_at for one in world.recorded if isinstance(one, Mention)}
    times |= {one.response_id: one.occurred_at for one in world.recorded if isinstance(one, Response)}
    lone = ([name] for name in found if world.mentions[name].matter_id is None)
    groups: list[tuple[Sequence[str], MatterTruth | None]] = [(names, None) for names in lone]
    groups.extend((matter.contacts, matter) for matter in world.matters)
    return [
        asked
        for names, matter in groups
        for asked in _of_group(
            [world.mentions[name] for name in names if name in found],
            sorted(times[name] for name in (matter.answers if matter else ())),
            found,
            world.as_of,
        )
    ]


def _of_group(
    contacts: Sequence[MentionTruth],
    answers: Sequence[datetime],
    found: Mapping[str, Enrichment],
    as_of: datetime,
) -> Iterator[Asked]:
    seems: list[Role] = ["contact" if found[one.mention_id].needs_response else "other" for one in contacts]
    in_truth = _vanished(contacts, [one.role for one in contacts], answers, as_of)
    as_found = _vanished(contacts, seems, answers, as_of)
    for one, role in zip(contacts, seems, strict=True):
        words, name = found[one.mention_id], one.mention_id
        asks = one.role in ("contact", "reply")
        true = Ask(_queue(one.need, one.severity), in_truth.get(name)) if asks else None
        says = Ask(_queue(words.need, words.severity), as_found.get(name)) if role == "contact" else None
        if true or says:
            yield Asked(one, true, says)


def _vanished(
    contacts: Sequence[MentionTruth], roles: Sequence[Role], answers: Sequence[datetime], as_of: datetime
) -> dict[str, datetime]:
    """When contacts of one matter became black holes; of attempts that wait for one answer the first counts."""
    said = [_said(one, role) for one, role in zip(contacts, roles, strict=True)]
    given = [
        Given(str(at), milliseconds(at), milliseconds(at), "answered", "front_line", "email")
        for at in answers
    ]
    verdicts = judge(said, given, milliseconds(as_of))
    vanished: dict[str, datetime] = {}
    answered: set[datetime | None] = set()
    for one in contacts:
        verdict = verdicts.get(one.mention_id)
        if verdict is None or verdict.due_at is None:
            continue
        answer = next((at for at in answers if at >= one.occurred_at), None)
        ends = one.occurred_at + _target(one) + GRACE
        if answer not in answered and (answer is None or answer > ends):
            vanished[one.mention_id] = ends
        answered.add(answer)
    return vanished


def _said(contact: MentionTruth, role: Role) -> Said:
    at, target_ms = milliseconds(contact.occurred_at), _target(contact) // timedelta(milliseconds=1)
    return Said(contact.mention_id, at, at, target_ms, role, False, contact.level, contact.channel)


def _target(contact: MentionTruth) -> timedelta:
    return timedelta(hours=DESKS[contact.channel].target_hours)


def _queue(need: Need, severity: tuple[Severity, ...]) -> str:
    if "safety" in severity:
        return "safety"
    return "complaints" if need == "complaint" else "service"
