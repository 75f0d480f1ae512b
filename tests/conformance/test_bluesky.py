"""Bluesky: the firehose of a real PDS; and a stand-in for Jetstream, since that cannot be run here."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import libipld
import pytest

from conformance.connect import Connect
from conformance.gate import WAIT_SECONDS, Gate
from conformance.heard import Heard
from conformance.servers.bluesky import BlueskyPds, Jetstream, post_record
from conformance.socket_server import serving_frames
from conformance.suite import Conformance, settle
from fixtures_pds import Pds
from listener.connectors.bluesky import BlueskyConnector, build
from listener.connectors.connector import Batch, NativeItem, Setup, Unreadable
from listener.domain.errors import Busy, ListenerError


class TestBlueskyFirehose(Conformance):
    @pytest.fixture
    def network(self, pds: Pds) -> Iterator[BlueskyPds]:
        community = BlueskyPds(pds)
        with serving_frames(community.gate, community.frames) as community.url:
            yield community

    def test_what_has_nothing_to_do_with_the_company_is_passed_over(
        self, network: BlueskyPds, connect: Connect, heard: Heard
    ) -> None:
        connect.start()
        network.post("ann", "to the company")
        elsewhere = network.post_elsewhere("ben", "lunch")
        network.remove("ben", elsewhere)
        settle(network, heard, connect)
        assert len(heard.mentions) == 3, "one post, two to settle"
        assert heard.deletions(elsewhere) == [], "it was never heard"
        assert {mention.author_name for mention in heard.mentions} == {"ann.test", "settled.test"}


class TestBlueskyJetstream(Conformance):
    @pytest.fixture
    def network(self) -> Iterator[Jetstream]:
        server = Jetstream()
        with serving_frames(server.gate, server.frames) as server.url:
            yield server


def connector_of(url: str, accounts: tuple[str, ...], **options: Any) -> BlueskyConnector:
    """A connector of its own, without Kafka."""
    given = {"url": url, "stream": "firehose", "timeout_seconds": 60, **options}
    return build(Setup("posts", given, accounts=frozenset(accounts)))


def until_items(connector: BlueskyConnector) -> Batch:
    """The first batch with something in it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (batch := connector.poll()).items:
        assert time.monotonic() < deadline, "nothing came"
    return batch


def test_a_cursor_that_the_server_does_not_know_is_told(pds: Pds) -> None:
    connector = connector_of(pds.url, ("did:plc:brand",))
    connector.open(
        {
            "stream": f"{pds.url.replace('http', 'ws')}/xrpc/com.atproto.sync.subscribeRepos",
            "cursor": 10**9,
            "since": None,
            "dids": {},
            "recent": [],
        }
    )
    with pytest.raises(ListenerError, match="does not know the cursor of the source posts"):
        until_items(connector)
    connector.close()


def test_without_the_directory_posts_come_without_names(pds: Pds) -> None:
    account, nobody = pds.account("ann"), "http://127.0.0.1:9"
    options = {"directory": nobody, "first_hours": 1}
    connector = connector_of(pds.url, (account.handle,), service=pds.url, **options)
    connector.open(None)
    pds.write("ann", "createRecord", {"record": post_record("hello")})
    batch = until_items(connector)
    connector.close()
    (item, *_) = batch.items
    assert isinstance(item, NativeItem)
    assert (item.author, item.author_name, item.direction) == (account.did, None, "outbound")
    again = connector_of(pds.url, (account.handle,), service=nobody, **options)
    again.open(batch.position)  # whose the handle is, the cursor knows
    again.close()
    with pytest.raises(Busy):
        again.open(None)
    with pytest.raises(ListenerError, match=r"there is no account nobody\.test"):
        connector_of(pds.url, ("nobody.test",), service=pds.url).open(None)


def test_a_gap_that_the_server_tells_is_a_dead_letter_and_a_fast_one_waits_for_us() -> None:
    sent = []
    info = {"op": 1, "t": "#info"}, {"name": "OutdatedCursor"}
    padded = {"op": 1, "t": "#identity"}, {"seq": 7, "did": "did:plc:ann", "pad": "x" * 500_000}

    def frames(path: str) -> Iterator[bytes]:
        yield b"".join(map(libipld.encode_dag_cbor, info))
        while True:
            sent.append(path)
            yield b"".join(map(libipld.encode_dag_cbor, padded))

    with serving_frames(Gate(), frames) as url:
        connector = connector_of(url, ("did:plc:brand",))
        path = "/xrpc/com.atproto.sync.subscribeRepos"
        connector.open({"stream": url + path, "cursor": 5, "since": None, "dids": {}, "recent": []})
        (item,) = until_items(connector).items
        assert isinstance(item, Unreadable)
        assert item.reason == "outdated-cursor"
        assert sent[0] == f"{path}?cursor=5"
        read = len(sent)
        before = -1
        while before != len(sent):  # it sends as long as anybody takes it
            before = len(sent)
            time.sleep(0.5)
        assert len(sent) < read + 100, "some 16 frames and what the kernel holds"
        connector.close()


def test_jetstream_is_asked_for_nothing_that_is_not_wanted() -> None:
    server = Jetstream()
    with serving_frames(server.gate, server.frames) as url:
        options = {"stream": "jetstream", "mentions": False, "authors": ["did:plc:critic"]}
        connector = connector_of(url, ("did:plc:brand",), **options)
        connector.open(None)
        connector.poll()
        connector.close()
    (asked,) = server.asked
    wanted = ["did:plc:brand", "did:plc:critic"]
    assert parse_qs(urlsplit(asked).query)["wantedDids"] == wanted
