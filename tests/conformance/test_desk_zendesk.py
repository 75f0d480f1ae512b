"""Zendesk: its adapter against its stand-in."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from conformance.desks.desk_suite import DeskConformance, text_of, wired
from conformance.desks.sink_suite import SinkConformance
from conformance.desks.site import DeskSite
from conformance.desks.zendesk import ZendeskSite
from conformance.gate import Cut
from conformance.http_server import serving
from fakes.drafts import ONE, draft, entry, update
from listener.domain.errors import Busy
from sinks.desks.desk import AnsweringDesk, Known
from sinks.desks.zendesk import Zendesk


class TestZendesk(DeskConformance, SinkConformance):
    @pytest.fixture
    def site(self) -> Iterator[ZendeskSite]:
        site = ZendeskSite()
        with serving(site) as site.url:
            yield site

    def adapter(
        self, site: DeskSite, now: Callable[[], datetime] = lambda: datetime.now(UTC), lag_seconds: int = 0
    ) -> Zendesk:
        made = wired(site)
        assert isinstance(made, Zendesk)
        made._now, made._lag_seconds = now, lag_seconds
        return made

    def test_the_key_tells_a_repeat_where_the_list_lags_behind(
        self, site: ZendeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        site.listed = False
        site.gate.meet(Cut())
        with pytest.raises(Busy):
            connect().open(draft())
        known = connect().open(draft())
        with pytest.raises(Busy, match="is opening"):
            connect().open(draft(entry(1), entry(2)))
        site.listed = True
        assert connect().open(draft(entry(1), entry(2))) == known
        assert [ticket.ticket_id for ticket in site.tickets()] == [known.ticket_id]

    def test_a_ticket_closed_for_ever_is_followed_up_once(
        self, site: ZendeskSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        ticket_id = connect().open(draft()).ticket_id
        site.settle(ticket_id)
        site.lock(ticket_id)
        connect().update(ticket_id, update(draft(priority=1)))
        assert len(site.tickets()) == 1, "there is nothing to say"
        whole = draft(entry(1), entry(2, "it never came"))
        late = update(whole, whole.entries[1], outcome="open")
        site.gate.meet_at(3, Cut())
        with pytest.raises(Busy):
            connect().update(ticket_id, late)
        connect().update(ticket_id, update(whole, *late.entries, outcome="open", doubtful=True))
        connect().update(ticket_id, update(draft(), entry(3), renamed_from=ONE))
        first, following = site.tickets()
        assert first.ticket_id == ticket_id
        assert text_of(following).count("it never came") == 1
        assert "[chirp:3]" in text_of(following)
        assert following.is_open
        assert connect().find(ONE) == Known(following.ticket_id, known_url(site, following.ticket_id))

    def test_nothing_is_asked_that_is_too_young_to_be_exported(self, site: ZendeskSite) -> None:
        now = [datetime.now(UTC)]
        site.lag_seconds = 60
        desk = self.adapter(site, lambda: now[0], 60)
        found = desk.answers(None)
        asked = len(site.gate.asked)
        assert desk.answers(found.position) == found
        assert len(site.gate.asked) == asked
        now[0] += timedelta(seconds=61)
        with pytest.raises(Busy):  # the stand-in's clock stays behind: what Zendesk says to this
            desk.answers(found.position)


def known_url(site: ZendeskSite, ticket_id: str) -> str:
    """Where people see a ticket."""
    return f"{site.url}/agent/tickets/{ticket_id}"
