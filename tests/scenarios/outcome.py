"""What came out of a scenario, beside what was to come out: every difference in a line that a person reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from listener.domain.case import Case
from listener.domain.governance import Alert
from scenarios.format import ExpectedAlert, ExpectedCase, in_words
from scenarios.laid import Laid

SPOKEN = ("reasons", "summary", "advice")
"""Fields of which a part is enough."""


class Outcome(NamedTuple):
    """What there is in the end: the newest snapshot of each case, and the last word on each alert, by id."""

    cases: Mapping[str, Case]
    alerts: Mapping[str, Alert]

    def own(self, laid: Laid) -> "Outcome":
        """What of it is of one scenario."""
        cases = {name: case for name, case in self.cases.items() if f":{laid.name}/" in case.anchor}
        alerts = {
            name: alert for name, alert in self.alerts.items() if f":{laid.name}/" in (alert.anchor or "")
        }
        return Outcome(cases, alerts)

    def canonical(self) -> dict[str, dict[str, Any]]:
        """What does not depend on the order of arrival: cases but for versions and former ids, and what alerts."""
        cases = {
            name: case.model_dump(mode="json", exclude={"version", "supersedes"})
            for name, case in self.cases.items()
            if case.state != "superseded"
        }
        alerts = {name: alert.model_dump(mode="json") for name, alert in self.standing().items()}
        return cases | alerts

    def standing(self) -> dict[str, Alert]:
        """The alerts that are not withdrawn."""
        return {name: alert for name, alert in self.alerts.items() if not alert.withdrawn}


def differences(laid: Laid, outcome: Outcome, *, in_order: bool = False) -> list[str]:
    """In which ways it came out otherwise.

    Args:
        laid: what was to be.
        outcome: of this scenario alone.
        in_order: everything was processed as it happened, so that each former case was published once.
    """
    return list(_Comparison(laid, outcome, in_order=in_order).differences())


def unlike(outcome: Outcome, other: Outcome) -> list[str]:
    """What differs between two outcomes that are to be the same."""
    here, there = outcome.canonical(), other.canonical()
    told = []
    for name in sorted(here.keys() | there.keys()):
        one, two = here.get(name), there.get(name)
        if one is None or two is None:
            told.append(f"{name} is only in one of the runs: {one or two}")
        else:
            told += [
                f"{name}: {field} is {one.get(field)} here, and {two.get(field)} there"
                for field in one.keys() | two.keys()
                if one.get(field) != two.get(field)
            ]
    return told


def told_of(laid: Laid, problems: Iterable[str]) -> str:
    """What is wrong with a scenario, for a person."""
    return "\n  ".join([f"{laid.name}: {laid.scenario.title}", *problems])


class _Comparison:
    def __init__(self, laid: Laid, outcome: Outcome, *, in_order: bool) -> None:
        self._laid = laid
        self._cases = cases = outcome.cases
        self._alerts = outcome.standing().values()
        self._in_order = in_order
        said = [one for event in laid.scenario.events if event.say for one in event.say.each()]
        self._names = {laid.mention_id(say.id): say.id for say in said}
        self._said_at = {say.id: say.at for say in said}
        self._home = {
            self._names.get(contact.mention_id, contact.mention_id): case
            for case in cases.values()
            if case.state != "superseded"
            for contact in case.contacts
        }

    def differences(self) -> Iterator[str]:
        expect = self._laid.scenario.expect
        found: set[str] = set()
        for expected in expect.cases:
            case = self._home.get(expected.one)
            if case is None:
                yield f"case with {expected.one}: there is none"
                continue
            if case.case_id in found:
                yield f"case with {expected.one}: is the same case as another that is expected"
            found.add(case.case_id)
            for told in self._of_case(expected, case):
                yield f"case with {expected.one}: {told}"
        for case in self._home.values():
            if case.case_id not in found:
                found.add(case.case_id)
                yield f"a case that is not expected: {self._plain(case)['contacts']}, {case.state}, {case.queue}"
        for name in expect.in_no_case:
            if name in self._home:
                yield f"{name}: is in a case, with {self._plain(self._home[name])['contacts']}"
        for names in expect.same_decision:
            decisions = {name: self._decision(name) for name in names if name in self._home}
            if len(set(decisions.values())) > 1:
                told = "; ".join(f"{name}: {decision}" for name, decision in decisions.items())
                yield f"not the same decision: {told}"
        if expect.alerts is not None:
            yield from self._of_alerts(expect.alerts)

    def _of_alerts(self, expected: Sequence[ExpectedAlert]) -> Iterator[str]:
        """Those that are expected are to stand, and no others."""
        wanted = sorted(
            _told(
                {
                    "kind": alert.kind,
                    "with": alert.one,
                    "clock": alert.clock,
                    "due_at": in_words(alert.due_at),
                }
            )
            for alert in expected
        )
        found = sorted(
            _told(
                {
                    "kind": alert.kind,
                    "with": self._names.get(alert.anchor or "", alert.anchor),
                    "clock": alert.clock,
                    "due_at": self._since_start(alert.due_at),
                }
            )
            for alert in self._alerts
        )
        yield from (f"alerts: missing {alert}" for alert in wanted if alert not in found)
        yield from (f"alerts: not expected {alert}" for alert in found if alert not in wanted)

    def _decision(self, name: str) -> str:
        """Queue, level, owner, priority, and how long after the contact an answer is due."""
        case = self._home[name]
        due = None if case.due_at is None else case.due_at - self._laid.starts_at - self._said_at[name]
        left = "answered" if due is None else f"due after {in_words(due)}"
        return f"{case.queue}, {case.level}, {case.owner}, priority {case.priority}, {left}"

    def _of_case(self, expected: ExpectedCase, case: Case) -> Iterator[str]:
        plain = self._plain(case)
        for field in sorted(expected.model_fields_set - {"one", "superseded", "clocks"}):
            wanted = getattr(expected, field)
            if field in SPOKEN:
                if not wanted and plain[field]:
                    yield f"{field}: expected none, found {' | '.join(plain[field])}"
                for text in wanted:
                    if not any(text in line for line in plain[field]):
                        yield f"{field}: none says “{text}”, but: {' | '.join(plain[field]) or 'nothing'}"
                continue
            if isinstance(wanted, timedelta):
                wanted = in_words(wanted)
            elif isinstance(wanted, tuple):
                wanted = list(wanted)
            if wanted != plain[field]:
                why = f" ({'; '.join(plain['reasons'])})" if field in ("queue", "level", "owner") else ""
                yield f"{field}: expected {_told(wanted)}, found {_told(plain[field])}{why}"
        for name in expected.superseded or ():
            yield from self._of_superseded(name, case)
        if expected.clocks is not None:
            yield from self._of_clocks(expected, case)

    def _of_superseded(self, name: str, case: Case) -> Iterator[str]:
        former = self._cases.get(self._laid.case_id(name))
        if former is None:
            if self._in_order:
                yield f"superseded: no case was ever named after {name}"
        elif former.state != "superseded":
            yield f"superseded: the case named after {name} is {former.state}"
        elif former.superseded_by != case.case_id:
            yield f"superseded: the case named after {name} leads to {former.superseded_by}, not to {case.case_id}"

    def _of_clocks(self, expected: ExpectedCase, case: Case) -> Iterator[str]:
        """Every clock that is expected is to be there; others may be."""
        found = [
            {
                "kind": clock.kind,
                "state": clock.state,
                "due_at": self._since_start(clock.due_at),
                "started_at": self._since_start(clock.started_at),
                "stopped_at": self._since_start(clock.stopped_at),
            }
            for clock in case.clocks
        ]
        for clock in expected.clocks or ():
            wanted = {
                field: in_words(value) if isinstance(value, timedelta) else value
                for field, value in clock.model_dump(exclude_unset=True).items()
            }
            if not any(wanted.items() <= clock_found.items() for clock_found in found):
                yield f"clocks: no {_told(wanted)} among {' | '.join(map(_told, found)) or 'none'}"

    def _since_start(self, moment: datetime | None) -> str | None:
        return None if moment is None else in_words(moment - self._laid.starts_at)

    def _plain(self, case: Case) -> dict[str, Any]:
        """A case in the words of scenarios."""
        prefix = self._laid.own("")
        return {
            "state": case.state,
            "queue": case.queue,
            "level": case.level,
            "owner": case.owner,
            "priority": case.priority,
            "waiting_since": self._since_start(case.waiting_since),
            "due_at": self._since_start(case.due_at),
            "opened_at": self._since_start(case.opened_at),
            "last_at": self._since_start(case.last_at),
            "contacts": [self._names.get(c.mention_id, c.mention_id) for c in case.contacts],
            "contact_count": case.contact_count,
            "texts": [contact.excerpt for contact in case.contacts],
            "failed": [self._names.get(c.mention_id, c.mention_id) for c in case.contacts if c.failed],
            "failed_contacts": case.failed_contacts,
            "failed_levels": list(case.failed_levels),
            "answers": [answer.kind for answer in case.responses],
            "goodwill": [f"{given.amount:g} {given.currency}" for given in case.goodwill],
            "root_cause": case.root_cause,
            "root_cause_owner": case.root_cause_owner,
            "severity": list(case.severity),
            "regulatory": [clock.kind for clock in case.clocks if clock.family == "regulatory"],
            "black_holes": [
                self._names.get(hole.contact, hole.contact) for hole in case.black_holes if not hole.ended_at
            ],
            "former_black_holes": [
                self._names.get(hole.contact, hole.contact) for hole in case.black_holes if hole.ended_at
            ],
            "needs_response": case.needs_response,
            "historical": case.historical,
            "customer": case.customer and case.customer.customer_id.removeprefix(prefix),
            "authors": [self._laid.account(author) for author in case.authors],
            "reach": [shown.words or f"{shown.followers} followers" for shown in case.reach],
            "reasons": [f"{reason.rule}: {reason.text}" for reason in case.reasons],
            "summary": list(case.summary),
            "advice": list(case.advice),
        }


def _told(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_told(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_told, value)) + "]"
    return str(value)
