"""The sink of desks over a real adapter and its stand-in: one ticket per case, whoever dies, whatever breaks."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from conformance.desks.desk_suite import text_of
from conformance.desks.site import STAFF, DeskSite
from conformance.gate import Cut, Drop
from fakes.drafts import EXAMPLE
from fakes.fetched import FakeFetched
from fakes.helpdesk import FakeTicketTopic, Killed
from fakes.outlet import FakeOutlet
from listener.answers.case_index import CaseIndex
from listener.answers.desk_answers import DeskAnswersLoop
from listener.cases.act import audit_of_command
from listener.desks import AnsweredThere, DeskConfig
from listener.domain.case import Case, CaseContact, CaseState
from listener.domain.command import CaseCommand
from listener.domain.connector_state import Cursor
from listener.domain.errors import Busy, ServiceError
from listener.domain.response import Response
from sinks.desks.desk import AnsweringDesk
from sinks.desks.desk_sink import DeskSink

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIRST, EARLIER, OTHER = "K-AAAAAAAAAAAAA", "K-BBBBBBBBBBBBB", "K-CCCCCCCCCCCCC"
MOST = 150
"""More requests, and more records, than the story has."""


def contact(number: int, words: str = "words") -> CaseContact:
    """What somebody said; the higher the number the later."""
    return EXAMPLE.contacts[0].model_copy(
        update={
            "mention_id": f"chirp:{number}",
            "excerpt": f"{words} {number}",
            "effective_at": NOW - timedelta(hours=100 - number),
        }
    )


def case(
    case_id: str, version: int, state: CaseState = "new", numbers: Sequence[int] = (1,), **more: Any
) -> Case:
    """A snapshot."""
    told = {"contacts": tuple(map(contact, numbers)), "responses": (), "last_at": NOW}
    return EXAMPLE.model_copy(update={"case_id": case_id, "version": version, "state": state} | told | more)


STORY = (
    [case(FIRST, 1)],
    [case(FIRST, 2, numbers=(1, 2), priority=90)],
    [case(FIRST, 3, "superseded", superseded_by=EARLIER)],
    [case(EARLIER, 1, numbers=(0, 1, 2), supersedes=(FIRST,)), case(OTHER, 1, numbers=(4,))],
    [case(EARLIER, 2, "resolved", numbers=(0, 1, 2), supersedes=(FIRST,))],
    [case(EARLIER, 3, "reopened", numbers=(0, 1, 2, 3), supersedes=(FIRST,))],
    [
        case(OTHER, 2, "superseded", superseded_by=EARLIER),
        case(EARLIER, 4, "reopened", numbers=(0, 1, 2, 3, 4), supersedes=(FIRST, OTHER)),
    ],
    [case(EARLIER, 4, "reopened", numbers=(0, 1, 2, 3, 4), supersedes=(FIRST, OTHER))],
)
"""Opened, added to, renamed since an earlier contact turned up, closed, opened again, joined by another."""


class World:
    """A desk, the topic `tickets`, and processes that live until they are killed."""

    def __init__(self, connect: Callable[[], AnsweringDesk]) -> None:
        self.log: list[FakeFetched] = []
        self.refused: list[str] = []
        self.deaths = 0
        self.kill_at: int | None = None
        self.now = NOW
        self._connect = connect
        self._steps = 0
        self._offset = 0
        self._sink = self._process()

    def live_through(self, story: Iterable[Sequence[Case]]) -> None:
        """All batches, and what is due later, by as many processes as it takes."""
        for batch in story:
            self._do(partial(self.store, batch))
        self.now += timedelta(hours=1)
        self._do(lambda: self._sink.housekeeping())

    def _do(self, what: Callable[[], None]) -> None:
        while True:
            try:
                what()
            except (Busy, Killed):
                self.deaths += 1
                assert self.deaths < 5
                self._sink = self._process()
            else:
                return

    def store(self, cases: Sequence[Case]) -> None:
        """One batch, once."""
        batch = [
            FakeFetched(number, each.to_json(), each.case_id.encode(), topic="triage", timestamp=number)
            for number, each in enumerate(cases)
        ]
        prepared = self._sink.prepare(batch)
        self._sink.store(prepared.content)
        self.refused += [item.why.reason for item in prepared.refused]

    def _process(self) -> DeskSink:
        return DeskSink(
            "desk-site",
            "site",
            DeskConfig(),
            self._connect(),
            lambda: FakeTicketTopic(self.log, self._step),  # type: ignore[arg-type,return-value]
            lambda: self.now,
        )

    def _step(self) -> None:
        """Before and after each record."""
        self._steps += 1
        if self._steps == self.kill_at:
            raise Killed


class SinkConformance:
    """The class that inherits this has the fixtures `site` and `connect`."""

    def test_the_story_of_a_case(self, site: DeskSite, connect: Callable[[], AnsweringDesk]) -> None:
        world = World(connect)
        world.live_through(STORY)
        told_once(site, connect())
        assert world.deaths == 0

    def test_a_case_that_is_one_again_gets_a_ticket_of_its_own(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        """Within minutes: what told a repeat of its first ticket does not stand in the way."""
        world = World(connect)
        world.store([case(FIRST, 1)])
        world.store([case(EARLIER, 1, numbers=(0, 1), supersedes=(FIRST,))])
        world.store([case(FIRST, 2, "superseded", superseded_by=EARLIER)])
        world.store([case(EARLIER, 2, numbers=(0,))])
        world.store([case(FIRST, 3)])
        assert sorted(ticket.case_id for ticket in site.tickets()) == [FIRST, EARLIER]
        assert all(ticket.is_open for ticket in site.tickets())

    def test_killed_before_and_after_each_record(
        self, anew: Callable[[], tuple[DeskSite, Callable[[], AnsweringDesk]]]
    ) -> None:
        for kill_at in range(1, MOST):
            site, connect = anew()
            world = World(connect)
            world.kill_at = kill_at
            world.live_through(STORY)
            told_once(site, connect())
            if world.deaths == 0:
                assert kill_at > 10
                return
        raise AssertionError("the story never ends")

    @pytest.mark.parametrize("fault", [Cut(), Drop()], ids=["answer lost", "never arrived"])
    def test_each_request_breaks(
        self, anew: Callable[[], tuple[DeskSite, Callable[[], AnsweringDesk]]], fault: Cut | Drop
    ) -> None:
        for broken in range(1, MOST):
            site, connect = anew()
            world = World(connect)
            site.gate.meet_at(broken, fault)
            world.live_through(STORY)
            site.gate.forget()
            told_once(site, connect())
            if world.deaths == 0:
                assert broken > 10
                return
        raise AssertionError("the story never ends")

    def test_what_staff_answer_becomes_responses_once(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        """Killed before the broker had them, the same are read again, and are the same records."""
        world = World(connect)
        world.store([case(FIRST, 1)])
        cases = CaseIndex()
        cases.take(FIRST.encode(), case(FIRST, 1).to_json())
        (ticket,) = site.tickets()

        begun = asked(connect, cases, FakeOutlet(), None)
        site.answer(ticket.ticket_id, "It leaves today.")
        site.settle(ticket.ticket_id)
        died, lived = FakeOutlet(fails_at=1), FakeOutlet()
        with pytest.raises(ServiceError):
            asked(connect, cases, died, begun)
        asked(connect, cases, lived, begun)
        told = [Response.read(value) for value in lived.on("responses") if value]
        assert [(each.kind, each.by, each.channel) for each in told] == [
            ("answered", STAFF, "email"),
            ("resolved", STAFF, "email"),
        ]
        assert told[0].excerpt.strip() == "It leaves today."
        assert {each.contact for each in told} == {EXAMPLE.anchor}
        assert [record.value for record in died.sent if record.topic == "responses"] == lived.on("responses")
        assert len({each.response_id for each in told}) == 2

    def test_what_needs_no_response_becomes_commands_and_ends_with_the_ticket_as_it_is(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        world = World(connect)
        one = case(FIRST, 1, anchor="chirp:1")
        world.store([one])
        cases = CaseIndex()
        cases.take(FIRST.encode(), one.to_json())
        (ticket,) = site.tickets()
        begun = asked(connect, cases, FakeOutlet(), None)
        site.settle(ticket.ticket_id, "no-response-needed")
        died, lived = FakeOutlet(fails_at=1), FakeOutlet()
        with pytest.raises(ServiceError):
            asked(connect, cases, died, begun)
        reached = asked(connect, cases, lived, begun)
        [told] = [CaseCommand.read(value) for value in lived.on("case.commands") if value]
        assert (told.action, told.contacts, told.by) == ("needs_no_response", ("chirp:1",), STAFF)
        assert lived.on("responses") == []
        assert [record.value for record in died.sent if record.topic == "case.commands"] == lived.on(
            "case.commands"
        )
        world.store([case(FIRST, 2, "superseded", contacts=(), contact_count=0)])
        assert [each.is_open for each in site.tickets()] == [False]
        later = FakeOutlet()
        asked(connect, cases, later, reached)
        assert {record.topic for record in later.sent} <= {"connector.cursors"}, (
            "Listener's own note is no answer"
        )

    def test_what_the_desk_refuses_is_a_dead_letter_and_holds_up_no_other(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        world = World(connect)
        refused = case(FIRST, 1, contacts=(contact(1, site.refused_word),))
        world.store([refused, case(OTHER, 1)])
        assert world.refused == ["refused"]
        assert [ticket.case_id for ticket in site.tickets() if ticket.said] == [OTHER]

    def test_a_limit_holds_the_sink_up_and_costs_nothing(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        world = World(connect)
        site.impatience.refuse(site.gate, 1)
        with pytest.raises(Busy) as busy:
            world.store([case(FIRST, 1)])
        time.sleep(busy.value.retry_after_seconds)
        world.store([case(FIRST, 1)])
        assert site.impatience.count == 0
        assert [ticket.case_id for ticket in site.tickets()] == [FIRST]


def asked(connect: Callable[[], AnsweringDesk], cases: CaseIndex, outlet: FakeOutlet, position: Any) -> Any:
    """Brings in what people answered since a position; the position after that."""
    loop = DeskAnswersLoop(
        "site",
        connect().answers,
        AnsweredThere(),
        cases,
        audit_of_command,
        outlet,
        position,
        lambda: datetime.now(UTC),
    )
    while loop.ask_once():
        pass
    moved = [Cursor.read(value).position for value in outlet.on("connector.cursors") if value]
    return moved[-1] if moved else position


def told_once(site: DeskSite, desk: AnsweringDesk) -> None:
    """How the story ends: every word stands once in the one ticket, and the other is closed."""
    kept, retired = site.tickets()
    assert (kept.case_id, kept.is_open, retired.is_open) == (EARLIER, True, False)
    known = desk.find(EARLIER)
    assert known is not None
    assert known.ticket_id == kept.ticket_id
    assert desk.find(FIRST) is desk.find(OTHER) is None
    assert kept.subject.startswith(EARLIER)
    assert [text_of(kept).count(f"[chirp:{number}]") for number in range(5)] == [1] * 5
    assert text_of(retired).count("[chirp:4]") == 1
    assert EARLIER in text_of(retired)
