"""The search of Hacker News at hn.algolia.com: newest first, pages counted from 0, a thousand hits at most."""

import re
import threading
import time
from collections.abc import Mapping
from html import escape
from typing import Any

from conformance.gate import Gate
from conformance.http_server import Answer, Request, json_answer
from conformance.network import Ability

BRAND = "acme_hq"
PAGE = 20
MAX_HITS = 1000


class HackerNewsSearch:
    """Stories and comments. It tells neither edits nor deletions."""

    kind = "http-json"
    abilities: frozenset[Ability] = frozenset({"answers", "http", "disorder", "malformed"})
    page_size = PAGE

    def __init__(self) -> None:
        self.gate = Gate()
        self.url = ""
        self._hits: list[dict[str, Any]] = []
        self._disorder = False
        self._lock = threading.RLock()

    def source(self) -> Mapping[str, Any]:
        return {
            "kind": "http-json",
            "preset": "hacker-news",
            "url": self.url,
            "query": {"query": "acme", "hitsPerPage": str(PAGE)},
            "poll_seconds": 1,
            "requests_per_minute": 6000,
            "accounts": [BRAND],
        }

    def environment(self) -> Mapping[str, str]:
        return {}

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        with self._lock:
            number = 40_000_000 + len(self._hits)
            parent = int(reply_to.rpartition("/")[2]) if reply_to else None
            kind = {"comment_text": escape(text), "parent_id": parent, "story_title": "A story"}
            self._hits.append(
                {
                    "objectID": str(number),
                    "story_id": parent or number,
                    "author": author,
                    "created_at_i": int(time.time()),
                    "text": text,
                    **(kind if parent else {"title": "A story", "story_text": escape(text), "points": 3}),
                }
            )
            return self._native(self._hits[-1])

    def answer(self, native_id: str, text: str) -> str:
        return self.post(BRAND, text, native_id)

    def edit(self, native_id: str, text: str) -> None:
        raise NotImplementedError("the search tells no edits")

    def delete(self, native_id: str) -> None:
        raise NotImplementedError("the search tells no deletions")

    def post_malformed(self) -> None:
        with self._lock:
            self.post("eve", "by whom?")
            self._hits[-1] |= {"created_at_i": "soon", "text": None}

    def disorder(self) -> None:
        self._disorder = True

    def posts(self) -> Mapping[str, str]:
        with self._lock:
            return {self._native(hit): hit["text"] for hit in self._hits if hit["text"] is not None}

    def respond(self, request: Request) -> Answer:
        if request.path != "/api/v1/search_by_date":
            return json_answer({"message": "not found"}, 404)
        since = re.fullmatch(r"created_at_i>=(\d+)", request.one("numericFilters"))
        if since is None or request.one("query") != "acme" or request.one("tags") != "(story,comment)":
            return json_answer({"message": "invalid filter"}, 400)
        page, size = int(request.one("page", "0")), int(request.one("hitsPerPage", "20"))
        with self._lock:
            found = [hit for hit in reversed(self._hits) if _second(hit) >= int(since[1])][:MAX_HITS]
        found = found[page * size : (page + 1) * size]
        if self._disorder:
            found = found[::-2] + found
        return json_answer({"hits": found, "page": page, "hitsPerPage": size})

    def _native(self, hit: Mapping[str, Any]) -> str:
        return f"{self.url.removeprefix('http://')}/{hit['objectID']}"


def _second(hit: Mapping[str, Any]) -> int:
    found = hit["created_at_i"]
    return found if isinstance(found, int) else int(time.time())
