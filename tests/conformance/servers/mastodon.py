"""A Mastodon server with the company's account: REST API and event streams as docs.joinmastodon.org has them."""

import json
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from conformance.gate import Gate
from conformance.http_server import Answer, Request, Stream, json_answer
from conformance.network import Ability

TOKEN = "t0ken"
DOMAIN = "social.test"
BRAND = "acme"
TAG = "acmefail"
LIMIT = 5
"""Posts of a page; Mastodon's is 40."""
AT_ONCE = 20


@dataclass
class _Post:
    status: dict[str, Any]
    text: str
    tagged: bool
    notification_id: str | None


class MastodonServer:
    """Of customers' posts some mention the company, some have its hashtag, some have both."""

    kind = "mastodon"
    abilities: frozenset[Ability] = frozenset(
        {"edits", "deletions", "answers", "http", "disorder", "malformed"}
    )
    page_size = LIMIT

    def __init__(self) -> None:
        self.gate = Gate()
        self.url = ""
        self.multiple_get = True
        self._posts: dict[str, _Post] = {}
        self._made = 0
        self._disorder = False
        self._malformed: list[dict[str, Any]] = []
        self._listeners: dict[str, list[queue.Queue[bytes]]] = {"user": [], "hashtag": []}
        self._lock = threading.RLock()

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def source(self) -> Mapping[str, Any]:
        return {
            "kind": "mastodon",
            "url": self.url,
            "hashtags": [TAG],
            "poll_seconds": 60,
            "accounts": [f"@{BRAND}@{DOMAIN}"],
            "secrets": {"token": "MASTODON_TOKEN"},
        }

    def environment(self) -> Mapping[str, str]:
        return {"MASTODON_TOKEN": TOKEN}

    def post(
        self, author: str, text: str, reply_to: str | None = None, *, written: timedelta = timedelta(0)
    ) -> str:
        """As in the contract.

        Args:
            written: how long before it arrives here, as from another server.
        """
        with self._lock:
            kinds = (True, True), (True, False), (False, True)
            mentions, tagged = kinds[self._made % 3]
            return self._native(self._add(author, text, reply_to, mentions, tagged, written))

    def answer(self, native_id: str, text: str) -> str:
        with self._lock:
            return self._native(self._add(BRAND, text, native_id, False, False, timedelta(0)))

    def boost(self, native_id: str) -> None:
        """The company boosts a post."""
        with self._lock:
            original = self._posts[self._local(native_id)].status
            made = self._add(BRAND, "", None, False, False, timedelta(0))
            self._posts[made].status["reblog"] = original

    def edit(self, native_id: str, text: str, *, told: bool = True) -> None:
        """As in the contract. Whether the streams tell it: not of what only mentions."""
        with self._lock:
            post = self._posts[self._local(native_id)]
            post.text = text
            post.status["content"] = _html(text)
            post.status["edited_at"] = _iso(datetime.now(UTC))
            if told and post.tagged:
                self._tell("hashtag", "status.update", post.status)

    def delete(self, native_id: str, *, told: bool = True) -> None:
        with self._lock:
            local = self._local(native_id)
            post = self._posts.pop(local)
            if not told:
                return
            if post.tagged:
                self._tell("hashtag", "delete", local)
            if post.notification_id:
                self._tell("user", "delete", local)

    def post_malformed(self) -> None:
        with self._lock:
            status_id = self._snowflake(datetime.now(UTC))
            status = {"id": status_id, "content": "<p>by whom?</p>", "account": None}
            self._malformed.append(status)
            self._tell("hashtag", "update", status)

    def follow_noise(self) -> None:
        """Whom the company follows says something, and takes it back."""
        with self._lock:
            status = self._status("friend", "lunch", None, self._snowflake(datetime.now(UTC)), False, False)
            self._tell("user", "update", status)
            self._tell("user", "delete", status["id"])

    def disorder(self) -> None:
        self._disorder = True

    def posts(self) -> Mapping[str, str]:
        with self._lock:
            return {
                self._native(local): post.text
                for local, post in self._posts.items()
                if "reblog" not in post.status
            }

    def respond(self, request: Request) -> Answer | Stream:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_answer({"error": "The access token is invalid"}, 401)
        path = request.path.removeprefix("/api/")
        with self._lock:
            if path == "v1/accounts/verify_credentials":
                return json_answer(_account(BRAND))
            if path == "v2/instance":
                streaming = self.url.replace("http", "ws")
                urls = {"urls": {"streaming": streaming}}
                return json_answer({"domain": DOMAIN, "version": "4.5.0", "configuration": urls})
            if path == "v1/streaming/user":
                return self._stream("user")
            if path == "v1/streaming/hashtag" and request.one("tag") == TAG:
                return self._stream("hashtag")
            if path == "v1/notifications":
                found = [_notification(post) for post in self._posts.values() if post.notification_id]
                return self._page(request, found)
            if path == f"v1/accounts/{_account(BRAND)['id']}/statuses":
                return self._page(request, self._of(lambda post: post.status["account"]["acct"] == BRAND))
            if path == f"v1/timelines/tag/{TAG}":
                return self._page(request, self._of(lambda post: post.tagged) + self._malformed)
            if path == "v1/statuses" and self.multiple_get:
                ids = request.query.get("id[]", [])
                if len(ids) > AT_ONCE:
                    return json_answer({"error": "too many"}, 422)
                return json_answer([self._posts[each].status for each in ids if each in self._posts])
            local = path.removeprefix("v1/statuses/")
            if local in self._posts:
                return json_answer(self._posts[local].status)
        return json_answer({"error": "Record not found"}, 404)

    def _add(
        self,
        author: str,
        text: str,
        reply_to: str | None,
        mentions: bool,
        tagged: bool,
        written: timedelta,
    ) -> str:
        local = self._snowflake(datetime.now(UTC) - written)
        status = self._status(author, text, reply_to and self._local(reply_to), local, mentions, tagged)
        notification_id = str(1000 + self._made) if mentions else None
        post = self._posts[local] = _Post(status, text, tagged, notification_id)
        if tagged:
            self._tell("hashtag", "update", status)
        if notification_id:
            self._tell("user", "notification", _notification(post))
        if author == BRAND:
            self._tell("user", "update", status)
        return local

    def _status(
        self, author: str, text: str, reply_to: str | None, local: str, mentions: bool, tagged: bool
    ) -> dict[str, Any]:
        named = [BRAND] if mentions else []
        answered = self._posts[reply_to].status["account"] if reply_to else None
        if answered and answered["acct"] not in named:
            named.append(answered["acct"])
        return {
            "id": local,
            "created_at": _iso(datetime.fromtimestamp((int(local) >> 16) / 1000, UTC)),
            "edited_at": None,
            "content": _html(text),
            "spoiler_text": "",
            "visibility": "public",
            "in_reply_to_id": reply_to,
            "in_reply_to_account_id": answered and answered["id"],
            "account": _account(author),
            "mentions": [{"id": _account(acct)["id"], "acct": acct} for acct in named],
            "tags": [{"name": TAG}] if tagged else [],
            "favourites_count": 1,
            "reblogs_count": 2,
            "url": f"https://{DOMAIN}/@{author}/{local}",
        }

    def _snowflake(self, moment: datetime) -> str:
        self._made += 1
        return str((int(moment.timestamp() * 1000) << 16) + self._made)

    def _of(self, wanted: Callable[[_Post], bool]) -> list[dict[str, Any]]:
        return [post.status for post in self._posts.values() if wanted(post)]

    def _page(self, request: Request, entries: list[dict[str, Any]]) -> Answer:
        limit = min(int(request.one("limit", "20")), LIMIT)
        newest_first = sorted(entries, key=lambda entry: -int(entry["id"]))
        if min_id := request.one("min_id"):
            found = [entry for entry in newest_first if int(entry["id"]) > int(min_id)][-limit:]
        else:
            before = int(request.one("max_id", str(2**63)))
            found = [entry for entry in newest_first if int(entry["id"]) < before][:limit]
        if self._disorder:
            found = found[::-2] + found
        reset = _iso(datetime.now(UTC) + timedelta(minutes=5))
        limits = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "299", "X-RateLimit-Reset": reset}
        return json_answer(found, 200, limits)

    def _stream(self, name: str) -> Stream:
        parts: queue.Queue[bytes] = queue.Queue()
        self._listeners[name].append(parts)
        return Stream(parts, {"Content-Type": "text/event-stream"})

    def _tell(self, stream: str, event: str, payload: Any) -> None:
        """Says it to whoever listens. Nobody hears what was said while the server is down."""
        if self.gate.is_down:
            return
        data = payload if isinstance(payload, str) else json.dumps(payload)
        part = f"event: {event}\ndata: {data}\n\n".encode()
        for parts in self._listeners[stream]:
            for _ in range(2 if self._disorder else 1):
                parts.put(part)

    def _native(self, local: str) -> str:
        return f"{self.host}/{local}"

    def _local(self, native_id: str) -> str:
        return native_id.rpartition("/")[2]


def _account(acct: str) -> dict[str, Any]:
    number = str(7_000_000 + sum(ord(letter) << (8 * at) for at, letter in enumerate(acct[:3])))
    return {"id": number, "acct": acct, "display_name": acct.title(), "followers_count": 12, "bot": False}


def _notification(post: _Post) -> dict[str, Any]:
    return {"id": post.notification_id, "type": "mention", "status": post.status}


def _html(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
