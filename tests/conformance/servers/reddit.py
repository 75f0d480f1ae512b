"""Reddit with the company's account: listings, inbox and `/api/info` as www.reddit.com/dev/api has them."""

import itertools
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from conformance.gate import Gate
from conformance.http_server import Answer, Request, json_answer
from conformance.network import Ability

CLIENT_ID, SECRET, PASSWORD = "sCr1pt", "s3cret", "passw0rd"
BRAND = "acme"
SUBREDDIT = "AcmeParcels"
ELSEWHERE = "funny"
LIMIT = 5
"""Things of a page; Reddit's is 100."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class RedditServer:
    """Of customers' words some are posts or comments in the company's subreddit, some mention it elsewhere."""

    kind = "reddit"
    abilities: frozenset[Ability] = frozenset(
        {"edits", "deletions", "answers", "http", "disorder", "malformed"}
    )
    page_size = LIMIT

    def __init__(self) -> None:
        self.gate = Gate()
        self.url = ""
        self.tokens = 0
        self._token: str | None = None
        self._things: dict[str, dict[str, Any]] = {}
        self._malformed: list[dict[str, Any]] = []
        self._mentioned: set[str] = set()
        self._numbers = itertools.count(int(time.time() * 1000) * 1000)
        self._root = f"t3_{self._new_id()}"
        self._made = 0
        self._disorder = False
        self._lock = threading.RLock()

    def source(self) -> Mapping[str, Any]:
        return {
            "kind": "reddit",
            "url": self.url,
            "auth_url": self.url,
            "client_id": CLIENT_ID,
            "username": BRAND,
            "subreddits": [SUBREDDIT],
            "poll_seconds": 0.2,
            "recheck_seconds": 0.5,
            "overlap_seconds": 0,
            "secrets": {"client_secret": "REDDIT_SECRET", "password": "REDDIT_PASSWORD"},
        }

    def environment(self) -> Mapping[str, str]:
        return {"REDDIT_SECRET": SECRET, "REDDIT_PASSWORD": PASSWORD}

    def post(self, author: str, text: str, reply_to: str | None = None) -> str:
        with self._lock:
            self._made += 1
            if reply_to is not None:
                return self._comment(author, text, reply_to, SUBREDDIT)
            match self._made % 3:
                case 0:
                    mentioning = self._comment(author, text, self._root, ELSEWHERE)
                    self._mentioned.add(mentioning)
                    return mentioning
                case 1:
                    return self._comment(author, text, self._root, SUBREDDIT)
                case _:
                    data = {"title": "a title", "selftext": text, "subreddit": SUBREDDIT, "score": 3}
                    return self._add("t3", author, data)

    def message(self, author: str, text: str) -> str:
        """Somebody writes to the company in private."""
        with self._lock:
            data = {"body": text, "subject": "hello", "dest": BRAND, "parent_id": None}
            return self._add("t4", author, data)

    def answer(self, native_id: str, text: str) -> str:
        with self._lock:
            return self._comment(BRAND, text, native_id, ELSEWHERE)

    def edit(self, native_id: str, text: str) -> None:
        with self._lock:
            data = self._things[native_id]["data"]
            data["body" if "body" in data else "selftext"] = text
            data["edited"] = round(time.time(), 3)

    def delete(self, native_id: str) -> None:
        """Its author deletes it: it leaves all listings, its place stays."""
        with self._lock:
            data = self._things[native_id]["data"]
            data["author"] = data["body" if "body" in data else "selftext"] = "[deleted]"

    def remove(self, native_id: str) -> None:
        """A moderator removes it."""
        with self._lock:
            data = self._things[native_id]["data"]
            data["body" if "body" in data else "selftext"] = "[removed]"

    def withdraw_token(self) -> None:
        """The token is of no use from now on."""
        self._token = "another"

    def post_malformed(self) -> None:
        with self._lock:
            data = {"id": self._new_id(), "created_utc": time.time(), "body": None, "author": "eve"}
            self._malformed.append({"kind": "t1", "data": data})

    def disorder(self) -> None:
        self._disorder = True

    def posts(self) -> Mapping[str, str]:
        with self._lock:
            return {
                name: thing["data"].get("body", thing["data"].get("selftext"))
                for name, thing in self._things.items()
                if not _is_gone(thing)
            }

    def respond(self, request: Request) -> Answer:
        with self._lock:
            if request.path == "/api/v1/access_token":
                return self._give_token(request)
            if request.headers.get("authorization") != f"Bearer {self._token}":
                return json_answer({"message": "Unauthorized", "error": 401}, 401)
            if request.path == "/api/info":
                asked = request.one("id").split(",")
                return _listing([self._things[name] for name in asked if name in self._things], None)
            listed: dict[str, Callable[[str, dict[str, Any]], bool]] = {
                f"/r/{SUBREDDIT}/new": lambda name, data: name[:2] == "t3",
                f"/r/{SUBREDDIT}/comments": lambda name, data: (
                    name[:2] == "t1" and data["subreddit"] == SUBREDDIT
                ),
                "/message/inbox": lambda name, data: name in self._mentioned or data.get("dest") == BRAND,
                "/message/sent": lambda name, data: name[:2] == "t4" and data["author"] == BRAND,
                f"/user/{BRAND}/overview": lambda name, data: name[:2] != "t4" and data["author"] == BRAND,
            }
            if request.path not in listed:
                return json_answer({"message": "Not Found", "error": 404}, 404)
            wanted = listed[request.path]
            there = [
                thing
                for name, thing in self._things.items()
                if not _is_gone(thing) and wanted(name, thing["data"])
            ]
            if request.path.endswith("/comments"):
                there += self._malformed
            if request.path == "/message/inbox":
                there = [_as_in_inbox(thing) for thing in there]
            return self._page(request, there)

    def _give_token(self, request: Request) -> Answer:
        basic = b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return json_answer({"message": "Unauthorized", "error": 401}, 401)
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form != {"grant_type": "password", "username": BRAND, "password": PASSWORD}:
            return json_answer({"error": "invalid_grant"})
        self.tokens += 1
        self._token = f"t0ken{self.tokens}"
        return json_answer({"access_token": self._token, "token_type": "bearer", "expires_in": 86400})

    def _comment(self, author: str, text: str, parent: str, subreddit: str) -> str:
        data = {"body": text, "parent_id": parent, "link_id": self._root, "subreddit": subreddit, "score": 1}
        return self._add("t1", author, data)

    def _add(self, kind: str, author: str, data: dict[str, Any]) -> str:
        thing_id = self._new_id()
        name = f"{kind}_{thing_id}"
        moment = float(int(datetime.now(UTC).timestamp()))
        whole = {"id": thing_id, "name": name, "author": author, "created_utc": moment, "edited": False}
        self._things[name] = {"kind": kind, "data": whole | data}
        return name

    def _new_id(self) -> str:
        number, digits = next(self._numbers), ""
        while number:
            number, digit = divmod(number, 36)
            digits = _DIGITS[digit] + digits
        return digits

    def _page(self, request: Request, there: list[dict[str, Any]]) -> Answer:
        """The newest first; nothing, where the thing behind which to go on is gone."""
        newest_first = sorted(there, key=lambda thing: thing["data"]["id"], reverse=True)
        if after := request.one("after"):
            names = [f"{thing['kind']}_{thing['data']['id']}" for thing in newest_first]
            newest_first = newest_first[names.index(after) + 1 :] if after in names else []
        found = newest_first[: min(int(request.one("limit", "25")), LIMIT)]
        last = found[-1] if len(newest_first) > len(found) else None
        following = f"{last['kind']}_{last['data']['id']}" if last else None
        if self._disorder:
            found = found[::-2] + found
        return _listing(found, following)


def _listing(children: list[dict[str, Any]], after: str | None) -> Answer:
    limits = {"X-Ratelimit-Used": "4", "X-Ratelimit-Remaining": "596.0", "X-Ratelimit-Reset": "312"}
    return json_answer({"kind": "Listing", "data": {"children": children, "after": after}}, 200, limits)


def _is_gone(thing: dict[str, Any]) -> bool:
    return thing["data"].get("body", thing["data"].get("selftext")) in ("[deleted]", "[removed]")


def _as_in_inbox(thing: dict[str, Any]) -> dict[str, Any]:
    """Comments lack there what a mention needs."""
    if thing["kind"] != "t1":
        return thing
    kept = {
        name: value for name, value in thing["data"].items() if name not in ("link_id", "edited", "score")
    }
    return {"kind": "t1", "data": {**kept, "was_comment": True, "subject": "username mention"}}
