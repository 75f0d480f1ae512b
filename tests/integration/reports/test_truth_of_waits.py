"""Reports on who was answered, and when, beside the truth.

The expected figures are counted in plain Python from the cases of `true_cases`: an answer that left no trace was
never heard of, so it is none; two matters of a party that share a cause within the window are one case.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import NamedTuple, TypeVar

import pytest

from listener.domain.mention import Mention, Reach
from listener.reports.answer import Window
from listener.reports.view import read
from listener.simulator.company import PUBLIC
from told_company import EVER, Company
from true_cases import NO_CASE, TrueCase, heard_until

pytestmark = pytest.mark.clickhouse

HOUR = timedelta(hours=1)
DAY_HOURS, WEEK_HOURS = 24, 168
COUNTED = ("cases", "parties", "answered", "never_answered", "closed", "deleted", "answered_elsewhere")
Key = TypeVar("Key")


class Wait(NamedTuple):
    """How long somebody waited, and what ended it; "waiting" where nothing has."""

    hours: float
    ended: str


def first_of(case: TrueCase, until: datetime, ends: Sequence[tuple[datetime | None, str]]) -> Wait:
    """The wait until the first of these; the later-named one where two are at once."""
    known = [(at, name) for at, name in ends if at is not None]
    at, name = min(reversed(known), key=lambda end: end[0], default=(until, "waiting"))
    return Wait(max(at - case.opening.at, timedelta()) / HOUR, name)


def answered(case: TrueCase, until: datetime) -> Wait:
    """Until a person answers, or the first contact is deleted."""
    answer = case.first_answer
    return first_of(case, until, [(case.deleted_at, "deleted"), (answer and answer.at, "answered")])


def resolved(case: TrueCase, until: datetime) -> Wait:
    """Until it is resolved, or ends otherwise."""
    end = case.ended_by
    return first_of(case, until, [(case.deleted_at, "deleted"), (end and end.at, end.kind if end else "")])


def binned(hours: float) -> float:
    """Rounded up to a minute in the first four hours, 15 in two days, an hour in two weeks, then to a day."""
    for upto, in_an_hour in ((4, 60), (48, 4), (336, 1)):
        if hours <= upto:
            return ceil(round(hours * in_an_hour, 6)) / in_an_hour
    return ceil(round(hours / DAY_HOURS, 6)) * DAY_HOURS


def steps(waits: Sequence[Wait], event: str) -> Iterator[tuple[float, float]]:
    """The product-limit estimate of the share to whom this happened: after so many hours it becomes so much."""
    left, still_waiting, share = len(waits), 1.0, 0.0
    for hours in sorted({wait.hours for wait in waits}):
        ends = Counter(wait.ended for wait in waits if wait.hours == hours)
        share += still_waiting * ends[event] / left
        still_waiting *= 1 - (ends.total() - ends["waiting"]) / left
        left -= ends.total()
        yield hours, share


def within(waits: Sequence[Wait], event: str, hours: float) -> float | None:
    """The share to whom it happened in so many hours; unknown where whoever waited longest still waits."""
    longest = max(wait.hours for wait in waits)
    if hours > longest and any(wait.ended == "waiting" for wait in waits if wait.hours == longest):
        return None
    return max((share for at, share in steps(waits, event) if at <= hours), default=0.0)


def mean_hours(waits: Sequence[Wait]) -> float:
    """Hours of a week without an answer: the area above the curve."""
    points = [(0.0, 0.0), *((at, share) for at, share in steps(waits, "answered") if at < WEEK_HOURS)]
    spans = pairwise([*points, (WEEK_HOURS, 0.0)])
    return sum((1 - share) * (later - at) for (at, share), (later, _) in spans)


def by_channel(cases: Sequence[TrueCase]) -> dict[tuple[str, str], list[TrueCase]]:
    found: dict[tuple[str, str], list[TrueCase]] = defaultdict(list)
    for case in cases:
        found[case.opening.truth.channel, case.opening.truth.visibility].append(case)
    return found


def test_channels_answer_as_many_and_as_soon_as_they_truly_do(company: Company, window: Window) -> None:
    """Shares and means are those of a product-limit estimate from the true waits, each in its documented bin."""
    until = heard_until(company.world)
    rows = {(row["channel"], row["visibility"]): row for row in company.report("channels", window)}
    true = by_channel(company.asked(window))
    assert rows.keys() == true.keys()
    for key, cases in true.items():
        row, exact = rows[key], [answered(case, until) for case in cases]
        ends = Counter(wait.ended for wait in exact)
        elsewhere = [
            case
            for case, wait in zip(cases, exact, strict=True)
            if wait.ended == "answered" and case.first_answer and case.first_answer.channel != key[0]
        ]
        assert {name: row[name] for name in COUNTED} == {
            "cases": len(cases),
            "parties": len({case.party for case in cases}),
            "answered": ends["answered"],
            "never_answered": ends["waiting"],
            "closed": 0,
            "deleted": ends["deleted"],
            "answered_elsewhere": len(elsewhere),
        }, key
        waits = [Wait(binned(wait.hours), wait.ended) for wait in exact]
        for hours in (1, DAY_HOURS, WEEK_HOURS):
            assert row[f"within_{hours}h"] == pytest.approx(within(waits, "answered", hours), abs=1e-9), key
        assert row["mean_hours"] == pytest.approx(mean_hours(waits), abs=1e-9), key
        assert mean_hours(exact) <= row["mean_hours"] <= mean_hours(exact) + 1, key
        solved = [Wait(binned(wait.hours), wait.ended) for wait in (resolved(case, until) for case in cases)]
        share = within(solved, "resolved", WEEK_HOURS)
        assert row["resolved_within_168h"] == pytest.approx(share, abs=1e-9), key
    assert sum(row["deleted"] for row in rows.values()) or window != EVER


def test_who_was_answered_came_back_as_often_as_is_true(company: Company, window: Window) -> None:
    """A party comes back with the first case in which it asks after the answer."""
    until = heard_until(company.world)
    figures = ("answered", "came_back", "came_back_same", "came_back_public")
    true: dict[str, Counter[str]] = defaultdict(Counter)
    of_party: dict[str, list[TrueCase]] = defaultdict(list)
    for case in sorted(company.asked(window), key=lambda case: case.opening.at):
        of_party[case.party].append(case)
    for case in company.asked(window):
        answer = case.first_answer
        if answer is None or answered(case, until).ended != "answered":
            continue
        later = (other for other in of_party[case.party] if other.opening.at > answer.at)
        following = next(later, None)
        came = None if following is None else following.opening.truth.channel
        true[answer.channel] += Counter(
            answered=1,
            came_back=came is not None,
            came_back_same=came == answer.channel,
            came_back_public=came in PUBLIC,
        )
    rows = {row["channel"]: row for row in company.report("what-we-teach", window) if row["answered"]}
    assert rows.keys() == true.keys()
    for name, counts in true.items():
        assert {figure: rows[name][figure] for figure in figures} == {
            figure: counts[figure] for figure in figures
        }, name


def test_the_view_of_where_people_go_next_adds_up_to_the_report(company: Company, window: Window) -> None:
    told = read(company.client, "what_we_teach", window)
    for row in company.report("what-we-teach", window):
        its = [one for one in told if one["answered_by"] == row["channel"]]
        back = [one for one in its if one["next_channel"]]
        assert sum(one["cases"] for one in its) == row["answered"]
        assert sum(one["cases"] for one in back) == row["came_back"]
        same = sum(one["cases"] for one in back if one["next_channel"] == row["channel"])
        assert same == row["came_back_same"]


def test_outcomes_are_those_of_customers_who_were_answered_and_of_the_others(
    company: Company, window: Window
) -> None:
    until = heard_until(company.world)
    values: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for (party,), case in firsts(company.asked(window), lambda case: (case.party,)).items():
        if not party.startswith("c:"):
            continue
        began = case.opening.at
        its = [
            outcome
            for outcome in company.world.outcomes
            if party == f"c:{outcome.customer_id}"
            and began < outcome.occurred_at <= began + timedelta(days=90)
        ]
        helped = answered(case, until).ended == "answered"
        for kind in ("repeat_purchase", "churn"):
            values[kind, helped].append(float(any(outcome.kind == kind for outcome in its)))
        if scores := [outcome.value for outcome in its if outcome.kind == "csat"]:
            values["csat", helped].append(sum(scores) / len(scores))
    rows = {row["kind"]: row for row in company.report("outcomes", window)}
    assert rows.keys() == {kind for kind, _ in values}
    for (kind, helped), each in values.items():
        side = "answered" if helped else "unanswered"
        assert rows[kind][side] == len(each), kind
        assert rows[kind][f"mean_{side}"] == pytest.approx(sum(each) / len(each), abs=1e-9), kind


def firsts(cases: Sequence[TrueCase], key: Callable[[TrueCase], Key]) -> dict[Key, TrueCase]:
    """The first case of each key."""
    found: dict[Key, TrueCase] = {}
    for case in sorted(cases, key=lambda case: case.opening.at):
        found.setdefault(key(case), case)
    return found


def test_by_reach_mark_and_segment_as_many_are_answered_in_a_day_as_truly_are(
    company: Company, window: Window
) -> None:
    """Of a party counts the first case of each channel, need, cause and severity that was observed for a day, and
    the most that was ever told of one of its accounts: some have a loud and a quiet one."""
    until = heard_until(company.world)
    segments = {f"c:{customer.customer_id}": customer.segment for customer in company.world.customers}
    reach, marked = followers_of(company), marks_of(company)
    observed = [case for case in company.asked(window) if seen_for_a_day(answered(case, until))]
    stratum = firsts(
        observed,
        lambda case: (
            case.party,
            case.opening.truth.channel,
            case.opening.truth.need,
            case.cause,
            case.severe,
        ),
    )
    true: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for case in stratum.values():
        wait = answered(case, until)
        quick = wait.ended == "answered" and wait.hours <= DAY_HOURS
        true["reach", reach_in_words(reach.get(case.party))].append(quick)
        true["verified", {None: "not told", False: "no", True: "yes"}[marked.get(case.party)]].append(quick)
        true["segment", segments.get(case.party) or "none"].append(quick)
    told = {(party, reach_in_words(of.followers), of.verified) for party, of in told_reach(company)}
    several = Counter(party for party, *_ in told)
    assert any(several[case.party] > 1 for case in stratum.values())
    rows = {(row["attribute"], row["value"]): row for row in company.report("fairness", window)}
    assert rows.keys() == true.keys()
    for key, each in true.items():
        assert rows[key]["parties"] == len(each), key
        assert rows[key]["in_a_day"] == pytest.approx(sum(each) / len(each), abs=1e-9), key


def seen_for_a_day(wait: Wait) -> bool:
    return wait.ended != "waiting" or wait.hours >= DAY_HOURS


def followers_of(company: Company) -> dict[str, int]:
    """The most that was ever told of an account of a party."""
    found: dict[str, int] = {}
    for party, reach in told_reach(company):
        if reach.followers is not None:
            found[party] = max(found.get(party, 0), reach.followers)
    return found


def marks_of(company: Company) -> dict[str, bool]:
    """Whether an account of a party was ever marked as verified."""
    found: dict[str, bool] = {}
    for party, reach in told_reach(company):
        if reach.verified is not None:
            found[party] = found.get(party, False) or reach.verified
    return found


def told_reach(company: Company) -> Iterator[tuple[str, Reach]]:
    for value in company.world.recorded:
        truth = company.world.mentions.get(value.mention_id) if isinstance(value, Mention) else None
        if truth is not None and truth.need not in NO_CASE and isinstance(value, Mention) and value.reach:
            yield company.parties[truth.author], value.reach


def reach_in_words(followers: int | None) -> str:
    if followers is None:
        return "not told"
    bounds = ((100, "below 100"), (1000, "100 to 999"), (10_000, "1000 to 9999"))
    return next((words for bound, words in bounds if followers < bound), "10000 and more")
