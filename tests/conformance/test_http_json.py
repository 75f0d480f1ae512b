"""The poller for JSON with its shipped configurations: stand-ins, since neither service can be had here."""

from collections.abc import Iterator

import pytest

from conformance.http_server import serving
from conformance.servers.discourse import DiscourseForum
from conformance.servers.hacker_news import HackerNewsSearch
from conformance.suite import Conformance


class TestDiscourse(Conformance):
    @pytest.fixture
    def network(self) -> Iterator[DiscourseForum]:
        forum = DiscourseForum()
        with serving(forum) as forum.url:
            yield forum


class TestHackerNews(Conformance):
    @pytest.fixture
    def network(self) -> Iterator[HackerNewsSearch]:
        search = HackerNewsSearch()
        with serving(search) as search.url:
            yield search
