"""Bluesky: a real PDS behind a proxy for its firehose, and a stand-in for Jetstream, that cannot be run here."""

import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from conformance.gate import Gate
from conformance.network import Ability
from fixtures_pds import Pds

PAGE = 5
"""Nothing has pages here; so many posts make an outage."""
LOOK_SECONDS = 0.05
POSTS = "app.bsky.feed.post"


class BlueskyPds:
    """A PDS with a community. What customers post has a hashtag of this network's own, or mentions the company."""

    kind = "bluesky"
    abilities: frozenset[Ability] = frozenset({"edits", "deletions", "answers", "http", "malformed"})
    page_size = PAGE

    def __init__(self, pds: Pds) -> None:
        self.gate = Gate()
        self.url = ""
        self._pds = pds
        self._tag = f"t{secrets.token_hex(6)}"
        self._brand = f"brand-{secrets.token_hex(4)}"
        self._posts: dict[str, str] = {}
        self._authors: dict[str, str] = {}
        self._cids: dict[str, str] = {}
        self._created: dict[str, str] = {}
        self._made = 0
        self._lock = threading.RLock()

    def source(self) -> Mapping[str, Any]:
        return {
            "kind": "bluesky",
            "stream": "firehose",
            "url": self.url,
            "tags": [self._tag],
            "accounts": [self._pds.account(self._brand).handle],
            "first_hours": 1,
            "directory": self._pds.directory,
            "service": self._pds.url,
        }

    def environment(self) -> Mapping[str, str]:
        return {}

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        with self._lock:
            self._made += 1
            addressed = self._mention() if self._made % 2 else {"tags": [self._tag]}
            return self._create(author, text, reply_to, addressed)

    def post_elsewhere(self, author: str, text: str) -> str:
        """Says something that has nothing to do with the company. Returns its address."""
        made = self._pds.write(author, "createRecord", {"record": post_record(text)})
        address: str = made["uri"]
        return address

    def answer(self, native_id: str, text: str) -> str:
        with self._lock:
            return self._create(self._brand, text, native_id, {})

    def edit(self, native_id: str, text: str) -> None:
        with self._lock:
            self._posts[native_id] = text
            record = {**post_record(text), "tags": [self._tag], "createdAt": self._created[native_id]}
            body = {"rkey": _key(native_id), "record": record}
            self._pds.write(self._authors[native_id], "putRecord", body)

    def delete(self, native_id: str) -> None:
        with self._lock:
            del self._posts[native_id]
            self.remove(self._authors[native_id], native_id)

    def remove(self, author: str, address: str) -> None:
        """Deletes any post."""
        self._pds.write(author, "deleteRecord", {"rkey": _key(address)})

    def post_malformed(self) -> None:
        record = {"$type": POSTS, "text": "when?", "createdAt": "lately", "tags": [self._tag]}
        self._pds.write("ann", "createRecord", {"record": record, "validate": False})

    def disorder(self) -> None:
        raise NotImplementedError("a firehose tells everything once, in its order")

    def posts(self) -> Mapping[str, str]:
        with self._lock:
            return dict(self._posts)

    def frames(self, path: str) -> Iterator[str | bytes | None]:
        """What the firehose of the PDS sends."""
        address = self._pds.url.replace("http", "ws") + path
        with connect(address, compression=None, close_timeout=1, proxy=None) as upstream:
            while True:
                try:
                    yield upstream.recv(timeout=LOOK_SECONDS)
                except TimeoutError:
                    yield None
                except ConnectionClosed:
                    return

    def _create(self, author: str, text: str, reply_to: str | None, more: Mapping[str, Any]) -> str:
        record = {**post_record(text), **more}
        if reply_to is not None:
            parent = {"uri": reply_to, "cid": self._cids[reply_to]}
            record["reply"] = {"parent": parent, "root": parent}
        made = self._pds.write(author, "createRecord", {"record": record})
        address: str = made["uri"]
        self._cids[address] = made["cid"]
        self._posts[address], self._authors[address] = text, author
        self._created[address] = record["createdAt"]
        return address

    def _mention(self) -> dict[str, Any]:
        did = self._pds.account(self._brand).did
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
        return {"facets": [{"index": {"byteStart": 0, "byteEnd": 1}, "features": [feature]}]}


