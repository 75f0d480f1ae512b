"""Zendesk's Support API, as developer.zendesk.com/api-reference/ticketing has it.

One rule is its own: no minute passes before an event is exported, unless `lag_seconds` says so.
"""

import base64
import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from conformance.desks.site import STAFF, Shown, Stand
from conformance.http_server import Answer, Request, json_answer

ACCOUNT, AGENT, CUSTOMER = 100, 200, 300
USERS = {
    ACCOUNT: {"id": ACCOUNT, "name": "Listener", "role": "admin"},
    AGENT: {"id": AGENT, "name": STAFF, "role": "agent"},
    CUSTOMER: {"id": CUSTOMER, "name": "Ana Lee", "role": "end-user"},
}
EXPORTED = 3
"""Events in one page of the export; Zendesk's is 1,000."""
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
Json = dict[str, Any]


class ZendeskSite(Stand):
    """Tickets with comments, and every change as an event.

    Args:
        lag_seconds: how old an event is before it is exported.

    Attributes:
        listed: whether tickets are found by their external id; False as if a list lagged behind.
        keys: idempotency key to the request that it came with first, and the ticket that this made.
    """

    kind = "zendesk"

    def __init__(self, lag_seconds: int = 0) -> None:
        super().__init__()
        self.lag_seconds = lag_seconds
        self.listed = True
        self.keys: dict[str, tuple[str, int]] = {}
        self._tickets: dict[int, Json] = {}
        self._events: list[Json] = []
        self._ids = iter(range(1000, 10**9))

    def options(self) -> Mapping[str, Any]:
        return {
            "kind": "zendesk",
            "url": self.url,
            "username": "listener@acme.example",
            "secrets": {"token": "ZENDESK_TOKEN"},
            "internal_hosts": ["127.0.0.1"],
        }

    def tickets(self) -> list[Shown]:
        with self._lock:
            return [
                Shown(
                    str(ticket["id"]),
                    ticket["external_id"] or "",
                    ticket["subject"],
                    ticket["status"] not in ("solved", "closed"),
                    tuple(comment["body"] for comment in ticket["comments"]),
                )
                for ticket in self._tickets.values()
            ]

    def answer(self, ticket_id: str, text: str, *, own: bool = False) -> None:
        with self._lock:
            self._change(
                int(ticket_id), {"comment": {"body": text, "public": True}}, ACCOUNT if own else AGENT
            )

    def note(self, ticket_id: str, text: str) -> None:
        with self._lock:
            self._change(int(ticket_id), {"comment": {"body": text, "public": False}}, AGENT)

    def customer_says(self, ticket_id: str, text: str) -> None:
        with self._lock:
            self._change(int(ticket_id), {"comment": {"body": text, "public": True}}, CUSTOMER)

    def settle(self, ticket_id: str, *marks: str) -> None:
        with self._lock:
            solved = {"status": "solved", "assignee_id": AGENT, "tags": list(marks)}
            self._change(int(ticket_id), solved, AGENT)

    def reopen(self, ticket_id: str) -> None:
        with self._lock:
            self._change(int(ticket_id), {"status": "open"}, AGENT)

    def remove(self, ticket_id: str) -> None:
        with self._lock:
            del self._tickets[int(ticket_id)]

    def lock(self, ticket_id: str) -> None:
        """Zendesk closes a solved ticket for ever some days later."""
        with self._lock:
            self._change(int(ticket_id), {"status": "closed"}, AGENT)

    def handle(self, request: Request) -> Answer:
        expected = base64.b64encode(b"listener@acme.example/token:sesame").decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return json_answer({"error": "Couldn't authenticate you"}, 401)
        path = request.path.removesuffix(".json")
        match request.method, path:
            case "GET", "/api/v2/users/me":
                return json_answer({"user": USERS[ACCOUNT]})
            case "GET", "/api/v2/users/show_many":
                asked = [int(user) for user in request.one("ids").split(",")]
                return json_answer({"users": [USERS[user] for user in asked if user in USERS]})
            case "GET", "/api/v2/tickets":
                named = request.one("external_id")
                found = [_told(each) for each in self._tickets.values() if each["external_id"] == named]
                found = found if self.listed else []
                return json_answer({"tickets": found, "count": len(found), "next_page": None})
            case "POST", "/api/v2/tickets":
                return self._create(request)
            case "GET", "/api/v2/incremental/ticket_events":
                return self._export(request)
            case "GET", "/api/v2/tickets/show_many":
                asked = [int(ticket) for ticket in request.one("ids").split(",")]
                found = [_told(self._tickets[ticket]) for ticket in asked if ticket in self._tickets]
                return json_answer({"tickets": found, "count": len(found), "next_page": None})
        if (one := re.fullmatch(r"/api/v2/tickets/(\d+)(/comments)?", path)) is not None:
            ticket_id = int(one[1])
            if ticket_id not in self._tickets:
                return json_answer({"error": "RecordNotFound", "description": "Not found"}, 404)
            if one[2]:
                return self._comments(ticket_id, request)
            if request.method == "PUT":
                return self._update(ticket_id, json.loads(request.body)["ticket"])
            return json_answer({"ticket": _told(self._tickets[ticket_id])})
        return json_answer({"error": "InvalidEndpoint", "description": "Not found"}, 404)

    def _comments(self, ticket_id: int, request: Request) -> Answer:
        """By cursor, two on a page; Zendesk has up to a hundred."""
        after = int(request.one("page[after]", "0"))
        found = [each for each in self._tickets[ticket_id]["comments"] if each["id"] > after]
        page = found[:2]
        meta = {"has_more": len(found) > 2, "after_cursor": str(page[-1]["id"]) if page else None}
        return json_answer({"comments": page, "meta": meta})

    def _create(self, request: Request) -> Answer:
        """A key holds for two hours; a second request with it must be the same."""
        key, body = request.headers.get("idempotency-key", ""), request.body.decode()
        if key in self.keys:
            before, ticket_id = self.keys[key]
            if before != body:
                told = "Request parameters don't match the given idempotency key"
                return json_answer({"error": "IdempotentRequestError", "description": told}, 400)
            ticket = {"ticket": _told(self._tickets[ticket_id])}
            return json_answer(ticket, 201, {"X-Idempotency-Lookup": "hit"})
        asked = json.loads(body)["ticket"]
        if problem := self._problem({"status": "new", "assignee_id": None} | asked):
            return problem
        if not asked.get("comment", {}).get("body"):
            return _invalid("description", "Description: cannot be blank")
        now = int(time.time())
        ticket_id = next(self._ids)
        self._tickets[ticket_id] = {
            "id": ticket_id,
            "url": f"{self.url}/api/v2/tickets/{ticket_id}.json",
            "external_id": asked.get("external_id"),
            "subject": asked.get("subject", ""),
            "status": "new",
            "assignee_id": None,
            "priority": asked.get("priority"),
            "tags": asked.get("tags", []),
            "created_at": _iso(now),
            "updated_at": _iso(now),
            "comments": [],
        }
        self._change(ticket_id, asked, ACCOUNT)
        if key:
            self.keys[key] = body, ticket_id
        return json_answer({"ticket": _told(self._tickets[ticket_id])}, 201, {"X-Idempotency-Lookup": "miss"})

    def _update(self, ticket_id: int, asked: Json) -> Answer:
        if self._tickets[ticket_id]["status"] == "closed":
            return _invalid("status", "Status: closed prevents ticket update")
        if problem := self._problem(_told(self._tickets[ticket_id]) | asked):
            return problem
        self._change(ticket_id, asked, ACCOUNT)
        return json_answer({"ticket": _told(self._tickets[ticket_id])})

    def _problem(self, asked: Json) -> Answer | None:
        if self.refused_word in json.dumps(asked):
            return _invalid("base", "This is not to be said")
        if asked["status"] not in STATUSES:
            return _invalid("status", "Status: is invalid")
        if asked["status"] == "solved" and asked["assignee_id"] is None:
            return _invalid("base", "Assignee: is required when solving a ticket")
        if asked.get("priority") not in (None, "low", "normal", "high", "urgent"):
            return _invalid("priority", "Priority: is invalid")
        return None

    def _change(self, ticket_id: int, asked: Json, user: int) -> None:
        ticket, now = self._tickets[ticket_id], int(time.time())
        told: list[Json] = []
        for name in ("subject", "status", "assignee_id", "priority", "external_id", "tags"):
            if name in asked and asked[name] != ticket[name]:
                change = {"id": next(self._ids), name: asked[name], "previous_value": ticket[name]}
                told.append(change | {"event_type": "Change", "via": "API"})
                ticket[name] = asked[name]
        if comment := asked.get("comment"):
            said = {
                "id": next(self._ids),
                "type": "Comment",
                "author_id": user,
                "body": comment["body"],
                "public": comment.get("public", True),
                "created_at": _iso(now),
            }
            ticket["comments"].append(said)
            told.append(said | {"event_type": "Comment"})
        ticket["updated_at"] = _iso(now)
        event = {"id": next(self._ids), "ticket_id": ticket_id, "timestamp": now, "updater_id": user}
        self._events.append(event | {"event_type": "Audit", "child_events": told})

    def _export(self, request: Request) -> Answer:
        """Events of one second are never torn apart, and the last second of a page is in the next one too."""
        start, until = int(request.one("start_time")), int(time.time()) - self.lag_seconds
        if start > until:
            return json_answer({"error": "InvalidValue", "description": "Too recent start_time"}, 422)
        events = [event for event in self._events if start <= event["timestamp"] <= until]
        page = events[:EXPORTED]
        page += [event for event in events[EXPORTED:] if event["timestamp"] == page[-1]["timestamp"]]
        if request.one("include") != "comment_events":
            page = [event | {"child_events": []} for event in page]
        end = page[-1]["timestamp"] if page else start
        return json_answer(
            {
                "ticket_events": page,
                "count": len(page),
                "end_time": end,
                "next_page": f"{self.url}/api/v2/incremental/ticket_events.json?start_time={end}",
                "end_of_stream": len(page) == len(events),
            }
        )


def _told(ticket: Json) -> Json:
    return {name: value for name, value in ticket.items() if name != "comments"}


def _invalid(field: str, text: str) -> Answer:
    details = {field: [{"description": text, "error": "InvalidValue"}]}
    return json_answer(
        {"error": "RecordInvalid", "description": "Record validation errors", "details": details}, 422
    )


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
