"""Chatwoot: its adapter against its stand-in."""

from collections.abc import Iterator

import pytest

from conformance.desks.chatwoot import ChatwootSite
from conformance.desks.desk_suite import DeskConformance, configured, server
from conformance.desks.sink_suite import SinkConformance
from conformance.desks.site import DeskSite
from conformance.http_server import serving
from listener.desks import ChatwootDesk
from sinks.desks.chatwoot import Chatwoot


class TestChatwoot(DeskConformance, SinkConformance):
    @pytest.fixture
    def site(self) -> Iterator[ChatwootSite]:
        site = ChatwootSite()
        with serving(site) as site.url:
            yield site

    def adapter(self, site: DeskSite) -> Chatwoot:
        asked = server(site, {"api_access_token": site.secrets()["token"]})
        return Chatwoot(asked, configured(site, ChatwootDesk))
