"""Reports on whom the company failed, and how far people had to go, beside the truth.

The expected figures are counted in plain Python from the cases of `true_cases`: an answer that left no trace was
never heard of, so it keeps no deadline and ends no black hole.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from listener.reports.answer import Window
from listener.reports.executives import MINUTES_PER_ANSWER
from listener.simulator.company import DESKS
from told_company import EVER, Company, Row
from true_cases import GRACE, ONE_ATTEMPT, Attempt, Contact, Given, TrueCase, heard_until

pytestmark = pytest.mark.clickhouse

MILLISECOND = timedelta(milliseconds=1)
DEADLINES = (
    *("deadlines", "met", "breached", "running", "running_out", "withdrawn"),
    *("parties", "parties_breached"),
)
BLACK_HOLES = ("contacts", "parties", "asked", "open", "acknowledged", "chased", "oldest_open")
ESCALATIONS = (
    *("cases", "parties", "parties_failed", "parties_failed_twice", "parties_went_public"),
    *("cases_went_public", "most_failed", "parties_at_executives"),
)
EXECUTIVES = ("cases", "parties", "answers", "hours", "addressed_to_them", "failed_contacts")


def test_the_contacts_that_are_taken_for_failed_are_those_of_the_truth(company: Company) -> None:
    """The other tests rest on it. Left out is what the truth decides by more than anybody could hear."""
    matters = company.matters()
    compared = [(matter, case) for matter, case in matters if case.plain and not matter.lost_answers]
    assert len(compared) > 0.85 * len(matters)
    for matter, case in compared:
        failed = {name for name in matter.contacts if company.world.mentions[name].failed}
        assert {contact.truth.mention_id for contact in case.failed} == failed
        assert case.went_public == (matter.went_public_at is not None)
        assert [answer.answer_id for answer in case.answers] == list(matter.answers)


def named(rows: list[Row], *names: str) -> dict[tuple[str, ...], Row]:
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows)
    return found


def only(row: Row, figures: tuple[str, ...]) -> Row:
    return {figure: row[figure] for figure in figures}


def test_deadlines_are_met_and_missed_as_they_truly_were(company: Company, window: Window) -> None:
    """The simulated company promises a first and a next response, by channel of the contact."""
    true: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    soon = heard_until(company.world) + timedelta(hours=24)
    for case in company.opened(window):
        source = DESKS[case.opening.truth.channel].source_kind
        for place, attempt in enumerate(case.attempts):
            kind = "next_response" if place else "first_response"
            clock = case.party, state_of(attempt, case, soon)
            true["promise", "", kind, case.opening.truth.channel, source].append(clock)
    rows = named(company.report("deadlines", window), "family", "jurisdiction", "kind", "channel", "source")
    assert rows.keys() == true.keys()
    for key, clocks in true.items():
        states = Counter(state for _, state in clocks)
        decided = {party for party, state in clocks if state in ("met", "breached")}
        missed = {party for party, state in clocks if state == "breached"}
        assert only(rows[key], DEADLINES) == {
            "deadlines": len(clocks),
            "met": states["met"],
            "breached": states["breached"],
            "running": states["running"] + states["running_out"],
            "running_out": states["running_out"],
            "withdrawn": states["withdrawn"],
            "parties": len(decided),
            "parties_breached": len(missed),
        }, key
        met_share = states["met"] / (states["met"] + states["breached"]) if decided else None
        assert rows[key]["met_share"] == pytest.approx(met_share), key
        assert rows[key]["breached_share"] == pytest.approx(
            len(missed) / len(decided) if decided else None
        ), key
    for figure in ("running", "withdrawn"):
        assert sum(row[figure] for row in rows.values()) or window != EVER


def state_of(attempt: Attempt, case: TrueCase, soon: datetime) -> str:
    if attempt.answer and not attempt.late(case.as_of):
        return "met"
    if not kept(attempt):
        return "withdrawn"
    if attempt.late(case.as_of):
        return "breached"
    return "running_out" if attempt.due_at <= soon else "running"


def kept(attempt: Attempt) -> bool:
    """Whether any of it is still there at its source."""
    return any(contact.deleted_at is None for contact in attempt.contacts)


def test_black_holes_are_where_contacts_truly_vanished(company: Company, window: Window) -> None:
    """Nobody answered by target and grace; of attempts that one answer ended, or none, the first counts."""
    found: dict[tuple[str, ...], list[tuple[TrueCase, Attempt]]] = defaultdict(list)
    for case in company.cases:
        for attempt in holes(case):
            if not window.since <= attempt.first.at < window.until:
                continue
            truth = attempt.first.truth
            queue = attempt.urgent.queue
            owner = "duty-manager" if queue == "safety" else ""
            found[truth.channel, DESKS[truth.channel].source_kind, queue, owner].append((case, attempt))
    asked: dict[str, set[str]] = defaultdict(set)
    for case in company.cases:
        for contact in case.asking:
            if window.since <= contact.at < window.until:
                asked[contact.truth.channel].add(case.party)
    rows = named(company.report("black-holes", window), "channel", "source", "queue", "owner")
    assert rows.keys() == found.keys()
    for key, its in found.items():
        still = [attempt.first.at for _, attempt in its if attempt.answer is None]
        parties = {case.party for case, _ in its}
        assert only(rows[key], BLACK_HOLES) == {
            "contacts": len(its),
            "parties": len(parties),
            "asked": len(asked[key[0]]),
            "open": len(still),
            "acknowledged": sum(acknowledged(*hole) for hole in its),
            "chased": sum(chased(*hole) for hole in its),
            "oldest_open": min(still, default=None),
        }, key
        assert rows[key]["share"] == pytest.approx(len(parties) / len(asked[key[0]])), key


def holes(case: TrueCase) -> Iterator[Attempt]:
    counted: list[Given | None] = []
    for attempt in case.attempts:
        if attempt.answer is None and not kept(attempt):
            continue
        if attempt.answer not in counted:
            counted.append(attempt.answer)
            until = attempt.answer.at if attempt.answer else case.as_of
            if attempt.due_at + GRACE + MILLISECOND <= until:
                yield attempt


def meanwhile(case: TrueCase, attempt: Attempt) -> Iterator[Contact | Given]:
    """What happened between a contact and its answer."""
    begins = case.events.index(attempt.first) + 1
    ends = case.events.index(attempt.answer) if attempt.answer else None
    yield from case.events[begins:ends]


def acknowledged(case: TrueCase, attempt: Attempt) -> bool:
    return any(isinstance(event, Given) for event in meanwhile(case, attempt))


def chased(case: TrueCase, attempt: Attempt) -> bool:
    """Whether somebody asked again, later than what is one attempt."""
    again = (event for event in meanwhile(case, attempt) if isinstance(event, Contact) and event.asks)
    return any(contact.at - attempt.first.at > ONE_ATTEMPT for contact in again)


def test_people_had_to_go_as_far_as_they_truly_had(company: Company, window: Window) -> None:
    by_cause: dict[tuple[str, ...], list[TrueCase]] = defaultdict(list)
    for case in company.opened(window):
        if case.opening.truth.visibility == "private":
            by_cause[(case.cause,)].append(case)
    rows = named(company.report("escalations", window), "root_cause")
    assert rows.keys() == by_cause.keys()
    for key, cases in by_cause.items():
        public = [case for case in cases if case.went_public]
        parties = len({case.party for case in cases})
        assert only(rows[key], ESCALATIONS) == {
            "cases": len(cases),
            "parties": parties,
            "parties_failed": len({case.party for case in cases if case.failed}),
            "parties_failed_twice": len({case.party for case in cases if len(case.failed) > 1}),
            "parties_went_public": len({case.party for case in public}),
            "cases_went_public": len(public),
            "most_failed": max(len(case.failed) for case in cases),
            "parties_at_executives": len({case.party for case in cases if case.level == "executive"}),
        }, key
        attempts = sum(case.private_attempts for case in public) / len(public) if public else 0
        assert rows[key]["private_attempts"] == pytest.approx(attempts), key
        share = len({case.party for case in public}) / parties
        assert rows[key]["went_public_share"] == pytest.approx(share), key


def test_what_reaches_the_executives_is_what_truly_reached_them(company: Company, window: Window) -> None:
    by_cause: dict[tuple[str, ...], list[TrueCase]] = defaultdict(list)
    for case in company.opened(window):
        if to_executives(case) or case.level == "executive" or by_executives(case):
            by_cause[(case.cause,)].append(case)
    rows = named(company.report("executives", window), "root_cause")
    assert rows.keys() == by_cause.keys()
    for key, cases in by_cause.items():
        answers = sum(by_executives(case) for case in cases)
        assert only(rows[key], EXECUTIVES) == {
            "cases": len(cases),
            "parties": len({case.party for case in cases}),
            "answers": answers,
            "hours": answers * MINUTES_PER_ANSWER / 60,
            "addressed_to_them": sum(map(to_executives, cases)),
            "failed_contacts": sum(len(case.failed) for case in cases),
        }, key
    assert sum(row["addressed_to_them"] for row in rows.values()) or window != EVER


def to_executives(case: TrueCase) -> bool:
    return case.opening.truth.channel == "executive"


def by_executives(case: TrueCase) -> int:
    return sum(answer.level == "executive" for answer in case.answers)
