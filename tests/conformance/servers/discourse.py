"""A Discourse forum: GET /posts.json as docs.discourse.org has it, newest first, `before` up to an id."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

from conformance.gate import Gate
from conformance.http_server import Answer, Request, json_answer
from conformance.network import Ability

LIMIT = 10
"""Posts of a page; Discourse's is 50."""
BRAND = "acme_support"


class DiscourseForum:
    """Topics by customers, replies within them. Whoever deletes a post leaves a stub for a day."""

    kind = "http-json"
    abilities: frozenset[Ability] = frozenset(
        {"edits", "deletions", "answers", "http", "disorder", "malformed"}
    )
    page_size = LIMIT

    def __init__(self) -> None:
        self.gate = Gate()
        self.url = ""
        self._posts: list[dict[str, Any]] = []
        self._replies: dict[int, int] = {}
        self._disorder = False
        self._lock = threading.RLock()

    def source(self) -> Mapping[str, Any]:
        return {
            "kind": "http-json",
            "preset": "discourse",
            "url": self.url,
            "poll_seconds": 1,
            "requests_per_minute": 600,
            "accounts": [BRAND],
            "headers": {"Api-Key": "{key}", "Api-Username": "listener"},
            "secrets": {"key": "FORUM_KEY"},
        }

    def environment(self) -> Mapping[str, str]:
        return {"FORUM_KEY": "sesame"}

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        with self._lock:
            topic, answered = self._place(reply_to)
            number = self._replies[topic] = self._replies.get(topic, 0) + 1
            moment = _iso(datetime.now(UTC))
            post: dict[str, Any] = {
                "id": 100 + len(self._posts),
                "topic_id": topic,
                "post_number": number,
                "reply_to_post_number": answered,
                "topic_slug": "a-topic",
                "topic_title": "A topic",
                "username": author,
                "name": author.title(),
                "cooked": f"<p>{escape(text)}</p>",
                "created_at": moment,
                "updated_at": moment,
                "version": 1,
                "actions_summary": [],
                "deleted_at": None,
                "user_deleted": False,
                "text": text,
            }
            self._posts.append(post)
            return self._native(post)

    def answer(self, native_id: str, text: str) -> str:
        return self.post(BRAND, text, native_id)

    def edit(self, native_id: str, text: str) -> None:
        with self._lock:
            post = self._of(native_id)
            post |= {"cooked": f"<p>{escape(text)}</p>", "text": text, "version": post["version"] + 1}
            post["updated_at"] = _iso(datetime.now(UTC))

    def delete(self, native_id: str) -> None:
        with self._lock:
            self._of(native_id)["user_deleted"] = True

    def post_malformed(self) -> None:
        with self._lock:
            self.post("eve", "when was this?")
            self._posts[-1] |= {"created_at": "the other day", "text": None}

    def disorder(self) -> None:
        self._disorder = True

    def posts(self) -> Mapping[str, str]:
        with self._lock:
            return {
                self._native(post): post["text"]
                for post in self._posts
                if not post["user_deleted"] and post["text"] is not None
            }

    def respond(self, request: Request) -> Answer:
        if request.headers.get("api-key") != "sesame":
            return json_answer({"errors": ["You are not permitted to view the requested resource."]}, 403)
        if request.path != "/posts.json":
            return json_answer({"errors": ["not found"]}, 404)
        before = int(request.one("before", "0")) or 2**31
        with self._lock:
            found = [post for post in reversed(self._posts) if post["id"] <= before][:LIMIT]
            if self._disorder:
                found = found[::-2] + found
            return json_answer({"latest_posts": found})

    def _place(self, reply_to: str | None) -> tuple[int, int | None]:
        """Topic, and number of the post that is answered; none where it is the topic itself."""
        if reply_to is None:
            return 1000 + len(self._posts), None
        topic, number = map(int, reply_to.split("/")[-2:])
        return topic, number if number > 1 else None

    def _of(self, native_id: str) -> dict[str, Any]:
        return next(post for post in self._posts if self._native(post) == native_id)

    def _native(self, post: Mapping[str, Any]) -> str:
        return f"{self.url.removeprefix('http://')}/{post['topic_id']}/{post['post_number']}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
