"""A room on a real Synapse, behind a proxy that stands for the network: each request passes the gate."""

import json
import secrets
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from conformance.gate import Gate
from conformance.http_server import Answer, Request, json_answer
from conformance.network import Ability
from fixtures_synapse import SERVER_NAME, Synapse, user_id

LISTENER = "listener"
BRAND = "brand"
LIMIT = 5
"""Events that the server gives at most, of each room; the connector asks for more."""


class MatrixRoom:
    """One public room, made for one test. `LISTENER` is the connector's account, `BRAND` the company's."""

    kind = "matrix"
    abilities: frozenset[Ability] = frozenset({"edits", "deletions", "answers", "http"})
    page_size = LIMIT

    def __init__(self, synapse: Synapse) -> None:
        self.gate = Gate()
        self.url = ""
        self.limited_ms = 0
        self._synapse = synapse
        self._http = httpx.Client(base_url=synapse.url, timeout=60)
        self._posts: dict[str, str] = {}
        self._authors: dict[str, str] = {}
        self._members = {LISTENER}
        self._lock = threading.RLock()
        alias = f"room-{secrets.token_hex(6)}"
        self.alias = f"#{alias}:{SERVER_NAME}"
        body = {"preset": "public_chat", "room_alias_name": alias}
        self.room_id: str = synapse.ask(LISTENER, "POST", "/createRoom", body)["room_id"]

    def source(self) -> Mapping[str, Any]:
        return {
            "kind": "matrix",
            "url": self.url,
            "rooms": [self.alias],
            "listen_seconds": 1,
            "accounts": [user_id(BRAND)],
            "secrets": {"token": "MATRIX_TOKEN"},
        }

    def environment(self) -> Mapping[str, str]:
        return {"MATRIX_TOKEN": self._synapse.token(LISTENER)}

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if reply_to is not None:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": reply_to}}
        with self._lock:
            event_id = self.send(author, content)
            self._posts[event_id] = text
            self._authors[event_id] = author
        return event_id

    def answer(self, native_id: str, text: str) -> str:
        return self.post(BRAND, text, native_id)

    def edit(self, native_id: str, text: str) -> None:
        self.sent_edit(native_id, text)

    def sent_edit(self, native_id: str, text: str) -> str:
        """Edits a post. Returns the id of the edit."""
        content = {
            "msgtype": "m.text",
            "body": f"* {text}",
            "m.new_content": {"msgtype": "m.text", "body": text},
            "m.relates_to": {"rel_type": "m.replace", "event_id": native_id},
        }
        with self._lock:
            self._posts[native_id] = text
            return self.send(self._authors[native_id], content)

    def delete(self, native_id: str) -> None:
        with self._lock:
            del self._posts[native_id]
            self.redact(self._authors[native_id], native_id)

    def withdraw_edit(self, native_id: str, edit_id: str, text: str) -> None:
        """An edit is taken back, and the post is what it was."""
        with self._lock:
            self._posts[native_id] = text
            self.redact(self._authors[native_id], edit_id)

    def redact(self, name: str, event_id: str) -> None:
        """Somebody redacts an event."""
        txn = secrets.token_hex(6)
        self._synapse.ask(name, "PUT", f"{self._path}/redact/{quote(event_id)}/{txn}", {})

    def send(self, name: str, content: Any, kind: str = "m.room.message") -> str:
        """Somebody sends an event. Returns its id."""
        if name not in self._members:
            self._synapse.ask(name, "POST", f"/join/{quote(self.room_id)}", {})
            self._members.add(name)
        path = f"{self._path}/send/{kind}/{secrets.token_hex(6)}"
        event_id: str = self._synapse.ask(name, "PUT", path, content)["event_id"]
        return event_id

    def post_malformed(self) -> None:
        raise NotImplementedError("Synapse takes no message without a text")

    def disorder(self) -> None:
        raise NotImplementedError("a homeserver tells each event once, in its order")

    def posts(self) -> Mapping[str, str]:
        with self._lock:
            return dict(self._posts)

    def respond(self, request: Request) -> Answer:
        """Asks Synapse. What was asked before everything was broken off gets no answer."""
        cuts = self.gate.cuts
        if self.limited_ms:
            limited, self.limited_ms = self.limited_ms, 0
            return json_answer({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": limited}, 429)
        query = {name: _lowered(name, values[0]) for name, values in request.query.items()}
        headers = {"Authorization": request.headers.get("authorization", "")}
        response = self._http.request(
            request.method, request.path, params=query, headers=headers, content=request.body
        )
        if self.gate.cuts != cuts:
            raise ConnectionAbortedError
        return Answer(response.status_code, response.content, {"Content-Type": "application/json"})

    @property
    def _path(self) -> str:
        return f"/rooms/{quote(self.room_id)}"


def _lowered(name: str, value: str) -> str:
    """A query parameter, with the limit of this server."""
    if name == "limit":
        return str(min(int(value), LIMIT))
    if name == "filter":
        found = json.loads(value)
        timeline = found.get("room", {}).get("timeline")
        if timeline:
            timeline["limit"] = min(timeline["limit"], LIMIT)
        return json.dumps(found)
    return value
