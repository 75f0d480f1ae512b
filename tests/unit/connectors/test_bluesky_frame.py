"""What the streams send: recorded events, the end of a stream, and what is no message."""

import json

import libipld
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.bluesky_frame import (
    Frame,
    Outdated,
    Renamed,
    StreamError,
    firehose_frame,
    jetstream_frame,
)
from listener.connectors.bluesky_post import Change
from listener.connectors.connector import Unreadable

DELETED = {  # as Jetstream sent it
    "did": "did:plc:4smmjsqf6l5jkzczvw6vsrqc",
    "time_us": 1783175888377628,
    "kind": "commit",
    "commit": {
        "rev": "3mptbypuw3t2q",
        "operation": "delete",
        "collection": "app.bsky.feed.post",
        "rkey": "3mpt73z3ejc2p",
    },
}


def test_an_event_of_jetstream() -> None:
    frame = jetstream_frame(json.dumps(DELETED).encode())
    assert frame.cursor == 1783175888377628
    (change,) = frame.told
    assert isinstance(change, Change)
    assert change.address == "at://did:plc:4smmjsqf6l5jkzczvw6vsrqc/app.bsky.feed.post/3mpt73z3ejc2p"
    assert (change.action, change.at.year) == ("delete", 2026)
    liked = {**DELETED, "commit": {"operation": "create", "collection": "app.bsky.feed.like", "rkey": "k"}}
    assert jetstream_frame(json.dumps(liked).encode()) == Frame(1783175888377628, ())
    assert jetstream_frame(json.dumps({**DELETED, "did": "\ud800"}).encode()).told == ()


def framed(head: object, body: object) -> bytes:
    return bytes(libipld.encode_dag_cbor(head) + libipld.encode_dag_cbor(body))


def test_info_error_and_identity() -> None:
    outdated = framed({"op": 1, "t": "#info"}, {"name": "OutdatedCursor"})
    assert firehose_frame(outdated) == Frame(None, (Outdated(),))
    renamed = framed({"op": 1, "t": "#identity"}, {"seq": 7, "did": "did:plc:ann"})
    assert firehose_frame(renamed) == Frame(7, (Renamed("did:plc:ann"),))
    with pytest.raises(StreamError, match="FutureCursor: too far"):
        firehose_frame(framed({"op": -1}, {"error": "FutureCursor", "message": "too far"}))


def test_a_post_without_its_record_is_a_dead_letter() -> None:
    ops = [{"action": "create", "path": "app.bsky.feed.post/k", "cid": None}]
    commit = {"seq": 8, "repo": "did:plc:ann", "time": "2026-11-02T12:00:00Z", "ops": ops, "blocks": b""}
    (told,) = firehose_frame(framed({"op": 1, "t": "#commit"}, commit)).told
    assert isinstance(told, Unreadable)
    assert "the record is not in the commit" in told.detail


@given(st.binary(max_size=60))
def test_what_is_no_message_is_a_dead_letter(data: bytes) -> None:
    for decode in (jetstream_frame, firehose_frame):
        try:
            frame = decode(data)
        except StreamError:
            continue
        assert frame.cursor is None or isinstance(frame.cursor, int)
