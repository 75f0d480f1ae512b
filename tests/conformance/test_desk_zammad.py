"""Zammad: its adapter against its stand-in."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from conformance.desks.desk_suite import DeskConformance, Heard
from conformance.desks.sink_suite import SinkConformance
from conformance.desks.zammad import GROUPS, ZammadSite
from conformance.http_server import serving
from fakes.drafts import draft
from listener.domain.errors import Busy
from sinks.desks.desk import AnsweringDesk


class TestZammad(DeskConformance, SinkConformance):
    @pytest.fixture
    def site(self) -> Iterator[ZammadSite]:
        site = ZammadSite()
        with serving(site) as site.url:
            yield site

    def test_nothing_is_lost_of_a_long_time_away(self, site: ZammadSite) -> None:
        """An answer is older than others that were read before, since its ticket changed once more after them."""
        now = [datetime.now(UTC)]
        site.clock = lambda: now[0]
        desk = self.adapter(site)
        names = [f"K-{letter * 12}{other}" for letter in "CDEFGHI" for other in "ABCDEFGH"]
        tickets = [desk.open(draft(case_id=name)).ticket_id for name in names]
        heard = Heard(desk)
        site.answer(tickets[0], "the first")
        for ticket_id in tickets[1:]:
            now[0] += timedelta(minutes=1)
            site.answer(ticket_id, f"to {ticket_id}")
        now[0] += timedelta(minutes=1)
        site.note(tickets[0], "between ourselves")
        assert {answer.text for answer in heard.news()} == {
            "the first",
            *(f"to {ticket_id}" for ticket_id in tickets[1:]),
        }
        heard.nothing_repeats()

    def test_a_group_that_is_not_there_is_waited_for(
        self, site: ZammadSite, connect: Callable[[], AnsweringDesk]
    ) -> None:
        with pytest.MonkeyPatch.context() as without:
            without.delitem(GROUPS, "Users")
            with pytest.raises(Busy, match="group"):
                connect().open(draft())
        connect().open(draft())
        assert len(site.tickets()) == 1
