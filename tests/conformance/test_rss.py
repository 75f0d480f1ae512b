"""RSS and Atom: a site with a feed of our own."""

from collections.abc import Iterator

import pytest

from conformance.http_server import serving
from conformance.servers.feed import FeedSite
from conformance.suite import Conformance


class TestRss(Conformance):
    @pytest.fixture
    def network(self) -> Iterator[FeedSite]:
        site = FeedSite()
        with serving(site) as site.url:
            yield site
