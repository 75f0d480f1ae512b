"""The definition of a failed contact, case by case, and what must hold for any course of things."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.domain.response import ResponseKind
from listener.simulator.truth import Given, Role, Said, Verdict, judge

HOUR = 3_600_000
TARGET = 24 * HOUR
LATER = 1000 * HOUR


def said(at_hours: float, *, role: Role = "contact", complaint: bool = True, name: str = "") -> Said:
    at = int(at_hours * HOUR)
    return Said(name or f"m{at}", at, at, TARGET, role, complaint, "front_line", "email")


def given_at(at_hours: float, kind: ResponseKind = "answered") -> Given:
    at = int(at_hours * HOUR)
    return Given(f"a{at}", at, at, kind, "front_line", "email")


def verdicts(contacts: list[Said], answers: list[Given], as_of: int = LATER) -> list[Verdict]:
    judged = judge(contacts, answers, as_of)
    return [judged[contact.mention_id] for contact in contacts]


def why(contacts: list[Said], answers: list[Given], as_of: int = LATER) -> list[str | None]:
    return [verdict.failed_because for verdict in verdicts(contacts, answers, as_of)]


def test_no_answer_by_the_target_is_a_failure() -> None:
    assert why([said(0)], []) == ["unanswered"]


def test_a_late_answer_does_not_undo_it() -> None:
    assert why([said(0)], [given_at(25)]) == ["unanswered"]


def test_an_answer_at_the_very_target_is_in_time() -> None:
    assert why([said(0)], [given_at(24)]) == [None]


def test_an_automatic_acknowledgement_is_no_answer() -> None:
    assert why([said(0)], [given_at(0.01, "acknowledged")]) == ["unanswered"]


@pytest.mark.parametrize(
    ("kind", "expected"), [("answered", "came_back"), ("resolved", "came_back"), ("declined", None)]
)
def test_coming_back_as_a_complaint_fails_what_was_answered_but_not_a_no(
    kind: ResponseKind, expected: str | None
) -> None:
    assert why([said(0), said(5)], [given_at(2, kind), given_at(6, "resolved")]) == [expected, None]


def test_coming_back_with_a_question_is_no_failure() -> None:
    assert why([said(0), said(5, complaint=False)], [given_at(2), given_at(6)]) == [None, None]


def test_contacts_within_half_an_hour_are_one_attempt_told_under_its_first() -> None:
    found = verdicts([said(0), said(0.2), said(0.45)], [])
    assert [(each.place, each.attempt) for each in found] == [
        ("first", 1),
        ("same_attempt", 1),
        ("same_attempt", 1),
    ]
    assert [each.failed_because for each in found] == ["unanswered", None, None]


def test_an_answer_between_makes_two_attempts() -> None:
    found = verdicts([said(0), said(0.3)], [given_at(0.1), given_at(1)])
    assert [each.attempt for each in found] == [1, 2]
    assert found[0].failed_because == "came_back"


def test_a_chaser_before_the_target_is_recorded_and_no_failure() -> None:
    found = verdicts([said(0), said(20), said(30)], [])
    assert [each.place for each in found] == ["first", "chaser", "again"]
    assert [each.failed_because for each in found] == ["unanswered", None, "unanswered"]


def test_replies_and_thanks_are_never_failures() -> None:
    found = why([said(0), said(3, role="reply"), said(5, role="thanks")], [given_at(2)])
    assert found == [None, None, None]


def test_before_the_target_nothing_is_decided() -> None:
    waiting, decided = judge([said(0)], [], TARGET - 1)["m0"], judge([said(0)], [], TARGET)["m0"]
    assert (waiting.pending, waiting.failed_because) == (True, None)
    assert (decided.pending, decided.failed_because) == (False, "unanswered")


def test_what_comes_later_is_not_looked_at() -> None:
    assert list(judge([said(0), said(5)], [given_at(2)], 3 * HOUR)) == ["m0"]
    assert why([said(0), said(5)], [given_at(2)])[0] == "came_back"
    assert judge([said(0), said(5)], [given_at(2)], 3 * HOUR)["m0"].failed_because is None


roles = st.sampled_from(["contact", "contact", "contact", "reply", "thanks"])
kinds = st.sampled_from(["acknowledged", "answered", "resolved", "declined"])


@given(
    st.lists(st.tuples(st.integers(0, 300), roles, st.booleans()), min_size=1, max_size=9),
    st.lists(st.tuples(st.integers(0, 300), kinds), max_size=6),
    st.integers(0, 400),
)
def test_any_course_is_judged_consistently(contacts: list[Any], answers: list[Any], as_of_hours: int) -> None:
    told = [
        said(at, role=role, complaint=complaint, name=f"m{number}")
        for number, (at, role, complaint) in enumerate(sorted(contacts))
    ]
    replied = [given_at(at, kind) for at, kind in sorted(answers)]
    as_of = as_of_hours * HOUR
    judged = judge(told, replied, as_of)
    assert set(judged) == {each.mention_id for each in told if each.at <= as_of}
    people = [each.at for each in replied if each.kind != "acknowledged" and each.at <= as_of]
    for each in told:
        if each.at > as_of:
            continue
        verdict = judged[each.mention_id]
        if verdict.failed_because is not None:
            assert each.role == "contact"
            assert verdict.place in ("first", "again")
        if verdict.place in ("first", "again"):
            in_time = any(each.at <= at <= each.at + TARGET for at in people)
            assert (verdict.failed_because == "unanswered") == (not in_time and each.at + TARGET <= as_of)
    firsts = [verdict.attempt for verdict in judged.values() if verdict.place in ("first", "again")]
    assert firsts == list(range(1, len(firsts) + 1))
