"""The example of docs/connectors/write-your-own.md: a package beside ours, found by its entry point."""

import itertools
import time
from collections.abc import Iterator

import pytest

from conformance.http_server import serving
from conformance.servers.guestbook import GuestbookServer
from conformance.suite import Conformance
from own_package import EXAMPLES, MAX_LINES, install

EXAMPLE = EXAMPLES / "own_connector"
_FIRST = itertools.count(int(time.time()) * 1000, 1000)


class TestOwnConnector(Conformance):
    @pytest.fixture
    def network(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuestbookServer]:
        packages = tmp_path_factory.mktemp("packages")
        install(EXAMPLE, packages)
        server = GuestbookServer((packages, EXAMPLE), next(_FIRST))
        with serving(server) as server.url:
            yield server


def test_the_example_is_short() -> None:
    assert len((EXAMPLE / "own_connector.py").read_text().splitlines()) <= MAX_LINES
