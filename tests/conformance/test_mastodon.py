"""Mastodon: a stand-in, since no server of its own can be had here."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from conformance.connect import Connect
from conformance.gate import Refuse
from conformance.heard import Heard
from conformance.http_server import serving
from conformance.servers.mastodon import MastodonServer
from conformance.suite import Conformance, assert_no_repeats, settle, until_all


class TestMastodon(Conformance):
    @pytest.fixture
    def network(self) -> Iterator[MastodonServer]:
        server = MastodonServer()
        with serving(server) as server.url:
            yield server

    def test_edits_and_deletions_of_an_outage_are_asked_for(
        self, network: MastodonServer, connect: Connect, heard: Heard
    ) -> None:
        edited, deleted = network.post("ann", "teh parcel"), network.post("ben", "said too much")
        connect.start()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        connect.stop()
        network.edit(edited, "the parcel", told=False)
        network.delete(deleted, told=False)
        connect.start()
        until_all(network, heard, connect)
        assert [mention.text for _, mention in heard.of(edited)] == ["teh parcel", "the parcel"]
        ((key, _),) = heard.deletions(deleted)
        assert key == heard.of(deleted)[0][0]

    def test_a_post_that_arrives_late_from_another_server_is_heard(
        self, network: MastodonServer, connect: Connect, heard: Heard
    ) -> None:
        for number in range(3):  # one of them has only the hashtag
            network.post("ann", f"before {number}", written=timedelta(minutes=10))
        connect.start()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        connect.stop()
        for number in range(3):
            network.post("ben@elsewhere.test", f"late {number}", written=timedelta(minutes=5))
        connect.start()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        assert_no_repeats(heard)

    def test_a_server_without_streams_and_without_asking_for_many_is_polled(
        self, network: MastodonServer, connect: Connect, heard: Heard
    ) -> None:
        network.multiple_get = False
        network.post("ann", "before")
        connect.start()
        until_all(network, heard, connect)
        network.gate.meet(*[Refuse(404)] * 4)
        network.gate.cut()
        network.gate.wait_met(4)
        settle(network, heard, connect)
        assert_no_repeats(heard)

    def test_what_says_nothing_to_the_company_is_passed_over(
        self, network: MastodonServer, connect: Connect, heard: Heard
    ) -> None:
        boosted = network.post("ann", "lovely")
        connect.start()
        until_all(network, heard, connect)
        network.boost(boosted)
        network.follow_noise()
        settle(network, heard, connect)
        assert len(heard.said) == 3, "one post, two to settle"

    def test_a_refused_token_is_told(self, network: MastodonServer, connect: Connect) -> None:
        network.gate.meet(*[Refuse(401)] * 10)
        connect.start("--check")
        assert connect.wait() == 1
        assert "refuses the token" in connect.told
        assert "t0ken" not in connect.told
