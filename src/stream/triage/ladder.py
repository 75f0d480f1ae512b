"""How far up a case belongs, where it stands, and who owns it there: a pure function of what failed and of now.

Three things lead up, and the highest holds: how many contacts have failed (`escalation`), which levels have
failed (`depth`), and whose no is contested (`contested`). A case that waits for us claims each level with a
capacity that it belongs to; where it is told that the level is full, it stands a level below, and claims that.

An owner who is absent is passed over. What waits for us goes by today's absences; what does not, by those of
the day of its last event, so that nothing finished ever changes.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from listener.domain.case import OPEN_STATES
from listener.domain.response import Level
from stream.moments import DAY_MS
from stream.triage.cases import DraftCase
from stream.triage.policy import Policy
from stream.triage.policy_levels import one_below, rank

WORDS: dict[Level, str] = {
    "product": "the product",
    "front_line": "the front line",
    "manager": "a manager",
    "executive": "an executive",
}
"""Levels in sentences."""


class Failure(NamedTuple):
    """A failed contact.

    Attributes:
        at_ms: the moment from which on it was one: the target passed, the complaint came back, a person marked it.
        level: which failed.
        why: in words.
    """

    at_ms: int
    level: Level
    why: str


class Contest(NamedTuple):
    """The customer complains again after a no, which is no failure; `level` is whose no it was."""

    at_ms: int
    level: Level


class Ground(NamedTuple):
    """Why a case belongs at a level, and since when."""

    level: Level
    at_ms: int
    rule: str
    text: str


class Why(NamedTuple):
    """A reason before it is published: the rule by name, and in words."""

    rule: str
    text: str


class Claim(NamedTuple):
    """A place at a level that a case wants; the earlier ones get theirs first."""

    level: Level
    at_ms: int


class Standing(NamedTuple):
    """Where a case stands.

    Attributes:
        owner: of the case at this level, where the policy names one.
        reasons: of the level.
        owner_reasons: of the owner, and of who was passed over.
        claims: the levels with a capacity that it takes part in, the highest first.
        next_ms: when this changes next if nothing happens until then.
    """

    level: Level
    owner: str | None = None
    reasons: tuple[Why, ...] = ()
    owner_reasons: tuple[Why, ...] = ()
    claims: tuple[Claim, ...] = ()
    next_ms: int | None = None


def belongs_to(policy: Policy, failures: Iterable[Failure], contests: Iterable[Contest]) -> Level:
    """The level that what has failed so far leads to."""
    grounds = _grounds(policy, list(failures), contests)
    return max((ground.level for ground in grounds), key=rank, default=policy.escalation[0].level)


def stand(
    case: DraftCase,
    failures: Collection[Failure],
    contests: Collection[Contest],
    policy: Policy,
    *,
    refused: Collection[Level],
    now_ms: int,
) -> Standing:
    """Where a case stands at a time.

    Args:
        refused: levels that are known to be full for this case.
        now_ms: decides what has passed: absences, and how long the customer has not come back.
    """
    base = policy.escalation[0]
    if not failures and not contests and base.level not in policy.levels:
        return Standing(base.level)
    grounds = _grounds(policy, failures, contests)
    level = max((ground.level for ground in grounds), key=rank, default=base.level)
    reasons = [Why(ground.rule, ground.text) for ground in _telling(grounds, level)]
    until_ms = _holds_until_ms(case, policy)
    holds = until_ms is None or now_ms < until_ms
    claims: list[Claim] = []
    while holds and (capacity := policy.capacity(level)) is not None:
        since_ms = case.contacts[0].at_ms if rank(level) <= rank(base.level) else _reached_ms(grounds, level)
        claims.append(Claim(level, since_ms))
        if level not in refused:
            break
        reasons.append(_full(level, capacity))
        level = one_below(level)
    as_of_ms = now_ms if case.life.pending else case.last_ms
    owner, owner_reasons, change_ms = _owner(
        policy, level, len(failures), bool(grounds), case.cause, as_of_ms
    )
    moments = [until_ms if claims else None, change_ms if case.life.pending else None]
    return Standing(
        level,
        owner,
        tuple(reasons),
        owner_reasons,
        tuple(claims),
        min((moment for moment in moments if moment is not None), default=None),
    )


def _grounds(policy: Policy, failures: Collection[Failure], contests: Iterable[Contest]) -> list[Ground]:
    """Everything that leads somewhere; of the steps by number all that were reached, the last one last."""
    grounds = list(_by_number(policy, failures))
    failed = {
        level: min(f.at_ms for f in failures if f.level == level) for level in {f.level for f in failures}
    }
    for level, at_ms in failed.items():
        if (following := policy.depth.get(level)) is not None:
            text = f"{WORDS[level]} has failed in this matter: {following}"
            grounds.append(Ground(following, at_ms, f"depth.{level}", text))
    refusals: dict[Level, int] = {}
    for contest in contests:
        refusals.setdefault(contest.level, contest.at_ms)
    for level, at_ms in refusals.items():
        if (following := policy.contested.get(level)) is not None:
            text = f"the customer does not accept the no of {WORDS[level]}: {following}"
            grounds.append(Ground(following, at_ms, f"contested.{level}", text))
    return grounds


def _by_number(policy: Policy, failures: Collection[Failure]) -> Iterator[Ground]:
    moments = sorted(failure.at_ms for failure in failures)
    count = len(moments)
    for step in policy.escalation:
        if count and step.failures <= count:
            text = f"{count} failed contact{'s' if count > 1 else ''} in this matter: {step.level}"
            yield Ground(
                step.level, moments[max(step.failures, 1) - 1], f"escalation.failures>={step.failures}", text
            )


def _telling(grounds: Sequence[Ground], level: Level) -> Iterator[Ground]:
    """The step that the number of failures leads to, and whatever else leads to the level."""
    steps = [ground for ground in grounds if ground.rule.startswith("escalation.")]
    yield from steps[-1:]
    yield from sorted(
        (ground for ground in grounds if ground.level == level and not ground.rule.startswith("escalation.")),
        key=lambda ground: ground.rule,
    )


def _reached_ms(grounds: Iterable[Ground], level: Level) -> int:
    """Since when something leads to this level or above."""
    return min(ground.at_ms for ground in grounds if rank(ground.level) >= rank(level))


def _holds_until_ms(case: DraftCase, policy: Policy) -> int | None:
    """Until when the case takes up room at its level; None for as long as it waits for us.

    What is closed, or known from imports only, takes none. A customer who does not come back within the window
    in which the case would take more contacts has left it.
    """
    if case.life.state not in OPEN_STATES or all(said.row.historical for said in case.contacts):
        return 0
    if case.life.pending:
        return None
    return case.last_ms + round(policy.window_days * DAY_MS)


def _full(level: Level, capacity: int) -> Why:
    taken = f"all {capacity} places are" if capacity != 1 else "the only place is"
    return Why(f"levels.{level}.capacity", f"{level}: {taken} taken; {one_below(level)} until one is free")


def _owner(
    policy: Policy, level: Level, failures: int, led_up: bool, cause: str, as_of_ms: int
) -> tuple[str | None, tuple[Why, ...], int | None]:
    """Whose the case is at a level, why, and when that changes; nobody's where the policy names nobody."""
    rules = policy.levels.get(level) if level in ("manager", "executive") else None
    zone = ZoneInfo(policy.zone)
    reasons: list[Why] = []
    change_ms = None
    if rules is not None:
        fitting = rules.owners_for(cause)
        bounds = (bound for owner in fitting for away in owner.absent for bound in away.within_ms(zone))
        change_ms = min((bound for bound in bounds if bound > as_of_ms), default=None)
        for owner in fitting:
            away = owner.absence(as_of_ms, zone)
            if away is None:
                text = f"{level} cases{' about ' + cause if owner.causes else ''} belong to {owner.name}"
                reasons.append(Why(f"levels.{level}.owners", text))
                return owner.name, tuple(reasons), change_ms
            text = f"{owner.name} is absent until {away.last}"
            reasons.append(Why(f"levels.{level}.owners.absent", text))
    if led_up:
        reached = (step for step in reversed(policy.escalation) if step.failures <= failures)
        others = (step for step in reversed(policy.escalation) if step.owner is not None)
        step = next((step for step in (*reached, *others) if step.level == level), None)
        if step is not None and step.owner is not None:
            text = f"{level} cases belong to {step.owner}"
            reasons.append(Why(f"escalation.failures>={step.failures}.owner", text))
            return step.owner, tuple(reasons), change_ms
    return None, tuple(reasons), change_ms
