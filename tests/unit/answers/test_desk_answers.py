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
from listener.cases.act import audit_of_command
from listener.desks import AnsweredThere
from listener.domain.case import Case
from listener.domain.command import CaseCommand
from listener.domain.connector_state import Cursor
from listener.domain.desk import DeskAnswer, DeskAnswers
from listener.domain.enriched import Need
from listener.domain.errors import Busy, ServiceError
from listener.domain.governance import AuditEntry
from listener.domain.response import Response
from listener.domain.topics import AUDIT, COMMANDS, CURSORS, RESPONSES

CASE = Case.read(examples.examples()[Case].to_json())
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
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


def loop(
    desk: Desk, outlet: FakeOutlet, position: Mapping[str, Any] | None = None, case: Case = CASE
) -> DeskAnswersLoop:
    cases = CaseIndex()
    cases.take(case.case_id.encode(), case.to_json())
    return DeskAnswersLoop(
        "rt", desk.answers, COUNTED, cases, audit_of_command, outlet, position, lambda: NOW
    )


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


def commands(outlet: FakeOutlet) -> list[CaseCommand]:
    return [CaseCommand.read(value) for value in outlet.on(COMMANDS.name) if value is not None]


def case_with(*others: tuple[str, timedelta, Need]) -> Case:
    """The case with further contacts, so long before or after now, by somebody else."""
    first = CASE.contacts[0]
    more = tuple(
        first.model_copy(
            update={"mention_id": name, "author": "mail:ann", "effective_at": NOW + after, "need": need}
        )
        for name, after, need in others
    )
    return CASE.model_copy(update={"contacts": (*CASE.contacts, *more)})


def needs_none(**more: Any) -> DeskAnswer:
    return answer(7, **{"kind": "needs_no_response", "text": "", "reason": "it is\nmeant kindly"} | more)


def test_what_needs_no_response_is_a_command_and_no_response() -> None:
    outlet = FakeOutlet()
    loop(Desk(DeskAnswers((needs_none(at=NOW + timedelta(hours=1)),), {"after": 7})), outlet).ask_once()
    [command] = commands(outlet)
    assert (command.action, command.contacts, command.author) == (
        "needs_no_response",
        (CASE.anchor,),
        CASE.anchor_author,
    )
    assert (command.by, command.at, command.reason) == ("k.agent", NOW, "it is meant kindly")
    assert {record.key for record in outlet.stored if record.topic == COMMANDS.name} == {CASE.anchor_author}
    [value] = outlet.on(AUDIT.name)
    assert value is not None
    assert AuditEntry.read(value) == audit_of_command(command, CASE.case_id)
    assert outlet.calls == [COMMANDS.name, AUDIT.name, "flush", CURSORS.name, "flush"]


@pytest.mark.parametrize(
    ("others", "closed"),
    [
        (
            [("mail:1", -2 * HOUR, "mention"), ("mail:2", -HOUR, "praise"), ("mail:3", -HOUR, "complaint")],
            "mail:2",
        ),
        ([("mail:1", -HOUR, "mention"), ("mail:2", -HOUR, "spam")], None),
        ([("mail:1", HOUR, "complaint")], None),
    ],
    ids=["what would wait on", "the case ends by itself", "it was said later"],
)
def test_what_else_is_in_the_case_is_closed_with_it(
    others: list[tuple[str, timedelta, Need]], closed: str | None
) -> None:
    outlet = FakeOutlet()
    page = DeskAnswers((needs_none(),), {"after": 7})
    loop(Desk(page), outlet, case=case_with(*others)).ask_once()
    *before, last = commands(outlet)
    assert (last.action, last.contacts) == ("needs_no_response", (CASE.anchor,))
    assert [(each.action, each.contacts, each.author, each.at) for each in before] == (
        [] if closed is None else [("close", (closed,), "mail:ann", NOW)]
    )
    assert len({each.command_id for each in (*before, last)}) == 1 + len(before)
    entries = [AuditEntry.read(value) for value in outlet.on(AUDIT.name) if value is not None]
    assert [(each.action, each.subject) for each in entries] == [
        (f"case.{each.action}", CASE.case_id) for each in (*before, last)
    ]


def test_commands_are_told_again_after_a_failure_and_are_the_same() -> None:
    case = case_with(("mail:1", -HOUR, "complaint"))
    page = DeskAnswers((needs_none(),), {"after": 7})
    died, again = FakeOutlet(fails_at=1), FakeOutlet()
    with pytest.raises(ServiceError):
        loop(Desk(page), died, case=case).ask_once()
    assert died.on(CURSORS.name) == []
    loop(Desk(page), again, case=case).ask_once()
    assert [record.value for record in again.stored][:4] == [record.value for record in died.sent]


def test_what_was_said_to_the_customer_all_the_same_is_an_answer_too() -> None:
    outlet = FakeOutlet()
    page = DeskAnswers((needs_none(text="Thank you!", reason=None, by="n" * 301),), {})
    loop(Desk(page), outlet).ask_once()
    [response], [command] = responses(outlet), commands(outlet)
    assert (response.kind, response.excerpt, response.reason) == ("answered", "Thank you!", None)
    assert (response.response_id, command.reason, len(command.by)) == ("desk.rt:7", "Thank you!", 200)


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
