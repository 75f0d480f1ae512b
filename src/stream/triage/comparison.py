"""What another policy would change: the cases of two runs over the same records, side by side."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from listener.domain.case import OPEN_STATES, Case

_GROUPS: tuple[tuple[str, Callable[[Case], str]], ...] = (
    ("queue", lambda case: case.queue),
    ("level", lambda case: case.level),
    ("owner", lambda case: case.owner or "nobody"),
)


class Row(NamedTuple):
    """One queue, level or owner under policy a and under policy b; or how many cases moved between two.

    Attributes:
        what: ``queue``, ``level`` or ``owner``; ``moved`` for cases that are in another one under b.
        name: which one; for ``moved``: from where to where.
        cases_a: cases, open or not.
        waiting_a: those that wait for an answer.
        overdue_a: those of them whose time to be answered has passed.
        failed_a: contacts in them that the company failed.
        oldest_hours_a: how long the first unanswered contact of the one that waits longest has waited.
    """

    what: str
    name: str
    cases_a: int
    cases_b: int
    waiting_a: int | None = None
    waiting_b: int | None = None
    overdue_a: int | None = None
    overdue_b: int | None = None
    failed_a: int | None = None
    failed_b: int | None = None
    oldest_hours_a: float | None = None
    oldest_hours_b: float | None = None


class _Load(NamedTuple):
    cases: int
    waiting: int
    overdue: int
    failed: int
    oldest_hours: float | None


def compare(a: Iterable[Case], b: Iterable[Case], now: datetime) -> list[Row]:
    """Counts cases by queue, level and owner under two policies, and the cases that moved.

    Cases that became part of another one count there only. Cases are the same under both policies unless the
    policies' `window_days` differ; a case that only one of them has is in the counts, and has not moved.

    Args:
        a: the newest snapshot of each case under one policy.
        b: under the other.
        now: when the snapshots were made.
    """
    ours, theirs = ({case.case_id: case for case in some if case.state != "superseded"} for some in (a, b))
    rows = []
    for what, of in _GROUPS:
        loads_a, loads_b = (_loads(some.values(), of, now) for some in (ours, theirs))
        for name in sorted(loads_a.keys() | loads_b.keys()):
            one, other = loads_a.get(name, _NONE), loads_b.get(name, _NONE)
            rows.append(_row(what, name, one, other))
    both = [(ours[name], theirs[name]) for name in ours.keys() & theirs.keys()]
    for what, of in _GROUPS:
        moved = Counter((of(one), of(other)) for one, other in both if of(one) != of(other))
        for (before, after), count in sorted(moved.items(), key=lambda entry: (-entry[1], entry[0])):
            rows.append(Row("moved", f"{what} {before} → {after}", count, count))
    return rows


class Decided(NamedTuple):
    """What a policy decided about a case."""

    queue: str
    level: str
    owner: str
    priority: int
    due_at: datetime | None


class Changed(NamedTuple):
    """A case that another policy decides otherwise.

    Attributes:
        before, after: None where a policy has no such case.
    """

    case_id: str
    before: Decided | None
    after: Decided | None


def changed(a: Iterable[Case], b: Iterable[Case]) -> list[Changed]:
    """The cases that are decided otherwise under two policies, the most urgent under either first.

    Cases that became part of another one are left out.
    """
    ours, theirs = (
        {case.case_id: _decided(case) for case in some if case.state != "superseded"} for some in (a, b)
    )
    found = [
        Changed(name, ours.get(name), theirs.get(name))
        for name in ours.keys() | theirs.keys()
        if ours.get(name) != theirs.get(name)
    ]
    return sorted(found, key=_urgency)


def _urgency(one: Changed) -> tuple[int, str]:
    return -max(side.priority for side in (one.before, one.after) if side is not None), one.case_id


def _decided(case: Case) -> Decided:
    return Decided(case.queue, case.level, case.owner or "nobody", case.priority, case.due_at)


_NONE = _Load(0, 0, 0, 0, None)


def _loads(cases: Iterable[Case], of: Callable[[Case], str], now: datetime) -> dict[str, _Load]:
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[of(case)].append(case)
    return {name: _load(some, now) for name, some in groups.items()}


def _row(what: str, name: str, a: _Load, b: _Load) -> Row:
    return Row(
        what,
        name,
        a.cases,
        b.cases,
        a.waiting,
        b.waiting,
        a.overdue,
        b.overdue,
        a.failed,
        b.failed,
        a.oldest_hours,
        b.oldest_hours,
    )


def _load(cases: list[Case], now: datetime) -> _Load:
    waiting = [case for case in cases if case.state in OPEN_STATES and case.waiting_since is not None]
    since = min((case.waiting_since for case in waiting if case.waiting_since), default=None)
    return _Load(
        cases=len(cases),
        waiting=len(waiting),
        overdue=sum(case.due_at is not None and case.due_at < now for case in waiting),
        failed=sum(case.failed_contacts for case in cases),
        oldest_hours=None if since is None else round((now - since).total_seconds() / 3600, 1),
    )
