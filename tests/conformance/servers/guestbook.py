"""The guestbook that examples/own_connector reads."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance.gate import Gate
from conformance.http_server import Answer, Request, json_answer
from conformance.network import Ability

LIMIT = 10


class GuestbookServer:
    """Numbers its entries, and gives ten at a time.

    Args:
        packages: where a Python process finds the connector and its entry point.
        first: number of the first entry.
    """

    kind = "guestbook"
    abilities: frozenset[Ability] = frozenset({"answers", "http", "disorder", "malformed"})
    page_size = LIMIT

    def __init__(self, packages: tuple[Path, ...], first: int) -> None:
        self.gate = Gate()
        self.url = ""
        self._packages = packages
        self._next = first
        self._entries: dict[int, dict[str, Any]] = {}
        self._disorder = False
        self._lock = threading.RLock()

    def source(self) -> Mapping[str, Any]:
        secrets = {"token": "GUESTBOOK_TOKEN"}
        return {
            "kind": "guestbook",
            "url": self.url,
            "poll_seconds": 1,
            "accounts": ["acme"],
            "secrets": secrets,
        }

    def environment(self) -> Mapping[str, str]:
        return {"GUESTBOOK_TOKEN": "guest", "PYTHONPATH": ":".join(map(str, self._packages))}

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        with self._lock:
            number, self._next = self._next, self._next + 1
            at = datetime.now(UTC).isoformat()
            answers = int(reply_to) if reply_to else None
            self._entries[number] = {
                "id": number,
                "name": author,
                "words": text,
                "at": at,
                "answers": answers,
            }
            return str(number)

    def answer(self, native_id: str, text: str) -> str:
        return self.post("acme", text, native_id)

    def edit(self, native_id: str, text: str) -> None:
        raise NotImplementedError("ink stays")

    def delete(self, native_id: str) -> None:
        raise NotImplementedError("ink stays")

    def post_malformed(self) -> None:
        with self._lock:
            self._entries[int(self.post("eve", "when was this?"))]["at"] = None

    def disorder(self) -> None:
        self._disorder = True

    def posts(self) -> Mapping[str, str]:
        with self._lock:
            return {str(n): entry["words"] for n, entry in self._entries.items() if entry["at"]}

    def respond(self, request: Request) -> Answer:
        if request.headers.get("authorization") != "Bearer guest":
            return json_answer({"error": "who is there?"}, 401)
        after = int(request.one("after", "0"))
        with self._lock:
            found = [entry for number, entry in self._entries.items() if number > after][:LIMIT]
        return json_answer(found[::-2] + found if self._disorder else found)
