"""Chatwoot: its adapter against its stand-in."""

from collections.abc import Callable, Iterator

import pytest

from conformance.desks.chatwoot import INBOX, ChatwootSite
from conformance.desks.desk_suite import DeskConformance
from conformance.desks.sink_suite import SinkConformance
from conformance.http_server import serving
from fakes.drafts import draft
from listener.domain.errors import Busy
from sinks.desks.desk import AnsweringDesk


class TestChatwoot(DeskConformance, SinkConformance):
    @pytest.fixture
    def site(self) -> Iterator[ChatwootSite]:
        site = ChatwootSite()
        with serving(site) as site.url:
            yield site

    @pytest.mark.parametrize("there", [INBOX, 99], ids=["before the contact", "before the conversation"])
    def test_an_inbox_that_is_not_there_is_waited_for(
        self, site: ChatwootSite, connect: Callable[[], AnsweringDesk], there: int
    ) -> None:
        site.contacts_need, site.conversations_need = there, 99
        with pytest.raises(Busy, match="has no inbox 7"):
            connect().open(draft())
        site.contacts_need = site.conversations_need = INBOX
        connect().open(draft())
        assert len(site.tickets()) == 1
