"""What every desk's adapter owes to the sink, run against its stand-in; a class per desk inherits it.

The stand-in is asked over real connections that break where a test wants it. Whatever happens, each case has one
ticket, which says everything once.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.desks.site import STAFF, DeskSite, Shown
from conformance.gate import Cut, Drop, Page, Refuse
from conformance.http_server import serving
from fakes.drafts import ONE, OTHER, draft, entry, update
from listener.bootstrap_desks import desk
from listener.domain.desk import DeskAnswer
from listener.domain.errors import Busy, Rejected, ServiceError
from listener.settings import Config, Settings
from sinks.desks.desk import AnsweringDesk, Draft, Farewell, Outcome
from sinks.desks.server import Stumbles

MOST_REQUESTS = 12
"""More than any call makes."""
CERTIFICATES = cache(httpx.create_ssl_context)
HOSTILE = "<script>alert(1)</script> ümlaut 😞 \u202e [x](y) **z** \\ \"'"


class DeskConformance:
    """What an adapter owes; the class that inherits this has the fixtures `site` and `connect`."""

    @pytest.fixture(autouse=True)
    def read_no_certificates(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each adapter would read those of all authorities, most of the time that these tests take."""
        monkeypatch.setattr("httpx._transports.default.create_ssl_context", lambda **_: CERTIFICATES())

    @pytest.fixture
    def connect(self, site: DeskSite) -> Iterator[Callable[[], AnsweringDesk]]:
        """Makes an adapter anew, as each process does."""
        with ExitStack() as closing:

            def connect() -> AnsweringDesk:
                made = self.adapter(site)
                closing.callback(made.close)
                return made

            yield connect

    @pytest.fixture
    def anew(self, site: DeskSite) -> Iterator[Callable[[], tuple[DeskSite, Callable[[], AnsweringDesk]]]]:
        """Makes a site like the fixture's, and what makes adapters for it."""
        with ExitStack() as closing:

            def anew() -> tuple[DeskSite, Callable[[], AnsweringDesk]]:
                closing.close()
                fresh = type(site)()
                fresh.url = closing.enter_context(serving(fresh))

                def connect() -> AnsweringDesk:
                    made = self.adapter(fresh)
                    closing.callback(made.close)
                    return made

                return fresh, connect

            yield anew

    @pytest.fixture
    def desk(self, connect: Callable[[], AnsweringDesk]) -> AnsweringDesk:
        """An adapter."""
        return connect()

    def adapter(self, site: DeskSite) -> AnsweringDesk:
        """Made as the configuration of the site says."""
        return wired(site)

    def test_a_ticket_is_opened_once_and_found(self, site: DeskSite, desk: AnsweringDesk) -> None:
        assert desk.find(ONE) is None
        known = desk.open(draft(entry(1, HOSTILE)))
        assert desk.find(ONE) == known
        assert desk.find(OTHER) is None
        (ticket,) = site.tickets()
        assert (ticket.ticket_id, ticket.case_id, ticket.is_open) == (known.ticket_id, ONE, True)
        assert ticket.subject.startswith(ONE)
        assert HOSTILE in text_of(ticket)
        assert "priority 60" in text_of(ticket)
        assert known.url is not None
        assert known.url.startswith(site.url)

    @pytest.mark.parametrize("outcome", ["resolved", "declined"])
    def test_a_case_that_is_over_gets_a_closed_ticket(
        self, site: DeskSite, desk: AnsweringDesk, outcome: Outcome
    ) -> None:
        desk.open(draft(outcome=outcome))
        assert [ticket.is_open for ticket in site.tickets()] == [False]
        assert desk.find(ONE) is not None

    def test_what_is_new_is_added_and_states_follow(self, site: DeskSite, desk: AnsweringDesk) -> None:
        ticket_id = desk.open(draft()).ticket_id
        desk.update(ticket_id, update(draft(priority=90), entry(2, "still late")))
        (ticket,) = site.tickets()
        assert "still late" in text_of(ticket)
        assert "priority 90" in text_of(ticket)
        assert ticket.is_open
        desk.update(ticket_id, update(draft(), outcome="resolved"))
        assert not site.tickets()[0].is_open
        desk.update(ticket_id, update(draft(), entry(3)))
        assert not site.tickets()[0].is_open, "it stays as people have it"
        desk.update(ticket_id, update(draft(), entry(4), outcome="open"))
        assert site.tickets()[0].is_open

    def test_state_of_people_stays(self, site: DeskSite, desk: AnsweringDesk) -> None:
        ticket_id = desk.open(draft()).ticket_id
        site.settle(ticket_id)
        desk.update(ticket_id, update(draft(priority=10)))
        assert not site.tickets()[0].is_open
        desk.update(ticket_id, update(draft(), outcome="resolved"))
        assert not site.tickets()[0].is_open

    def test_nothing_is_written_where_nothing_is_to_change(self, site: DeskSite, desk: AnsweringDesk) -> None:
        ticket_id = desk.open(draft()).ticket_id
        written = len(site.writes)
        desk.update(ticket_id, replace(update(draft()), changed=frozenset()))
        assert len(site.writes) == written

    def test_renamed_it_is_found_by_the_new_id_alone(self, site: DeskSite, desk: AnsweringDesk) -> None:
        known = desk.open(draft())
        for _ in range(2):
            desk.update(known.ticket_id, update(draft(case_id=OTHER), renamed_from=ONE))
            assert desk.find(ONE) is None
            assert desk.find(OTHER) == known
        (ticket,) = site.tickets()
        assert ticket.subject.startswith(OTHER)

    def test_retired_it_is_closed_and_not_found_until_it_is_needed_again(
        self, site: DeskSite, desk: AnsweringDesk
    ) -> None:
        known = desk.open(draft())
        farewell = Farewell(ONE, f"{ONE} is now part of {OTHER}: see ticket 99", "event")
        for _ in range(2):
            desk.retire(known.ticket_id, farewell)
            (ticket,) = site.tickets()
            assert not ticket.is_open
            assert text_of(ticket).count("see ticket 99") == 1
            assert desk.find(ONE) is None
        desk.update(known.ticket_id, update(draft(), entry(5), outcome="open", renamed_from=ONE))
        assert desk.find(ONE) == known
        assert site.tickets()[0].is_open

    @pytest.mark.parametrize("fault", [Cut(), Drop()], ids=["answer lost", "never arrived"])
    def test_a_broken_connection_doubles_no_ticket(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk], fault: Cut | Drop
    ) -> None:
        """Whichever request of the opening breaks: found again, and brought up to date."""
        for broken in range(1, MOST_REQUESTS):
            case_id = f"K-{'ABCDEFGHIJKLMNOP'[broken] * 13}"
            whole = draft(entry(1), entry(2), case_id=case_id)
            site.gate.meet_at(broken, fault)
            try:
                connect().open(whole)
            except Busy:
                site.gate.forget()
                open_again(connect(), whole)
            else:
                assert broken > 1
                break
            (ticket,) = [each for each in site.tickets() if each.case_id == case_id]
            for told in whole.entries:
                assert text_of(ticket).count(told.mark) == 1
        else:
            raise AssertionError("an opening takes too many requests")

    def test_a_broken_connection_doubles_no_words(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        """Whichever request of an update breaks after it was taken."""
        ticket_id = connect().open(draft()).ticket_id
        for broken in range(1, MOST_REQUESTS):
            fresh, other = entry(100 + broken), entry(200 + broken)
            outcome: Outcome = "resolved" if broken % 2 else "open"
            site.gate.meet_at(broken, Cut())
            try:
                connect().update(ticket_id, update(draft(priority=7 * broken), fresh, outcome=outcome))
            except Busy:
                site.gate.forget()
                again = update(draft(), fresh, other, outcome=outcome, doubtful=True)
                connect().update(ticket_id, again)
            else:
                break
            (ticket,) = site.tickets()
            assert text_of(ticket).count(fresh.mark) == text_of(ticket).count(other.mark) == 1
            assert ticket.is_open == (outcome == "open")
        else:
            raise AssertionError("an update takes too many requests")

    def test_a_refusal_is_for_good(self, site: DeskSite, desk: AnsweringDesk) -> None:
        with pytest.raises(Rejected) as refused:
            desk.open(draft(entry(1, f"an {site.refused_word} word")))
        assert refused.value.reason == "refused"
        assert site.refused_word not in str(refused.value), "errors hold nothing that customers said"
        ticket_id = desk.open(draft(case_id=OTHER)).ticket_id
        with pytest.raises(Rejected, match="refused"):
            desk.update(ticket_id, update(draft(case_id=OTHER), entry(2, site.refused_word)))

    def test_a_ticket_that_is_gone_is_no_reason_to_stop(self, site: DeskSite, desk: AnsweringDesk) -> None:
        ticket_id = desk.open(draft()).ticket_id
        site.remove(ticket_id)
        with pytest.raises(Rejected, match="gone"):
            desk.update(ticket_id, update(draft(), entry(2)))
        assert desk.find(ONE) is None

    def test_a_limit_is_obeyed(self, site: DeskSite, desk: AnsweringDesk) -> None:
        site.impatience.refuse(site.gate, 2)
        with pytest.raises(Busy) as busy:
            desk.open(draft())
        assert busy.value.retry_after_seconds >= 2
        asked = len(site.gate.asked)
        with pytest.raises(Busy) as still:
            desk.find(ONE)
        assert 1 < still.value.retry_after_seconds <= busy.value.retry_after_seconds
        assert len(site.gate.asked) == asked, "nothing is asked before the time has passed"
        assert site.impatience.count == 0

    @pytest.mark.parametrize(
        "fault", [Refuse(500), Refuse(502), Refuse(503), Page(), Refuse(401), Refuse(403)]
    )
    def test_what_can_be_mended_is_waited_for(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk], fault: Refuse | Page
    ) -> None:
        site.gate.meet(fault)
        with pytest.raises(Stumbles if fault == Refuse(500) else Busy):
            connect().find(ONE)
        connect().open(draft())
        assert len(site.tickets()) == 1

    def test_check_tells_of_a_wrong_token_and_a_server_that_is_away(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        assert "signed in" in connect().check()
        site.gate.meet(Refuse(401))
        with pytest.raises(ServiceError, match="401"):
            connect().check()
        site.gate.down()
        with pytest.raises(ServiceError, match="cannot be reached"):
            connect().check()
        assert not site.writes

    def test_what_the_staff_answer_comes_back(self, site: DeskSite, desk: AnsweringDesk) -> None:
        ticket_id = desk.open(draft()).ticket_id
        heard = Heard(desk)
        desk.update(ticket_id, update(draft(), entry(2)))
        site.note(ticket_id, "between ourselves")
        site.customer_says(ticket_id, "hurry up")
        site.answer(ticket_id, "It leaves today.")
        (answer,) = heard.news()
        assert (answer.case_id, answer.kind, answer.by) == (ONE, "answered", STAFF)
        assert answer.text.strip() == "It leaves today."
        assert abs((answer.at - datetime.now(UTC)).total_seconds()) < 30
        site.settle(ticket_id)
        assert [(each.kind, each.by) for each in heard.news()] == [("resolved", STAFF)]
        site.reopen(ticket_id)
        assert heard.news() == []
        for marks, kind in (
            (["declined"], "declined"),
            (["no-response-needed"], "needs_no_response"),
            (["no-response-needed", "declined"], "declined"),
        ):
            site.settle(ticket_id, *marks)
            (ended,) = heard.news()
            assert (ended.kind, ended.by) == (kind, STAFF)
            assert ended.reason
            site.reopen(ticket_id)
        assert heard.news() == []
        site.answer(ticket_id, "written by a program that uses Listener's account", own=True)
        assert heard.news() == []
        heard.nothing_repeats()

    def test_what_listener_closed_is_no_answer(self, site: DeskSite, desk: AnsweringDesk) -> None:
        heard = Heard(desk)
        ticket_id = desk.open(draft()).ticket_id
        desk.update(ticket_id, update(draft(), entry(2), outcome="resolved"))
        desk.open(draft(case_id=OTHER, outcome="declined"))
        assert heard.news() == []

    def test_answers_of_many_tickets_while_the_pages_move(self, site: DeskSite, desk: AnsweringDesk) -> None:
        names = [f"K-{letter * 12}{other}" for letter in "CDEFGHI" for other in "ABCDEFGH"]
        tickets = {name: desk.open(draft(case_id=name)).ticket_id for name in names}
        heard = Heard(desk)
        for name in names:
            site.answer(tickets[name], f"first to {name}")
        site.gate.at(2, lambda: site.answer(tickets[names[0]], "second, while it is read"))
        site.gate.at(4, lambda: site.answer(tickets[names[-1]], "third, while it is read"))
        told = {answer.text.strip() for answer in [*heard.news(), *heard.news()]}
        assert told == {f"first to {name}" for name in names} | {
            "second, while it is read",
            "third, while it is read",
        }
        heard.nothing_repeats()

    def test_a_ticket_that_is_deleted_while_answers_are_read_holds_up_no_other(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        desk = connect()
        deleted, kept = (desk.open(draft(case_id=name)).ticket_id for name in (ONE, OTHER))
        heard = Heard(desk)
        site.answer(deleted, "nobody will read this")
        site.answer(kept, "It leaves today.")
        site.gate.at(2, lambda: site.remove(deleted))
        try:
            told = heard.news()
        except Busy:
            heard.desk = connect()
            told = heard.news()
        assert "It leaves today." in [answer.text.strip() for answer in told]
        heard.nothing_repeats()

    def test_answers_wait_for_a_desk_that_is_away(
        self, site: DeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        ticket_id = connect().open(draft()).ticket_id
        heard = Heard(connect())
        site.answer(ticket_id, "It leaves today.")
        site.gate.meet(Refuse(503))
        with pytest.raises(Busy):
            heard.news()
        heard.desk = connect()
        assert [answer.text.strip() for answer in heard.news()] == ["It leaves today."]


def open_again(desk: AnsweringDesk, whole: Draft) -> None:
    """What the sink does where nobody knows whether a ticket was opened."""
    known = desk.find(whole.case_id)
    if known is None:
        desk.open(whole)
    else:
        desk.update(known.ticket_id, update(whole, *whole.entries, doubtful=True))


class Heard:
    """Reads a desk's answers, as `listener desk-answers` does; begins at once."""

    def __init__(self, desk: AnsweringDesk) -> None:
        self.desk = desk
        self._position: Any = None
        self._known: set[str] = set()
        assert self.news() == []

    def news(self) -> list[DeskAnswer]:
        """What is new, up to the end; each once."""
        told: dict[str, DeskAnswer] = {}
        for _ in range(100):
            found = self.desk.answers(self._position)
            self._position = json.loads(json.dumps(dict(found.position)))
            told |= {answer.answer_id: answer for answer in found.answers}
            if not found.more:
                break
        else:
            raise AssertionError("there is always more")
        fresh = [answer for name, answer in told.items() if name not in self._known]
        self._known.update(told)
        return fresh

    def nothing_repeats(self) -> None:
        """Where nothing happens, nothing is told again and again."""
        self.news()
        for _ in range(2):
            found = self.desk.answers(self._position)
            self._position = found.position
            assert not found.answers
            assert not found.more


def text_of(ticket: Shown) -> str:
    """All that stands in a ticket."""
    return "\n".join(ticket.said)


def wired(site: DeskSite) -> AnsweringDesk:
    """The adapter, as the configuration of the site has it wired."""
    options, secrets = dict(site.options()), site.secrets()
    config = Config.model_validate({"desks": {"site": options}})
    environment = {variable: secrets[name] for name, variable in options["secrets"].items()}
    made = desk(Settings(config, Path(), None, environment=environment, endpoints={}), "site")
    assert isinstance(made, AnsweringDesk)
    return made
