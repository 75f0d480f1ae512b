"""Chatwoot: its adapter against its stand-in."""

from collections.abc import Iterator

import pytest

from conformance.desks.chatwoot import ChatwootSite
from conformance.desks.desk_suite import DeskConformance
from conformance.desks.sink_suite import SinkConformance
from conformance.http_server import serving


class TestChatwoot(DeskConformance, SinkConformance):
    @pytest.fixture
    def site(self) -> Iterator[ChatwootSite]:
        site = ChatwootSite()
        with serving(site) as site.url:
            yield site
