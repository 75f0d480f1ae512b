"""From what the two streams of Bluesky send to what has changed. Pure.

Jetstream sends JSON, one change a message; a repository's firehose (`com.atproto.sync.subscribeRepos`) sends two
DAG-CBOR values, head and body, and in the body the changed records as a CAR file.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import libipld

from listener.connectors.bluesky_post import POSTS, Change, is_address
from listener.connectors.connector import Unreadable
from listener.domain.errors import ListenerError
from listener.times import parse_time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Renamed:
    """An account may have another handle now."""

    did: str


@dataclass(frozen=True, slots=True)
class Outdated:
    """The server has not kept all that came since the cursor."""


Told = Change | Renamed | Outdated | Unreadable


@dataclass(frozen=True, slots=True)
class Frame:
    """One message.

    Attributes:
        cursor: to go on behind it; None where it has none.
    """

    cursor: int | None
    told: tuple[Told, ...]


class StreamError(ListenerError):
    """The server ends the stream, and says why.

    Args:
        name: of the error, such as ``FutureCursor``.
    """

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}" if detail else name)
        self.name = name


def jetstream_frame(data: bytes) -> Frame:
    """A message of Jetstream."""
    try:
        event = json.loads(data)
    except ValueError:
        return _unreadable(data, "not JSON")
    cursor = _number(event.get("time_us")) if isinstance(event, dict) else None
    if cursor is None:
        return _unreadable(data, "time_us: microseconds are expected")
    did, commit = event.get("did"), event.get("commit")
    if not isinstance(did, str):
        return Frame(cursor, ())
    if event.get("kind") == "identity":
        return Frame(cursor, (Renamed(did),))
    if not isinstance(commit, dict) or commit.get("collection") != POSTS:
        return Frame(cursor, ())
    action, key = commit.get("operation"), commit.get("rkey")
    if action not in {"create", "update", "delete"} or not isinstance(key, str):
        return Frame(cursor, ())
    try:
        at = _EPOCH + timedelta(microseconds=cursor)
    except OverflowError:
        return _unreadable(data, "time_us: out of range")
    change = Change(did, key, action, commit.get("record"), at)
    return Frame(cursor, (change,) if is_address(change.address) else ())


def firehose_frame(data: bytes) -> Frame:
    """A message of a firehose.

    Raises:
        StreamError: it is the last one.
    """
    try:
        head, body = libipld.decode_dag_cbor_multi(data)
    except Exception as error:  # noqa: BLE001 - the decoder, written in Rust, has no error of its own
        return _unreadable(data, f"not DAG-CBOR: {error}")
    if not isinstance(head, dict) or not isinstance(body, dict):
        return _unreadable(data, "head and body are expected")
    if head.get("op") == -1:
        raise StreamError(str(body.get("error")), str(body.get("message") or ""))
    cursor = _number(body.get("seq"))
    match head.get("t"):
        case "#commit":
            return Frame(cursor, tuple(_changes(body, data)))
        case "#identity" if isinstance(body.get("did"), str):
            return Frame(cursor, (Renamed(str(body["did"])),))
        case "#info" if body.get("name") == "OutdatedCursor":
            return Frame(cursor, (Outdated(),))
    return Frame(cursor, ())


def _changes(commit: Mapping[str, Any], data: bytes) -> Iterator[Change | Unreadable]:
    """The changed posts of a commit. Its other records are not even decoded."""
    found = commit.get("ops")
    ops = [(op, *_place(op)) for op in found if isinstance(op, dict)] if isinstance(found, list) else []
    ops = [(op, collection, key) for op, collection, key in ops if collection == POSTS]
    if not ops:
        return
    did = commit.get("repo")
    origin = f"{did} {commit.get('seq')}"
    try:
        at = parse_time(str(commit.get("time")))
        blocks = libipld.decode_car(commit.get("blocks") or b"")[1] if commit.get("blocks") else {}
    except Exception as error:  # noqa: BLE001 - as above
        yield Unreadable(reason="invalid", detail=f"commit: {error}", origin=origin, original=data)
        return
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    for op, _, key in ops:
        action = op.get("action")
        record = blocks.get(op["cid"]) if isinstance(op.get("cid"), bytes) else None
        if action == "delete":
            yield Change(str(did), key, "delete", None, at)
        elif action in {"create", "update"} and record is not None:
            yield Change(str(did), key, action, record, at)
        else:
            detail = f"{action} of {POSTS}/{key}: the record is not in the commit"
            yield Unreadable(reason="invalid", detail=detail, origin=origin, original=data)


def _place(op: Mapping[str, Any]) -> tuple[str, str]:
    collection, _, key = str(op.get("path")).partition("/")
    return collection, key


def _unreadable(data: bytes, detail: str) -> Frame:
    return Frame(None, (Unreadable(reason="invalid", detail=detail, origin="stream", original=data),))


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
