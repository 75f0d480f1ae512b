"""Asking a desk for answers: published before the position moves, and the same whenever they are read again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from fakes.outlet import FakeOutlet
from listener import examples
from listener.answers.case_index import CaseIndex
from listener.answers.desk_answers import DeskAnswersLoop
from listener.desks import AnsweredThere
from listener.domain.case import Case
from listener.domain.connector_state import Cursor
from listener.domain.desk import DeskAnswer, DeskAnswers
from listener.domain.errors import Busy, ServiceError
from listener.domain.response import Response
from listener.domain.topics import CURSORS, RESPONSES

CASE = Case.read(examples.examples()[Case].to_json())
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
COUNTED = AnsweredThere(channel="phone", levels={"boss": "executive"})


def answer(number: int, **more: Any) -> DeskAnswer:
    return DeskAnswer.model_validate(
        {
            "answer_id": str(number),
            "case_id": CASE.case_id,
            "kind": "answered",
            "by": "k.agent",
            "text": "Your refund\nwas sent.",
            "at": NOW,
        }
        | more
    )


class Desk:
    """Pages of answers, one after the other."""

    def __init__(self, *pages: DeskAnswers | Exception) -> None:
        self.pages = list(pages)
        self.asked: list[Mapping[str, Any] | None] = []

    def answers(self, position: Mapping[str, Any] | None) -> DeskAnswers:
        self.asked.append(position)
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return page


def loop(desk: Desk, outlet: FakeOutlet, position: Mapping[str, Any] | None = None) -> DeskAnswersLoop:
    cases = CaseIndex()
    cases.take(CASE.case_id.encode(), CASE.to_json())
    return DeskAnswersLoop("rt", desk.answers, COUNTED, cases, outlet, position, lambda: NOW)


def responses(outlet: FakeOutlet) -> list[Response]:
    return [Response.read_at_edge(value) for value in outlet.on(RESPONSES.name) if value is not None]


def test_an_answer_becomes_a_response_to_its_case() -> None:
    outlet = FakeOutlet()
    desk = Desk(DeskAnswers((answer(7),), {"after": 7}))
    assert loop(desk, outlet).ask_once() is False
    [response] = responses(outlet)
    assert response.response_id == "desk.rt:7"
    assert (response.contact, response.author) == (CASE.anchor, CASE.anchor_author)
    assert (response.kind, response.channel, response.by, response.level) == (
        "answered",
        "phone",
        "k.agent",
        "front_line",
    )
    assert response.excerpt == "Your refund was sent."
    [value] = outlet.on(CURSORS.name)
    assert value is not None
    assert Cursor.read(value).position == {"after": 7}
    assert outlet.calls == [RESPONSES.name, "flush", CURSORS.name, "flush"]


def test_who_answers_has_a_level_and_a_no_has_a_reason() -> None:
    outlet = FakeOutlet()
    page = (
        answer(1, by="boss", kind="declined", reason="out of time", text=""),
        answer(2, kind="declined", text=""),
        answer(3, kind="resolved", at=NOW + timedelta(hours=1)),
    )
    loop(Desk(DeskAnswers(page, {})), outlet).ask_once()
    first, second, third = responses(outlet)
    assert (first.level, first.reason) == ("executive", "out of time")
    assert second.reason == "no reason was given there"
    assert (third.kind, third.reason, third.occurred_at) == ("resolved", None, NOW)


def test_the_same_is_told_again_after_a_failure_and_is_the_same() -> None:
    outlet = FakeOutlet(fails_at=1)
    page = DeskAnswers((answer(7),), {"after": 7})
    with pytest.raises(ServiceError):
        loop(Desk(page), outlet).ask_once()
    assert outlet.on(CURSORS.name) == []
    again = FakeOutlet()
    loop(Desk(page), again).ask_once()
    assert [record.value for record in again.stored][:1] == [outlet.sent[0].value]


def test_an_answer_to_nobodys_case_is_passed_over() -> None:
    outlet = FakeOutlet()
    loop(Desk(DeskAnswers((answer(7, case_id="K-ZZZZZZZZZZZZZ"),), {"after": 7})), outlet).ask_once()
    assert responses(outlet) == []
    assert len(outlet.on(CURSORS.name)) == 1


def test_it_goes_on_where_it_was_and_writes_a_position_only_when_it_moves() -> None:
    outlet = FakeOutlet()
    desk = Desk(DeskAnswers((), {"after": 3}), DeskAnswers((), {"after": 4}))
    asking = loop(desk, outlet, {"after": 3})
    asking.ask_once()
    asking.ask_once()
    assert desk.asked == [{"after": 3}, {"after": 3}]
    assert len(outlet.on(CURSORS.name)) == 1


def test_a_desk_that_is_away_is_asked_again() -> None:
    stop = Event()

    class Ending(Desk):
        def answers(self, position: Mapping[str, Any] | None) -> DeskAnswers:
            page = super().answers(position)
            if not self.pages:
                stop.set()
            return page

    outlet = FakeOutlet()
    desk = Ending(Busy("away", 0.01), DeskAnswers((answer(7),), {"after": 7}, more=True), DeskAnswers((), {}))
    asking = loop(desk, outlet)
    asking.run(0.01, stop)
    assert asking.well
    assert len(responses(outlet)) == 1
