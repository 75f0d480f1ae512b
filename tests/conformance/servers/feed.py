"""A site with an Atom feed of its last posts."""

import itertools
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from conformance.gate import Gate
from conformance.http_server import Answer, Request
from conformance.network import Ability

NAMESPACES = 'xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"'
BRAND = "Acme Support"
FIRST = datetime(2026, 2, 1, tzinfo=UTC)


class FeedSite:
    """Shows all its posts, so that none is dropped between two readings."""

    kind = "rss"
    abilities: frozenset[Ability] = frozenset({"edits", "answers", "http", "disorder", "malformed"})
    page_size = 10

    def __init__(self) -> None:
        self.gate = Gate()
        self.url = ""
        self._entries: dict[str, dict[str, str]] = {}
        self._seconds = itertools.count(1)
        self._disorder = False
        self._unreadable = ""
        self._lock = threading.Lock()

    def source(self) -> Mapping[str, Any]:
        feed = f"{self.url}/feed"
        return {
            "kind": "rss",
            "url": feed,
            "poll_seconds": 1,
            "timeout_seconds": 10,
            "accounts": [BRAND],
        }

    def environment(self) -> Mapping[str, str]:
        return {}

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        with self._lock:
            moment = self._now()
            entry_id = f"tag:{self.url}:{len(self._entries)}"
            self._entries[entry_id] = {
                "author": author,
                "text": text,
                "published": moment,
                "updated": moment,
                "reply_to": reply_to or "",
            }
        return entry_id

    def edit(self, native_id: str, text: str) -> None:
        with self._lock:
            self._entries[native_id] |= {"text": text, "updated": self._now()}

    def answer(self, native_id: str, text: str) -> str:
        return self.post(BRAND, text, native_id)

    def delete(self, native_id: str) -> None:
        raise NotImplementedError("a feed tells no deletions")

    def post_malformed(self) -> None:
        entry_id = self.post("eve", "when was this?")
        with self._lock:
            self._entries[entry_id] |= {"published": "2026-02-01T00:00:00", "updated": "2026-02-01T00:00:00"}
            self._unreadable = entry_id

    def disorder(self) -> None:
        self._disorder = True

    def posts(self) -> Mapping[str, str]:
        with self._lock:
            return {
                entry_id: entry["text"]
                for entry_id, entry in self._entries.items()
                if entry_id != self._unreadable
            }

    def respond(self, request: Request) -> Answer:
        with self._lock:
            entries = [_entry(entry_id, **entry) for entry_id, entry in self._entries.items()]
        if self._disorder:
            entries = entries[::-2] + entries
        body = f"<feed {NAMESPACES}>{''.join(entries)}</feed>"
        return Answer(200, body.encode(), {"Content-Type": "application/atom+xml"})

    def _now(self) -> str:
        return (FIRST + timedelta(seconds=next(self._seconds))).isoformat()


def _entry(entry_id: str, *, author: str, text: str, published: str, updated: str, reply_to: str) -> str:
    reply = f"<thr:in-reply-to ref={quoteattr(reply_to)}/>" if reply_to else ""
    return (
        f"<entry><id>{entry_id}</id><title>post</title><content type='text'>{escape(text)}</content>"
        f"<author><name>{author}</name></author><published>{published}</published>"
        f"<updated>{updated}</updated>{reply}</entry>"
    )