class Jetstream:
    """Speaks what github.com/bluesky-social/jetstream documents: JSON, a cursor in microseconds."""

    kind = "bluesky"
    abilities: frozenset[Ability] = frozenset(
        {"edits", "deletions", "answers", "http", "malformed", "disorder"}
    )
    page_size = PAGE

    def __init__(self) -> None:
        self.gate = Gate()
        self.url = ""
        self.asked: list[str] = []
        self._events: list[dict[str, Any]] = []
        self._posts: dict[str, str] = {}
        self._disorder = False
        self._changed = threading.Condition(threading.RLock())
        self._community = secrets.token_hex(6)

    def source(self) -> Mapping[str, Any]:
        return {
            "kind": "bluesky",
            "url": self.url,
            "words": ["acme"],
            "tags": ["#AcmeFail"],
            "accounts": [self._did("brand")],
            "first_hours": 1,
            "names": False,
        }

    def environment(self) -> Mapping[str, str]:
        return {}

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        return self._create(author, text, reply_to, {"tags": ["AcmeFail"]})

    def answer(self, native_id: str, text: str) -> str:
        return self._create("brand", text, native_id, {})

    def edit(self, native_id: str, text: str) -> None:
        with self._changed:
            self._posts[native_id] = text
            old = next(event for event in self._events if _address(event) == native_id)
            record = {**old["commit"]["record"], "text": text}
            self._tell(old["did"], "update", _key(native_id), record)

    def delete(self, native_id: str) -> None:
        with self._changed:
            del self._posts[native_id]
            self._tell(native_id.split("/")[2], "delete", _key(native_id), None)

    def post_malformed(self) -> None:
        with self._changed:
            self._tell(self._did("ann"), "create", "bad", {"text": 7, "tags": ["acmefail"]})

    def disorder(self) -> None:
        self._disorder = True

    def posts(self) -> Mapping[str, str]:
        with self._changed:
            return dict(self._posts)

    def frames(self, path: str) -> Iterator[str | bytes | None]:
        query = parse_qs(urlsplit(path).query)
        self.asked.append(path)
        wanted = set(query.get("wantedDids", ()))
        assert query["wantedCollections"] == [POSTS]
        at = 0
        cursor = int(query["cursor"][0])
        while True:
            with self._changed:
                if at == len(self._events):
                    self._changed.wait(LOOK_SECONDS)
                new = self._events[at:]
                at = len(self._events)
            for event in new:
                if event["time_us"] >= cursor and (not wanted or event["did"] in wanted):
                    for _ in range(2 if self._disorder else 1):
                        yield json.dumps(event)
            yield None

    def _create(self, author: str, text: str, reply_to: str | None, more: Mapping[str, Any]) -> str:
        with self._changed:
            record = {**post_record(text), **more}
            if reply_to is not None:
                parent = {"uri": reply_to, "cid": "bafy"}
                record["reply"] = {"parent": parent, "root": parent}
            self._tell(self._did(author), "create", f"k{len(self._events)}", record)
            address = _address(self._events[-1])
            self._posts[address] = text
            return address

    def _tell(self, did: str, operation: str, key: str, record: Any) -> None:
        last = self._events[-1]["time_us"] if self._events else 0
        commit = {"operation": operation, "collection": POSTS, "rkey": key}
        if record is not None:
            commit["record"] = record
        at = max(last + 1, time.time_ns() // 1000)
        self._events.append({"did": did, "time_us": at, "kind": "commit", "commit": commit})
        self._changed.notify_all()

    def _did(self, name: str) -> str:
        return f"did:plc:{self._community}{name}"


def post_record(text: str) -> dict[str, Any]:
    created = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"$type": POSTS, "text": text, "createdAt": created}


def _address(event: Mapping[str, Any]) -> str:
    return f"at://{event['did']}/{POSTS}/{event['commit']['rkey']}"


def _key(address: str) -> str:
    return address.rpartition("/")[2]
