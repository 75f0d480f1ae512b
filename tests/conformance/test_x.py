"""X: a stand-in, since the service itself cannot be had here."""

from collections.abc import Iterator

import pytest

from conformance.connect import Connect
from conformance.gate import Refuse
from conformance.heard import Heard
from conformance.http_server import serving
from conformance.servers.x import OTHERS_RULE, XServer
from conformance.suite import Conformance, assert_no_repeats, settle, until_all


class TestX(Conformance):
    @pytest.fixture
    def network(self) -> Iterator[XServer]:
        server = XServer()
        with serving(server) as server.url:
            yield server

    def test_its_rules_are_kept_and_those_of_others_left_alone(
        self, network: XServer, connect: Connect, heard: Heard, source: str
    ) -> None:
        network.rules.append({"id": "88", "value": "(old) -is:retweet", "tag": f"listener {source}"})
        connect.start()
        settle(network, heard, connect)
        network.post_for_others()
        network.repost(network.post("ann", "lovely"))
        settle(network, heard, connect)
        heard.until(lambda: len(network.rules) == 3, "the rules", lambda: str(network.rules))
        assert network.rules[0] == OTHERS_RULE
        assert {rule["value"] for rule in network.rules[1:]} == {
            '("acme parcels") -is:retweet',
            "(@acme OR from:acme) -is:retweet",
        }
        assert len(heard.said) == 5, "one post, four to settle; neither what only others want, nor the repost"

    def test_a_stream_that_says_it_has_ended_is_opened_anew(
        self, network: XServer, connect: Connect, heard: Heard
    ) -> None:
        connect.start()
        heard.until(lambda: network.streams, "the stream", lambda: connect.told)
        settle(network, heard, connect)
        network.disconnect()
        network.post("ann", "while no stream tells it")
        until_all(network, heard, connect)
        heard.until(lambda: network.streams > 1, "another stream", lambda: connect.told)
        settle(network, heard, connect)
        assert_no_repeats(heard)

    def test_a_refused_token_is_told(self, network: XServer, connect: Connect) -> None:
        network.gate.meet(*[Refuse(401)] * 10)
        connect.start("--check")
        assert connect.wait() == 1
        assert "refuses the token" in connect.told
        assert "b3arer" not in connect.told
