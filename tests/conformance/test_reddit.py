"""Reddit: a stand-in, since the service itself cannot be had here."""

from collections.abc import Iterator

import pytest

from conformance.connect import Connect
from conformance.gate import Refuse
from conformance.heard import Heard
from conformance.http_server import serving
from conformance.servers.reddit import RedditServer
from conformance.suite import Conformance, assert_no_repeats, settle, until_all


class TestReddit(Conformance):
    @pytest.fixture
    def network(self) -> Iterator[RedditServer]:
        server = RedditServer()
        with serving(server) as server.url:
            yield server

    def test_what_a_moderator_removes_is_gone_and_private_messages_are_private(
        self, network: RedditServer, connect: Connect, heard: Heard
    ) -> None:
        removed = network.post("ann", "against the rules")
        message = network.message("ben", "just between us")
        connect.start()
        until_all(network, heard, connect)
        ((_, said),) = heard.of(message)
        assert said.visibility == "private"
        network.remove(removed)
        heard.until(lambda: heard.deletions(removed), "the deletion", lambda: connect.told)
        settle(network, heard, connect)
        assert len(heard.deletions(removed)) == 1

    def test_a_withdrawn_token_is_renewed(
        self, network: RedditServer, connect: Connect, heard: Heard
    ) -> None:
        connect.start()
        settle(network, heard, connect)
        network.withdraw_token()
        settle(network, heard, connect)
        assert network.tokens == 2
        assert_no_repeats(heard)

    def test_a_refused_account_is_told(self, network: RedditServer, connect: Connect) -> None:
        network.gate.meet(*[Refuse(401)] * 10)
        connect.start("--check")
        assert connect.wait() == 1
        assert "refuses the account" in connect.told
        assert "s3cret" not in connect.told
        assert "passw0rd" not in connect.told
