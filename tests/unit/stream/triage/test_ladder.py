"""How far up a case goes, whose it is there, and what follows from who the customer is."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import pytest

from listener.domain.case import Case
from listener.domain.document import read_document
from listener.domain.mention import Reach
from stream import offline
from stream.ledger.ledger import Ledger, Recorded
from stream.levels import MAX_CLAIMS
from stream.moments import to_ms
from stream.triage.cases import group_cases
from stream.triage.failed_contacts import judge
from stream.triage.ladder import stand
from stream.triage.party_state import PartyState
from stream.triage.policy import DEFAULT, Policy, default_policy
from stream.triage.triage import Triage
from unit.stream.worlds import (
    NOW,
    TaggedTexts,
    at,
    command,
    customers,
    live,
    mention,
    put_all,
    response,
    stages,
)

BY_DEPTH = """
depth: {front_line: manager, manager: executive}
contested: {front_line: manager, manager: executive}
"""
OWNERS = """
zone: Europe/Berlin
levels:
  manager:
    owners:
      - {name: Max}
      - {name: Bea, causes: [cause-a], absent: [{from: 2026-11-03, until: 2026-11-04}]}
      - {name: Ben, causes: [cause-a.b, cause-c]}
"""


def policy(more: str) -> Policy:
    return read_document(Policy, DEFAULT.read_text() + more, "p.yaml")


def only_case(values: Sequence[Recorded], more: str = "", now: datetime = NOW) -> Case:
    both = put_all(stages(policy(more), now=now), values)
    both.drain()
    [case] = live(both)
    return case


def rules(case: Case) -> list[str]:
    return [reason.rule for reason in case.reasons]


def said(name: str, hours: float, text: str = "complaint cause-a", **fields: Any) -> Recorded:
    return mention(name, text, hours, **fields)


def declined(name: str, contact: str, hours: float, level: str = "front_line") -> Recorded:
    return response(name, contact, "x:a", hours, kind="declined", level=level, reason="no")


SAID = said("1", 0)
MANAGER_ANSWERED = response("r", "1", "x:a", 1, level="manager", kind="resolved")


@pytest.mark.parametrize(
    ("values", "level", "rule"),
    [
        pytest.param([SAID, declined("n", "1", 1)], "front_line", None, id="no failure"),
        pytest.param([SAID], "manager", "depth.front_line", id="the front line failed"),
        pytest.param(
            [SAID, MANAGER_ANSWERED, said("2", 9)],
            "executive",
            "depth.manager",
            id="a manager failed",
        ),
        pytest.param(
            [SAID, declined("n", "1", 1), said("2", 9)],
            "manager",
            "contested.front_line",
            id="a no is contested",
        ),
        pytest.param(
            [SAID, declined("n", "1", 1), said("2", 9, channel="executive", visibility="private")],
            "manager",
            "contested.front_line",
            id="a letter to the executives is a contact like any other",
        ),
        pytest.param(
            [SAID, declined("n", "1", 1, "manager"), said("2", 9)],
            "executive",
            "contested.manager",
            id="a manager's no is contested",
        ),
        pytest.param(
            [SAID, declined("n", "1", 1), said("2", 9, "question cause-a")],
            "front_line",
            None,
            id="asks why",
        ),
    ],
)
def test_depth_leads_up(values: Sequence[Recorded], level: str, rule: str | None) -> None:
    now = at(30)
    if len(values) > 1:
        now = at(10)
    for order in (values, values[::-1]):
        case = only_case(order, BY_DEPTH, now)
        assert case.level == level
        told = [name for name in rules(case) if name.startswith(("depth.", "contested."))]
        assert told == ([] if rule is None else [rule])


def test_a_contested_no_is_no_failure() -> None:
    case = only_case([SAID, declined("n", "1", 1), said("2", 9)], BY_DEPTH, at(10))
    assert (case.failed_contacts, case.failed_levels, case.state) == (0, (), "reopened")
    plain = only_case([SAID, declined("n", "1", 1), said("2", 9)], "", at(10))
    assert plain.level == "front_line"


def test_the_higher_of_number_and_depth_holds() -> None:
    values = [SAID, MANAGER_ANSWERED, said("2", 9)]
    assert only_case(values, "", at(10)).level == "manager"
    assert only_case(values, BY_DEPTH, at(10)).level == "executive"
    many = [said(str(number), 30 * number) for number in range(3)]
    assert only_case(many, "", at(200)).level == "executive"
    assert only_case(many, "\ndepth: {front_line: manager}\n", at(200)).level == "executive"


def test_where_nobody_answers_each_level_fails_in_turn() -> None:
    values = [said(str(number), 30 * number) for number in range(3)]
    case = only_case(values, BY_DEPTH, at(200))
    assert case.failed_levels == ("front_line", "manager", "executive")


@pytest.mark.parametrize(
    ("text", "now_hours", "owner", "told"),
    [
        pytest.param("complaint cause-a", 30, "Bea", ["levels.manager.owners"], id="named for the cause"),
        pytest.param("complaint cause-a.x", 30, "Bea", ["levels.manager.owners"], id="and what is below it"),
        pytest.param(
            "complaint cause-c", 30, "Ben", ["levels.manager.owners"], id="each a cause of their own"
        ),
        pytest.param("complaint cause-z", 30, "Max", ["levels.manager.owners"], id="named for none"),
        pytest.param("complaint", 30, "Max", ["levels.manager.owners"], id="no cause is known"),
        pytest.param(
            "complaint cause-a", 46.9, "Bea", ["levels.manager.owners"], id="before midnight in Berlin"
        ),
        pytest.param(
            "complaint cause-a",
            47,
            "Max",
            ["levels.manager.owners.absent", "levels.manager.owners"],
            id="absent from the first day",
        ),
        pytest.param(
            "complaint cause-a.b",
            94.9,
            "Ben",
            ["levels.manager.owners.absent", "levels.manager.owners"],
            id="to the end of the last; to the next who is named",
        ),
        pytest.param("complaint cause-a", 95, "Bea", ["levels.manager.owners"], id="there again"),
        pytest.param("complaint legal_threat cause-a", 30, "legal-desk", [], id="a queue may keep its cases"),
    ],
)
def test_the_first_owner_who_is_there(text: str, now_hours: float, owner: str, told: list[str]) -> None:
    case = only_case([said("1", 0, text)], OWNERS, at(now_hours))
    assert (case.level, case.owner) == ("manager", owner)
    assert [rule for rule in rules(case) if rule.startswith("levels.")] == told


def test_what_is_settled_keeps_the_owner_of_its_last_day() -> None:
    late = response("r", "1", "x:a", 50, kind="resolved")
    for now_hours in (51.0, 95.0, 5000.0):
        assert only_case([SAID, late], OWNERS, at(now_hours)).owner == "Max"
    assert only_case([SAID], OWNERS, at(5000)).owner == "Bea"


def test_where_everybody_is_absent_the_case_goes_on_as_if_nobody_were_named() -> None:
    away = "absent: [{from: 2026-11-01, until: 2027-01-01}]"
    named = f"\nlevels: {{manager: {{owners: [{{name: Max, {away}}}, {{name: Mia, {away}}}]}}}}\n"
    case = only_case([SAID], named)
    assert case.owner == "customer-care-manager"
    absent = [reason.text for reason in case.reasons if reason.rule == "levels.manager.owners.absent"]
    assert absent == ["Max is absent until 2027-01-01", "Mia is absent until 2027-01-01"]


def test_a_person_decides_before_the_levels() -> None:
    assigned = command("c", "assign", "x:a", ["1"], 5, owner="Jo")
    case = only_case([SAID, assigned], OWNERS)
    assert (case.owner, [rule for rule in rules(case) if "owners" in rule]) == ("Jo", [])


def next_ms(values: Sequence[Recorded], more: str, now: datetime) -> int | None:
    """What the standing of the only case says about when it changes."""
    both = put_all(stages(policy(more), now=now), values)
    both.drain()
    state = both.state("triage", "a:x:a")
    assert state is not None
    made = policy(more)
    [case] = group_cases(PartyState.unpacked(state).visible(), 1e12)
    verdict = judge(case, made, to_ms(now))
    return stand(case, verdict.failed.values(), verdict.contests, made, refused=(), now_ms=to_ms(now)).next_ms


def test_the_next_change_is_told() -> None:
    assert next_ms([SAID], OWNERS, at(30)) == to_ms(at(47))
    assert next_ms([SAID], OWNERS, at(47)) == to_ms(at(95))
    assert next_ms([SAID], OWNERS, at(95)) is None
    settled = response("r", "1", "x:a", 40, kind="resolved")
    assert next_ms([SAID, settled], OWNERS, at(41)) is None
    full = "\nlevels: {manager: {capacity: 1}}\n"
    answered = response("r", "1", "x:a", 40)
    assert next_ms([SAID, answered], full, at(41)) == to_ms(at(40 + 14 * 24))
    assert next_ms([SAID, answered], full, at(40 + 14 * 24)) is None


def test_a_segment_is_a_counted_reason_and_off_by_default() -> None:
    gold = mention("1", "complaint", 0, email="one@example.org")
    none = mention("1", "complaint", 0, email="two@example.org")
    more = "\nsegments: {gold: {priority: 5}}\n"
    base = only_case([gold], "", at(1))
    assert base.priority == 50
    case = only_case([gold], more, at(1))
    assert (case.priority, rules(case)[-1]) == (55, "segments.gold")
    assert only_case([none], more, at(1)).priority == 50


REACH = """
reach:
  show: true
  followers: [{at_least: 1000, priority: 5}, {at_least: 100000, priority: 10}]
