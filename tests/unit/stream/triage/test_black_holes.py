"""Contacts that nobody answered."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from stream.moments import from_ms, to_ms
from stream.triage.black_holes import next_hole_ms
from stream.triage.failed_contacts import judge
from unit.stream.triage.histories import BASE, Happened, cases, holes, looked_at, policy
from unit.stream.worlds import at, command, mention, response

RULES = policy()
MONDAY = 24.0
SAID = mention("1", "complaint cause-a", MONDAY + 10, channel="email")
DUE = MONDAY + 24 + 10
VANISHED = MONDAY + 24 + 14.01
"""Target, and four opening hours of grace."""


def again(name: str, hours: float) -> Happened:
    return mention(name, "complaint cause-a", hours)


def test_it_is_one_once_target_and_grace_have_passed() -> None:
    assert holes([SAID], RULES, MONDAY + 24 + 14) == ()
    [hole] = holes([SAID], RULES, VANISHED)
    assert (hole.contact, hole.author, hole.source, hole.channel) == ("x:1", "x:a", "x", "email")
    assert (hole.queue, hole.owner) == ("service", "desk")
    assert (hole.since, hole.due_at) == (at(MONDAY + 10), at(DUE))
    assert hole.became_at == at(MONDAY + 24 + 14) + timedelta(milliseconds=1)
    assert (hole.ended_at, hole.chased, hole.acknowledged_at) == (None, (), None)


@pytest.mark.parametrize(
    ("kind", "is_one"),
    [("acknowledged", True), ("answered", False), ("declined", False), ("resolved", False)],
)
def test_an_acknowledgement_is_no_answer_and_a_no_is_one(kind: str, is_one: bool) -> None:
    given = response("r", "1", "x:a", MONDAY + 11, kind=kind)
    found = holes([SAID, given], RULES, VANISHED)
    assert [hole.acknowledged_at for hole in found] == ([at(MONDAY + 11)] if is_one else [])


@pytest.mark.parametrize(
    "happened",
    [
        [SAID, response("r", "1", "x:a", DUE + 1)],
        [SAID.model_copy(update={"historical": True})],
        [SAID.model_copy(update={"text": "complaint cause-a deleted"})],
        [mention("1", "praise", MONDAY)],
    ],
    ids=["answered in the grace", "historical", "deleted", "praise"],
)
def test_what_is_none(happened: Sequence[Happened]) -> None:
    assert holes(happened, RULES, 9999) == ()


@pytest.mark.parametrize("first", [{"historical": True}, {"text": "complaint cause-a deleted"}])
def test_whoever_asks_again_after_an_import_or_a_deleted_contact_can_vanish(first: dict[str, Any]) -> None:
    """Else a post that is deleted and written anew would never be one."""
    before = SAID.model_copy(update=first)
    [hole] = holes([before, again("2", DUE + 100)], RULES, 9999)
    assert (hole.contact, hole.chased) == ("x:2", ())
    [hole] = holes([before, again("2", MONDAY + 20), again("3", DUE + 100)], RULES, 9999)
    assert (hole.contact, hole.chased) == ("x:1", ("x:2", "x:3"))


def test_it_is_foreseen_also_where_a_long_case_does_not_show_its_clock() -> None:
    answered: list[Happened] = [
        mention("00", "complaint cause-a", MONDAY + 9),
        response("r", "00", "x:a", MONDAY + 9.5),
    ]
    rules = policy(
        BASE.replace("calendar: office", "calendar: always").replace("grace_hours: 4", "grace_hours: 99")
    )
    happened: list[Happened] = [*answered, *(again(f"{n:02}", MONDAY + 10 + n * 5) for n in range(1, 19))]
    found, _ = looked_at(happened, rules, at(MONDAY + 110))
    [case] = cases(happened, rules)
    foreseen_ms = next_hole_ms(judge(case, rules, to_ms(at(MONDAY + 110))), rules)
    assert foreseen_ms is not None
    assert foreseen_ms not in {
        to_ms(clock.black_hole_at) for clock in found if clock.black_hole_at is not None
    }
    [hole] = looked_at(happened, rules, from_ms(foreseen_ms))[1]
    assert (hole.contact, to_ms(hole.became_at)) == ("x:01", foreseen_ms)
    assert looked_at(happened, rules, from_ms(foreseen_ms - 1))[1] == ()


def test_closing_without_a_word_to_the_customer_saves_nothing() -> None:
    assert len(holes([SAID, command("c", "close", "x:a", ["1"], MONDAY + 11)], RULES, VANISHED)) == 1


def test_what_is_asked_again_is_chained_and_an_answer_ends_it() -> None:
    happened = [SAID, again("0", MONDAY + 10.2), again("2", MONDAY + 20), again("3", DUE + 100)]
    [hole] = holes(happened, RULES, DUE + 200)
    assert (hole.contact, hole.chased, hole.chased_count) == ("x:1", ("x:2", "x:3"), 2)
    assert hole.last_chased_at == at(DUE + 100)
    done = response("r", "3", "x:a", DUE + 150)
    [ended] = holes([*happened, done], RULES, 9999)
    assert (ended.ended_at, ended.ended_by, ended.chased_count) == (at(DUE + 150), "r", 2)
    later = [*happened, done, again("4", DUE + 160)]
    assert [hole.contact for hole in holes(later, RULES, 9999)] == ["x:1", "x:4"]


def test_the_root_causes_owner_has_it_where_cases_go_there() -> None:
    rules = policy(BASE.replace("owner: desk", "owner: desk\n    to_cause_owner: true"))
    assert holes([SAID], rules, VANISHED)[0].owner == "owner of cause-a"
    assert holes([mention("1", "complaint", MONDAY + 10)], rules, VANISHED)[0].owner == "desk"


def test_many_are_cut_in_the_middle() -> None:
    happened: list[Happened] = [again(f"{n:03}", MONDAY + n * 300.0) for n in range(60)]
    happened += [response(f"r{n}", f"{n:03}", "x:a", MONDAY + n * 300.0 + 250) for n in range(60)]
    rules = policy(BASE + "window_days: 3000\n")
    shown = looked_at(happened, rules, at(60 * 300.0))[1]
    assert [hole.contact for hole in shown] == [f"x:{n:03}" for n in (*range(5), *range(55, 60))]
    assert all(hole.ended_by == f"r{int(hole.contact[2:])}" for hole in shown)
