"""What an answer must say, and what becomes of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fakes.desk import answer
from listener.answers.answer import Problem, Refused, read_answer, response_id, response_of
from listener.domain.response import Goodwill, Response

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CASE = "K-ABCDEFGHJKMN2"


def problems(**fields: Any) -> list[Problem]:
    with pytest.raises(Refused) as caught:
        read_answer(answer(**fields), NOW)
    return caught.value.problems


def test_all_that_can_be_told_is_in_the_response() -> None:
    body = answer(
        kind="declined",
        level="manager",
        reason="out of warranty",
        excerpt="word " * 100,
        goodwill={"amount": 10.5, "currency": "EUR", "reason": "late"},
        occurred_at="2026-03-01T10:00:00+01:00",
    )
    made = response_of(read_answer(body, NOW), "answer:1", "x:1", "x:ann", NOW)
    assert made == Response(
        response_id="answer:1",
        contact="x:1",
        author="x:ann",
        channel="phone",
        by="K. Agent",
        level="manager",
        kind="declined",
        reason="out of warranty",
        excerpt=("word " * 56)[:279] + "…",
        goodwill=Goodwill(amount=10.5, currency="EUR", reason="late"),
        occurred_at=datetime(2026, 3, 1, 9, tzinfo=UTC),
        received_at=NOW,
    )
    assert Response.read_at_edge(made.to_json()) == made


def test_without_a_time_it_is_that_of_telling() -> None:
    made = response_of(read_answer(answer(), NOW), "answer:1", "x:1", "x:ann", NOW)
    assert (made.occurred_at, made.level) == (NOW, "front_line")


def test_what_overrides_a_mention_has_its_id() -> None:
    told = read_answer(answer(overrides="x:tweet-7"), NOW)
    assert response_of(told, "answer:1", "x:1", "x:ann", NOW).response_id == "x:tweet-7"


def test_the_id_depends_on_sender_and_key_alone() -> None:
    assert response_id("desk", "msg-1") == response_id("desk", "msg-1")
    assert len({response_id(*of) for of in [("desk", "1"), ("desk", "2"), ("shop", "1"), ("des", "k1")]}) == 4


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"contact": None, "author": None}, "case_id"),
        ({"case_id": CASE}, "case_id"),
        ({"case_id": CASE, "contact": None}, "case_id"),
        ({"author": None}, "author"),
        ({"contact": None}, "contact"),
        ({"kind": "declined"}, "reason"),
        ({"kind": "declined", "reason": " "}, "reason"),
        ({"kind": "solved"}, "kind"),
        ({"kind": None}, "kind"),
        ({"channel": "fax"}, "channel"),
        ({"by": ""}, "by"),
        ({"author": "ann"}, "author"),
        ({"case_id": "4711", "contact": None, "author": None}, "case_id"),
        ({"level": "boss"}, "level"),
        ({"goodwill": {"amount": -1, "currency": "EUR"}}, "goodwill.amount"),
        ({"goodwill": {"amount": 1, "currency": "euro"}}, "goodwill.currency"),
        ({"goodwill": {"amount": 1, "currency": "EUR", "cause": "x"}}, "goodwill.cause"),
        ({"occurred_at": "2026-03-01T10:00:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "1850-03-01T10:00:00Z"}, "occurred_at"),
        ({"priority": 5}, "priority"),
    ],
)
def test_the_field_that_is_wrong_is_named(fields: dict[str, Any], named: str) -> None:
    found = problems(**fields)
    assert [problem.field for problem in found] == [named]
    assert found[0].detail


def test_five_minutes_ahead_are_a_clock_more_are_a_mistake() -> None:
    ahead = NOW + timedelta(minutes=5)
    assert read_answer(answer(occurred_at=ahead.isoformat()), NOW).occurred_at == ahead
    later = (ahead + timedelta(seconds=1)).isoformat()
    assert [found.field for found in problems(occurred_at=later)] == ["occurred_at"]


def test_every_wrong_field_is_told_at_once() -> None:
    assert [found.field for found in problems(kind="x", channel="y", by="")] == ["kind", "channel", "by"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'"x"'])
def test_what_is_no_json_object_is_told_of_the_whole(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read_answer(body, NOW)
    assert [found.field for found in caught.value.problems] == [""]


def test_no_amount_is_infinite() -> None:
    body = answer(goodwill={"amount": 12345, "currency": "EUR"}).replace(b"12345", b"1e999")
    assert json.loads(body)["goodwill"]["amount"] == float("inf")
    with pytest.raises(Refused, match=r"goodwill\.amount"):
        read_answer(body, NOW)