"""


@pytest.mark.parametrize(
    ("followers", "priority", "rule"),
    [
        (None, 50, "priority"),
        (999, 50, "priority"),
        (1000, 55, "reach.followers>=1000"),
        (10**6, 60, "reach.followers>=100000"),
    ],
)
def test_reach_counts_where_the_policy_says_so_and_leaves_a_reason(
    followers: int | None, priority: int, rule: str
) -> None:
    loud = mention("1", "complaint", 0, reach=Reach(followers=followers, verified=True))
    case = only_case([loud], REACH, at(1))
    assert (case.priority, rules(case)[-1]) == (priority, rule)
    quiet = only_case([loud], "", at(1))
    assert (quiet.priority, quiet.reach, quiet.contacts[0].reach) == (50, (), None)


def test_reach_is_shown_where_the_policy_says_so() -> None:
    values = [
        mention("1", "complaint cause-a", 0, reach=Reach(followers=10)),
        mention("2", "complaint cause-a", 1, reach=Reach(followers=12)),
    ]
    [told] = only_case(values, REACH, at(2)).reach
    assert (told.followers, told.basis, told.source) == (12, "verified", "x")


def test_equal_needs_go_by_waiting_time_and_a_louder_channel_overtakes_nobody() -> None:
    both = put_all(
        stages(now=at(20)),
        [
            mention("quiet", "complaint", 1, "x:q", channel="email", visibility="private"),
            mention("loud", "complaint", 2, "x:l", reach=Reach(followers=10**7, verified=True, likes=9**9)),
            mention("first", "complaint cause-b", 0, "x:f", channel="email", visibility="private"),
            mention("again", "complaint cause-b", 10, "x:f", reply_to="x:first"),
            mention("danger", "complaint safety", 19, "x:d", channel="letter", visibility="private"),
        ],
    )
    both.drain()
    order = sorted(
        live(both), key=lambda case: (-case.priority, case.waiting_since or case.opened_at, case.case_id)
    )
    assert [case.anchor for case in order] == ["x:danger", "x:first", "x:quiet", "x:loud"]
    assert {case.priority for case in order[1:]} == {50}


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("\nlevels: {front_line: {capacity: 3}}\n", "levels.front_line"),
        ("\nlevels: {manager: {capacity: -1}}\n", "levels.manager.capacity"),
        (f"\nlevels: {{manager: {{capacity: {MAX_CLAIMS + 1}}}}}\n", "levels.manager.capacity"),
        ("\nlevels: {manager: {owners: [{causes: [a]}]}}\n", "levels.manager.owners.0.name"),
        (
            "\nlevels: {manager: {owners: [{name: A, absent: [{from: 2026-01-02, until: 2026-01-01}]}]}}\n",
            "until is before from",
        ),
        (
            "\nlevels: {manager: {owners: [{name: A, absent: [{from: 2026-01-02, until: 9999-12-31}]}]}}\n",
            "the years 1900 to 2199",
        ),
        ("\nzone: Mars\n", "zone: Value error, no such time zone"),
        ("\nzone: Europe\n", "zone: Value error, no such time zone"),
        ("\nzone: ../etc\n", "zone: Value error, no such time zone"),
        ("\ndepth: {executive: manager}\n", "executive leads to manager, which is below it"),
        ("\ncontested: {front_line: front_line}\n", "contested.front_line"),
        ("\nsegments: {gold: {priority: 500}}\n", "segments.gold.priority"),
        (
            "\nreach: {followers: [{at_least: 9, priority: 1}, {at_least: 9, priority: 2}]}\n",
            "each step needs more followers",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(more: str, problem: str) -> None:
    with pytest.raises(Exception, match=r"p\.yaml:\d+: ") as raised:
        policy(more)
    assert problem in str(raised.value)


def test_the_default_policy_uses_none_of_it() -> None:
    made = default_policy()
    assert (made.levels, made.depth, made.contested, made.segments) == ({}, {}, {}, {})
    assert not made.reach.in_use


def test_a_timer_passes_a_case_on_when_its_owner_goes_and_back_when_the_owner_comes() -> None:
    made, index = policy(OWNERS), customers()
    told = offline.run([SAID], Ledger(TaggedTexts(), index), Triage(made, index), at(96)).published
    owners = [output.value.owner for output in told if isinstance(output.value, Case)]
    assert [owner for owner, _ in groupby(owners)] == ["owner of cause-a", "Bea", "Max", "Bea"]
