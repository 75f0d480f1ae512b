"""The X API v2 with an app of the company's: recent search, filtered stream with rules, batch compliance, as
docs.x.com has them."""

import itertools
import json
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from conformance.gate import Gate
from conformance.http_server import Answer, Request, Stream, json_answer
from conformance.network import Ability

TOKEN = "b3arer"
BRAND = "acme"
LIMIT = 5
"""Posts of a page; X's is 100."""
SEARCH_DAYS = 7
OTHERS_RULE = {"id": "77", "value": "cats has:images", "tag": "cats"}
_FIRST_MS = 1_288_834_974_657


@dataclass
class _Post:
    """All versions of one post, the newest last."""

    versions: list[dict[str, Any]]
    others: bool = False

    @property
    def last(self) -> dict[str, Any]:
        return self.versions[-1]


@dataclass
class _Job:
    ids: list[str] = field(default_factory=list)
    looks: int = 0


class XServer:
    """Every post matches our rules, but those of `post_for_others`."""

    kind = "x"
    abilities: frozenset[Ability] = frozenset(
        {"edits", "deletions", "answers", "http", "disorder", "malformed"}
    )
    page_size = LIMIT

    def __init__(self) -> None:
        self.gate = Gate()
        self.url = ""
        self.rules: list[dict[str, str]] = [dict(OTHERS_RULE)]
        self.streams = 0
        self._posts: dict[str, _Post] = {}
        self._gone: set[str] = set()
        self._jobs: dict[str, _Job] = {}
        self._numbers = itertools.count(1)
        self._disorder = False
        self._malformed: list[dict[str, Any]] = []
        self._listeners: list[queue.Queue[bytes]] = []
        self._lock = threading.RLock()

    def source(self) -> Mapping[str, Any]:
        return {
            "kind": "x",
            "url": self.url,
            "rules": ['"acme parcels"'],
            "accounts": [f"@{BRAND}"],
            "poll_seconds": 60,
            "retry_seconds": 0.1,
            "compliance_seconds": 1,
            "secrets": {"token": "X_TOKEN"},
        }

    def environment(self) -> Mapping[str, str]:
        return {"X_TOKEN": TOKEN}

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        with self._lock:
            return self._add(author, text, reply_to)

    def answer(self, native_id: str, text: str) -> str:
        with self._lock:
            return self._add(BRAND, text, native_id)

    def edit(self, native_id: str, text: str) -> None:
        with self._lock:
            post = self._posts[native_id]
            new_id = self._new_id()
            ids = [*post.last["edit_history_tweet_ids"], new_id]
            post.versions.append({**post.last, "id": new_id, "text": text, "edit_history_tweet_ids": ids})
            self._tell(post)

    def delete(self, native_id: str) -> None:
        with self._lock:
            del self._posts[native_id]
            self._gone.add(native_id)

    def post_malformed(self) -> None:
        with self._lock:
            post = {"id": self._new_id(), "text": "by whom?", "author_id": None}
            self._malformed.append(post)
            self._tell(_Post([post]))

    def repost(self, native_id: str) -> None:
        """Somebody reposts a post."""
        with self._lock:
            self._add("fan", "RT @ann: ...", None, [{"type": "retweeted", "id": native_id}])

    def post_for_others(self) -> None:
        """Something that only the rule of others matches; no search of ours finds it."""
        with self._lock:
            made = self._add("cat", "meow", None, others=True)
            del self._posts[made]

    def disconnect(self) -> None:
        """Says that the stream has ended, and leaves the connection open."""
        error = {
            "title": "operational-disconnect",
            "disconnect_type": "UpstreamOperationalDisconnect",
            "detail": "This stream has been disconnected upstream for operational reasons.",
            "type": "https://api.twitter.com/2/problems/operational-disconnect",
        }
        with self._lock:
            for parts in self._listeners:
                parts.put(json.dumps({"errors": [error]}).encode() + b"\r\n")
            self._listeners.clear()

    def disorder(self) -> None:
        self._disorder = True

    def posts(self) -> Mapping[str, str]:
        with self._lock:
            return {
                native_id: post.last["text"]
                for native_id, post in self._posts.items()
                if not _is_repost(post.last)
            }

    def respond(self, request: Request) -> Answer | Stream:
        path = request.path
        with self._lock:
            if path.startswith("/files/"):
                return self._file(request, path.removeprefix("/files/"))
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return json_answer({"title": "Unauthorized", "status": 401, "detail": "Unauthorized"}, 401)
            match request.method, path:
                case "GET", "/2/tweets/search/recent":
                    return self._search(request)
                case "GET", "/2/tweets/search/stream":
                    return self._stream()
                case "GET", "/2/tweets/search/stream/rules":
                    return json_answer({"data": self.rules, "meta": {"result_count": len(self.rules)}})
                case "POST", "/2/tweets/search/stream/rules":
                    return self._change_rules(json.loads(request.body))
                case "POST", "/2/compliance/jobs":
                    return self._begin_job()
            if path.startswith("/2/compliance/jobs/"):
                return self._job(path.rpartition("/")[2])
        return json_answer({"title": "Not Found Error"}, 404)

    def _add(
        self,
        author: str,
        text: str,
        reply_to: str | None,
        refers: list[dict[str, str]] | None = None,
        *,
        others: bool = False,
    ) -> str:
        post_id = self._new_id()
        post: dict[str, Any] = {
            "id": post_id,
            "text": text,
            "author_id": _user(author)["id"],
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "conversation_id": reply_to or post_id,
            "edit_history_tweet_ids": [post_id],
            "public_metrics": {"retweet_count": 1, "reply_count": 0, "like_count": 2, "quote_count": 0},
        }
        if refers:
            post["referenced_tweets"] = refers
        if reply_to:
            answered = self._posts[reply_to].last
            post["referenced_tweets"] = [{"type": "replied_to", "id": answered["id"]}]
            post["in_reply_to_user_id"] = answered["author_id"]
        made = _Post([{**post, "_author": author}], others)
        self._posts[post_id] = made
        self._tell(made)
        return post_id

    def _new_id(self) -> str:
        ms = int(datetime.now(UTC).timestamp() * 1000) - _FIRST_MS
        return str((ms << 22) + next(self._numbers))

    def _search(self, request: Request) -> Answer:
        if not request.one("query").endswith(") -is:retweet"):
            return json_answer({"errors": [{"message": "no such query"}], "title": "Invalid Request"}, 400)
        since = int(request.one("since_id", "0"))
        oldest = datetime.now(UTC) - timedelta(days=SEARCH_DAYS)
        if since and (since >> 22) + _FIRST_MS < oldest.timestamp() * 1000:
            problem = {"message": f"'since_id' must be a tweet id created after {oldest.isoformat()}"}
            return json_answer({"errors": [problem], "title": "Invalid Request"}, 400)
        before = int(request.one("next_token", str(2**63)))
        limit = min(int(request.one("max_results", "10")), LIMIT)
        there = [post.last for post in self._posts.values()] + self._malformed
        matching = sorted(
            (post for post in there if since < int(post["id"]) < before), key=lambda post: -int(post["id"])
        )
        found = matching[:limit]
        meta: dict[str, Any] = {"result_count": len(found)}
        if len(matching) > limit:
            meta["next_token"] = found[-1]["id"]
        if self._disorder:
            found = found[::-2] + found
        answer = self._whole(found) | {"meta": meta}
        reset = str(int(datetime.now(UTC).timestamp()) + 900)
        return json_answer(answer, 200, {"x-rate-limit-remaining": "59", "x-rate-limit-reset": reset})

    def _whole(self, posts: list[dict[str, Any]]) -> dict[str, Any]:
        """Posts as they are told, with the accounts that they name and the posts that they refer to."""
        shown = [_shown(post) for post in posts]
        named = {name for post in posts if (name := post.get("_author"))}
        referred = [each["id"] for post in shown for each in post.get("referenced_tweets", ())]
        beside = [_shown(post.last) for post in self._posts.values() if post.last["id"] in referred]
        named |= {post.versions[0]["_author"] for post in self._posts.values() if post.last["id"] in referred}
        return {"data": shown, "includes": {"users": [_user(name) for name in named], "tweets": beside}}

    def _stream(self) -> Stream:
        parts: queue.Queue[bytes] = queue.Queue()
        self._listeners.append(parts)
        self.streams += 1
        return Stream(parts, {"Content-Type": "application/json; charset=utf-8"})

    def _tell(self, post: _Post) -> None:
        """Says it to whoever listens. Nobody hears what was posted while the server is down."""
        if self.gate.is_down:
            return
        rules = [rule for rule in self.rules if (rule["id"] == OTHERS_RULE["id"]) == post.others]
        if not rules:
            return
        whole = self._whole([post.last])
        told = whole | {"data": whole["data"][0], "matching_rules": rules}
        for parts in self._listeners:
            for _ in range(2 if self._disorder else 1):
                parts.put(json.dumps(told).encode() + b"\r\n")

    def _change_rules(self, change: dict[str, Any]) -> Answer:
        gone = change.get("delete", {}).get("ids", [])
        self.rules = [rule for rule in self.rules if rule["id"] not in gone]
        errors = []
        for rule in change.get("add", []):
            if any(rule["value"] == there["value"] for there in self.rules):
                errors.append({"title": "DuplicateRule", "value": rule["value"]})
            elif "nonsense:" in rule["value"]:
                return json_answer(
                    {"errors": [{"title": "UnprocessableEntity", "value": rule["value"]}]}, 400
                )
            else:
                self.rules.append({**rule, "id": str(1000 + next(self._numbers))})
        return json_answer({"meta": {}, **({"errors": errors} if errors else {})}, 201)

    def _begin_job(self) -> Answer:
        job_id = str(next(self._numbers))
        self._jobs[job_id] = _Job()
        data = {
            "id": job_id,
            "type": "tweets",
            "status": "created",
            "upload_url": f"{self.url}/files/{job_id}",
        }
        return json_answer({"data": data})

    def _job(self, job_id: str) -> Answer:
        job = self._jobs[job_id]
        job.looks += 1
        status = "complete" if job.looks > 1 else "in_progress"
        data = {"id": job_id, "status": status, "download_url": f"{self.url}/files/{job_id}"}
        return json_answer({"data": data})

    def _file(self, request: Request, job_id: str) -> Answer:
        if "authorization" in request.headers:
            return Answer(400)
        if request.method == "PUT":
            self._jobs[job_id].ids = request.body.decode().split()
            return Answer(200)
        gone = [post_id for post_id in self._jobs[job_id].ids if post_id in self._gone]
        found = {"action": "delete", "reason": "deleted", "redacted_at": datetime.now(UTC).isoformat()}
        return Answer(200, b"".join(json.dumps({"id": each, **found}).encode() + b"\n" for each in gone))


def _is_repost(post: dict[str, Any]) -> bool:
    return any(each["type"] == "retweeted" for each in post.get("referenced_tweets", ()))


def _shown(post: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in post.items() if not name.startswith("_")}
    return shown | {"text": escape(post["text"], quote=False)}


def _user(name: str) -> dict[str, Any]:
    number = str(7_000_000 + sum(ord(letter) << (8 * at) for at, letter in enumerate(name[:3])))
    metrics = {"followers_count": 12}
    return {
        "id": number,
        "username": name,
        "name": name.title(),
        "verified": False,
        "public_metrics": metrics,
    }
