"""What the policy decides about a case: queue, level, owner, priority, due time; with reasons that name rules.

Decides on needs, severity, causes, failures and time alone, unless the policy says something about segments or
reach. Advice, such as to go on in private, is no part of it: see `stream.triage.summary`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from listener.domain.case import CaseCustomer, Reason
from listener.domain.enriched import Need, Severity
from listener.domain.response import Level
from stream.history import newest_command
from stream.triage.cases import DraftCase
from stream.triage.events import Said
from stream.triage.failed_contacts import Verdict, due_ms
from stream.triage.ladder import Standing, Why
from stream.triage.policy import NEEDS, Policy, Queue

SEVERITIES: tuple[Severity, ...] = ("safety", "legal_threat", "vulnerable")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about a case, and why."""

    queue: str
    level: Level
    owner: str | None
    priority: int
    due_ms: int | None
    reasons: tuple[Reason, ...]
    need: Need
    severity: tuple[Severity, ...]
    root_cause: str
    root_cause_owner: str | None


def decide(
    case: DraftCase, verdict: Verdict, standing: Standing, customer: CaseCustomer | None, policy: Policy
) -> Decision:
    """Applies the policy to a case."""
    contacts = case.contacts
    needs = {said.row.need for said in contacts}
    need: Need = next((need for need in NEEDS if need in needs), "unsure")
    severity = tuple(word for word in SEVERITIES if any(word in said.row.severity for said in contacts))
    cause = case.cause
    cause_owner = _cause_owner(contacts, cause)
    queue = policy.queue_for(need, frozenset(severity), cause)
    owner, owner_reasons = _owner(case, queue, standing, cause_owner)
    due_ms = _due_ms(case, verdict, policy)
    priority, priority_reason = _priority(policy, need, severity, len(verdict.failed))
    favours = list(_favours(policy, case, customer))
    reasons = [
        _queue_reason(queue, need, severity, cause),
        *_reasons(standing.reasons),
        *owner_reasons,
        priority_reason,
    ]
    reasons.extend(reason for _, reason in favours)
    priority = max(0, min(100, priority + sum(points for points, _ in favours)))
    return Decision(
        queue=queue.name,
        level=standing.level,
        owner=owner,
        priority=priority if case.life.pending or case.life.unthanked else 0,
        due_ms=due_ms,
        reasons=tuple(reasons),
        need=need,
        severity=severity,
        root_cause=cause,
        root_cause_owner=cause_owner,
    )


def _reasons(whys: Iterable[Why]) -> tuple[Reason, ...]:
    return tuple(Reason(rule=why.rule, text=why.text) for why in whys)


def _cause_owner(contacts: list[Said], cause: str) -> str | None:
    """The process owner of a root cause, where the enrichment named one."""
    for said in contacts:
        if cause in said.row.causes:
            return said.row.owners[said.row.causes.index(cause)]
    return None


def _owner(
    case: DraftCase, queue: Queue, standing: Standing, cause_owner: str | None
) -> tuple[str | None, tuple[Reason, ...]]:
    """A person's choice, else the level's owner, else the root cause's, else the queue's.

    A queue that keeps its cases goes before the level.
    """
    assigned = newest_command(case.assignments)
    if assigned is not None:
        text = f"assigned to {assigned.owner} by {assigned.by}"
        return assigned.owner, (Reason(rule="command.assign", text=text),)
    passed_over: tuple[Reason, ...] = ()
    if not (queue.keeps_owner and queue.owner is not None):
        passed_over = _reasons(standing.owner_reasons)
        if standing.owner is not None:
            return standing.owner, passed_over
    if queue.to_cause_owner and cause_owner is not None:
        text = f"the root cause belongs to {cause_owner}"
        return cause_owner, (*passed_over, Reason(rule=f"queues.{queue.name}.to_cause_owner", text=text))
    if queue.owner is not None:
        text = f"{queue.name} belongs to {queue.owner}"
        return queue.owner, (*passed_over, Reason(rule=f"queues.{queue.name}.owner", text=text))
    return None, passed_over


def _queue_reason(queue: Queue, need: str, severity: tuple[str, ...], cause: str) -> Reason:
    grounds = []
    if queue.severities:
        grounds.append(f"severity {', '.join(word for word in severity if word in queue.severities)}")
    if queue.needs:
        grounds.append(f"need {need}")
    if queue.causes:
        grounds.append(f"root cause {cause}")
    text = f"{' and '.join(grounds) or 'no other queue fits'}: {queue.name}"
    return Reason(rule=f"queues.{queue.name}", text=text)


def _priority(
    policy: Policy, need: Need, severity: tuple[Severity, ...], failures: int
) -> tuple[int, Reason]:
    rules = policy.priority
    parts = [f"need {need} {rules.needs[need]}"]
    total = rules.needs[need]
    worst = max((rules.severities.get(word, 0) for word in severity), default=0)
    if worst:
        total += worst
        parts.append(f"severity {worst}")
    if failures and rules.per_failure:
        total += failures * rules.per_failure
        parts.append(f"failures {failures * rules.per_failure}")
    return total, Reason(rule="priority", text=", ".join(parts))


def _favours(policy: Policy, case: DraftCase, customer: CaseCustomer | None) -> Iterator[tuple[int, Reason]]:
    """What who the customer is adds to the priority, where the policy says so; each use is a reason of its own."""
    segment = None if customer is None else customer.segment
    rules = None if segment is None else policy.segments.get(segment)
    if rules is not None:
        yield (
            rules.priority,
            Reason(rule=f"segments.{segment}", text=f"segment {segment} {rules.priority:+d}"),
        )
    if policy.reach.followers:
        followers = max((said.row.reach[0] or 0 for said in case.contacts if said.row.reach), default=0)
        step = policy.reach.step_for(followers)
        if step is not None:
            yield step.priority, Reason(rule=step.rule, text=f"{followers} followers {step.priority:+d}")


def _due_ms(case: DraftCase, verdict: Verdict, policy: Policy) -> int | None:
    """When the first of what waits is to be answered, or praise to be thanked for."""
    if not case.life.pending and not case.life.unthanked:
        return None
    waiting = [attempt.due_ms for attempt in verdict.attempts if attempt.answer is None]
    if waiting:
        return min(waiting)
    since_ms, name = case.life.unthanked or case.life.pending[0]  # praise, or reopened by a person
    said = next((said for said in case.contacts if said.name == name), case.contacts[0])
    return due_ms(policy, said, since_ms, answered=not case.life.unthanked)
