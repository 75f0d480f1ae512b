"""Matrix: rooms on a real Synapse."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from conformance.connect import Connect
from conformance.gate import WAIT_SECONDS
from conformance.heard import Heard
from conformance.http_server import serving
from conformance.servers.matrix import MatrixRoom
from conformance.suite import Conformance, settle, until_all
from fixtures_synapse import Synapse, user_id
from listener.connectors.connector import Item, NativeItem, Setup
from listener.connectors.matrix import MatrixConnector, build
from listener.domain.errors import ListenerError


class TestMatrix(Conformance):
    @pytest.fixture
    def network(self, synapse: Synapse) -> Iterator[MatrixRoom]:
        room = MatrixRoom(synapse)
        with serving(room) as room.url:
            yield room

    def test_what_was_edited_and_deleted_meanwhile_is_as_it_is(
        self, network: MatrixRoom, connect: Connect, heard: Heard
    ) -> None:
        edited, deleted = network.post("ann", "teh parcel"), network.post("ben", "said too much")
        reverted = network.post("cem", "before the edit")
        connect.start()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        connect.stop()
        network.edit(edited, "the parcel")
        network.delete(deleted)
        taken_back = network.sent_edit(reverted, "after the edit")
        gone = network.post("ben", "seen by nobody")
        network.delete(gone)
        for number in range(network.page_size):  # so that all of it lies beyond the first page
            network.post("cem", f"meanwhile {number}")
        connect.start()
        until_all(network, heard, connect)
        network.withdraw_edit(reverted, taken_back, "before the edit")
        until_all(network, heard, connect)
        assert [mention.text for _, mention in heard.of(reverted)] == [
            "before the edit",
            "after the edit",
            "before the edit",
        ]
        assert heard.of(gone) == []

    def test_threads_and_what_bots_say_are_told_apart(
        self, network: MatrixRoom, connect: Connect, heard: Heard
    ) -> None:
        connect.start()
        root = network.post("ann", "where is my parcel?")
        in_thread = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True}
        network.send("ben", {"msgtype": "m.notice", "body": "a bot", "m.relates_to": in_thread})
        network.send("ben", {"body": "cat.png", "msgtype": "m.image", "url": "mxc://localhost/cat"})
        network.send(
            "ben", {"m.relates_to": {"rel_type": "m.annotation", "event_id": root, "key": "+1"}}, "m.reaction"
        )
        heard.until(lambda: len(heard.mentions) == 3, "all of it", lambda: connect.told)
        asked, notice, picture = sorted(heard.mentions, key=lambda mention: mention.occurred_at)
        assert (notice.thread, notice.reply_to) == (asked.mention_id, asked.mention_id)
        assert (notice.automatic, asked.automatic) == (True, False)
        assert picture.text == "[left out: cat.png]"
        assert asked.visibility == "public"
        assert asked.author_name == "ann"

    def test_a_limit_told_in_the_body_is_obeyed(
        self, network: MatrixRoom, connect: Connect, heard: Heard
    ) -> None:
        connect.start()
        settle(network, heard, connect)
        asked = len(network.gate.asked)
        network.limited_ms = 2500
        network.gate.wait_asked(2)
        refused_at, next_at = max(
            zip(network.gate.asked[asked:], network.gate.asked[asked + 1 :], strict=False),
            key=lambda pair: pair[1] - pair[0],
        )
        assert next_at - refused_at >= 2.5


def connector_of(
    synapse: Synapse, name: str, position: Mapping[str, Any] | None = None, **options: Any
) -> MatrixConnector:
    """A connector with somebody's account, opened."""
    given = {"url": synapse.url, "listen_seconds": 1, **options}
    connector = build(Setup("rooms", given, {"token": synapse.token(name)}))
    connector.open(position)
    return connector


def test_an_encrypted_room_and_one_without_us_are_told(synapse: Synapse) -> None:
    body = {"preset": "public_chat", "room_alias_name": "secret"}
    room_id = synapse.ask("owner", "POST", "/createRoom", body)["room_id"]
    synapse.ask("host", "POST", f"/join/{room_id}", {})
    outside = connector_of(synapse, "guest", rooms=["#secret:localhost"])
    with pytest.raises(ListenerError, match="@guest:localhost is in none of the rooms"):
        outside.poll()
    outside.close()
    algorithm = {"algorithm": "m.megolm.v1.aes-sha2"}
    synapse.ask("owner", "PUT", f"/rooms/{room_id}/state/m.room.encryption", algorithm)
    inside = connector_of(synapse, "host", rooms=["#secret:localhost"])
    inside.poll()
    assert inside.problems == ["#secret:localhost: is encrypted: what is said there cannot be read"]
    inside.close()
    with pytest.raises(ListenerError, match="there is no room #nowhere:localhost"):
        connector_of(synapse, "host", rooms=["#nowhere:localhost"])


def test_an_invitation_is_accepted_where_that_is_wanted(synapse: Synapse) -> None:
    room_id = synapse.ask("host", "POST", "/createRoom", {"preset": "private_chat"})["room_id"]
    synapse.token("invited")
    synapse.ask("host", "POST", f"/rooms/{room_id}/invite", {"user_id": user_id("invited")})
    refusing = connector_of(synapse, "invited")
    with pytest.raises(ListenerError, match="in none of the rooms"):
        refusing.poll()
    refusing.close()
    assert "the account is invited" in refusing.problems[0]
    accepting = connector_of(synapse, "invited", accept_invites=True)
    accepting.poll()
    message = {"msgtype": "m.text", "body": "welcome"}
    synapse.ask("host", "PUT", f"/rooms/{room_id}/send/m.room.message/1", message)
    heard: list[Item] = []
    deadline = time.monotonic() + WAIT_SECONDS
    while not heard and time.monotonic() < deadline:
        heard += accepting.poll().items
    accepting.close()
    (item,) = heard
    assert isinstance(item, NativeItem)
    assert (item.text, item.visibility) == ("welcome", "private")


def test_what_was_missed_before_a_restart_is_as_public_as_its_room(synapse: Synapse) -> None:
    room_id = synapse.ask("host", "POST", "/createRoom", {"preset": "public_chat"})["room_id"]
    synapse.token("returning")
    synapse.ask("returning", "POST", f"/join/{room_id}", {})
    synapse.ask(
        "host", "PUT", f"/rooms/{room_id}/send/m.room.message/1", {"msgtype": "m.text", "body": "seen"}
    )
    before = connector_of(synapse, "returning", rooms=[room_id])
    position = before.poll().position
    before.close()
    assert position is not None
    position = {**position, "gaps": [[room_id, position["since"], None, None]]}
    connector = connector_of(synapse, "returning", position, rooms=[room_id])
    heard: list[Item] = []
    while position is not None and position["gaps"]:
        batch = connector.poll()
        heard += batch.items
        position = batch.position or position
    connector.close()
    assert [item.visibility for item in heard if isinstance(item, NativeItem)] == ["public"]
