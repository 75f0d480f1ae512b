"""Zammad's REST interface, as docs.zammad.org has it."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from conformance.desks.site import STAFF, Shown, Stand
from conformance.http_server import Answer, Request, json_answer

ACCOUNT, AGENT, CUSTOMER = 3, 4, 5
NAMES = {ACCOUNT: "Listener", AGENT: STAFF, CUSTOMER: "Ana Lee"}
STATES = {"new": 1, "open": 2, "pending reminder": 3, "closed": 4, "merged": 5}
PRIORITIES = {"1 low": 1, "2 normal": 2, "3 high": 3}
GROUPS = {"Users": 1, "2nd Level": 2}
COLUMNS = frozenset({"title", "group", "state", "priority", "note", "customer_id"})
Json = dict[str, Any]


class ZammadSite(Stand):
    """Tickets with articles and tags."""

    kind = "zammad"
    largest_page = 200

    def __init__(self) -> None:
        super().__init__()
        self._tickets: dict[int, Json] = {}
        self._articles: list[Json] = []
        self._tags: dict[int, set[str]] = {}
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._last = datetime(2020, 1, 1, tzinfo=UTC)

    def options(self) -> Mapping[str, Any]:
        return {
            "kind": "zammad",
            "url": self.url,
            "customer": "listener@acme.example",
            "secrets": {"token": "ZAMMAD_TOKEN"},
            "internal_hosts": ["127.0.0.1"],
        }

    def tickets(self) -> list[Shown]:
        with self._lock:
            return [
                Shown(
                    str(ticket["id"]),
                    ticket["note"] or "",
                    ticket["title"],
                    ticket["state"] not in ("closed", "merged"),
                    tuple(each["body"] for each in self._articles if each["ticket_id"] == ticket["id"]),
                )
                for ticket in self._tickets.values()
            ]

    def answer(self, ticket_id: str, text: str, *, own: bool = False) -> None:
        with self._lock:
            said = {"body": f"<div>{text}</div>", "content_type": "text/html", "type": "email"}
            self._say(
                int(ticket_id), {**said, "internal": False, "sender": "Agent"}, ACCOUNT if own else AGENT
            )

    def note(self, ticket_id: str, text: str) -> None:
        with self._lock:
            self._say(int(ticket_id), {"body": text, "internal": True, "sender": "Agent"}, AGENT)

    def customer_says(self, ticket_id: str, text: str) -> None:
        with self._lock:
            self._say(int(ticket_id), {"body": text, "type": "email", "sender": "Customer"}, CUSTOMER)

    def settle(self, ticket_id: str, *marks: str) -> None:
        with self._lock:
            self._tags[int(ticket_id)] = set(marks)
            self._change(int(ticket_id), {"state": "closed"}, AGENT)

    def reopen(self, ticket_id: str) -> None:
        with self._lock:
            self._change(int(ticket_id), {"state": "open"}, AGENT)

    def remove(self, ticket_id: str) -> None:
        with self._lock:
            del self._tickets[int(ticket_id)]

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != "Token token=sesame":
            return json_answer({"error": "Authentication required"}, 401)
        body = json.loads(request.body) if request.body else {}
        match request.method, request.path.removeprefix("/api/v1"):
            case "GET", "/users/me":
                return json_answer({"id": ACCOUNT, "login": "listener@acme.example"})
            case "GET", "/ticket_states":
                return json_answer([{"id": number, "name": name} for name, number in STATES.items()])
            case "GET", "/ticket_priorities":
                return json_answer([{"id": number, "name": name} for name, number in PRIORITIES.items()])
            case "GET", "/tags":
                return json_answer({"tags": sorted(self._tags.get(int(request.one("o_id")), ()))})
            case "POST", "/tickets/search":
                return self._search(body)
            case "POST", "/tickets":
                return self._create(body)
        if (one := re.fullmatch(r"/api/v1/(tickets|ticket_articles/by_ticket)/(\d+)", request.path)) is None:
            return json_answer({"error": "No route matches"}, 404)
        ticket_id = int(one[2])
        if ticket_id not in self._tickets:
            return json_answer({"error": f"Couldn't find Ticket with 'id'={ticket_id}"}, 404)
        if one[1] != "tickets":
            return json_answer([each for each in self._articles if each["ticket_id"] == ticket_id])
        if request.method == "PUT":
            if problem := self._problem(body):
                return problem
            self._change(ticket_id, body, ACCOUNT)
        return json_answer(_told(self._tickets[ticket_id], expand=request.one("expand") == "true"))

    def _create(self, asked: Json) -> Answer:
        """Knows no repeat: what is asked twice is made twice."""
        if problem := self._problem(asked):
            return problem
        if not asked.get("group"):
            return json_answer({"error": "Group can't be blank"}, 422)
        if not str(asked.get("customer_id", "")).startswith("guess:"):
            return json_answer({"error": "Missing required value for field 'customer_id'!"}, 422)
        ticket_id = len(self._tickets) + 1
        while ticket_id in self._tickets:
            ticket_id += 1
        now = self._now()
        self._tickets[ticket_id] = {
            "id": ticket_id,
            "number": f"22{ticket_id:03}",
            "title": "",
            "note": None,
            "state": "new",
            "priority": "2 normal",
            "group": "Users",
            "created_at": now,
            "updated_at": now,
            "close_at": None,
            "last_close_at": None,
            "created_by_id": ACCOUNT,
        }
        self._change(ticket_id, asked, ACCOUNT)
        return json_answer(_told(self._tickets[ticket_id], expand=False), 201)

    def _problem(self, asked: Json) -> Answer | None:
        if self.refused_word in json.dumps(asked):
            return json_answer({"error": "This is not to be said"}, 422)
        for field, known in (("group", GROUPS), ("state", STATES), ("priority", PRIORITIES)):
            if field in asked and asked[field] not in known:
                return json_answer({"error": f"No lookup value found for '{field}': {asked[field]!r}"}, 422)
        if "article" in asked and not asked["article"].get("body"):
            return json_answer({"error": 'Need at least article: { body: "some text" }'}, 422)
        return None

    def _change(self, ticket_id: int, asked: Json, user: int) -> None:
        ticket = self._tickets[ticket_id]
        if asked.get("state") == "closed" and ticket["state"] != "closed":
            ticket["last_close_at"] = self._now()
            ticket["close_at"] = ticket["close_at"] or ticket["last_close_at"]
        ticket |= {name: value for name, value in asked.items() if name in COLUMNS}
        ticket |= {"updated_at": self._now(), "updated_by_id": user, "updated_by": NAMES[user]}
        if "article" in asked:
            self._say(ticket_id, asked["article"], user)

    def _say(self, ticket_id: int, asked: Json, user: int) -> None:
        now = self._now()
        article = {"type": "note", "sender": "Agent", "internal": False, "content_type": "text/plain"} | asked
        article |= {"id": 30 + len(self._articles), "ticket_id": ticket_id, "created_at": now}
        article |= {"created_by_id": user, "created_by": NAMES[user], "from": NAMES[user]}
        self._articles.append(article)
        self._tickets[ticket_id] |= {"updated_at": now, "updated_by_id": user, "updated_by": NAMES[user]}

    def _search(self, asked: Json) -> Answer:
        """Only the conditions that the documentation's examples and Zammad's overviews use."""
        found = list(self._tickets.values())
        for field, condition in asked["condition"].items():
            table, _, name = field.partition(".")
            if table != "ticket":
                return json_answer({"error": f"invalid selector {field}"}, 422)
            value = condition["value"]
            match condition["operator"]:
                case "is":
                    found = [each for each in found if each[name] == value]
                case "contains":
                    found = [each for each in found if value in (each[name] or "")]
                case "after (absolute)":
                    found = [each for each in found if each[name] >= value]
                case other:
                    return json_answer({"error": f"Invalid operator {other}"}, 422)
        found.sort(
            key=lambda each: each[asked.get("sort_by", "updated_at")], reverse=asked.get("order_by") == "desc"
        )
        size = min(int(asked.get("per_page", 50)), self.largest_page)
        start = (int(asked.get("page", 1)) - 1) * size
        expand = asked.get("expand") is True
        return json_answer([_told(ticket, expand=expand) for ticket in found[start : start + size]])

    def _now(self) -> str:
        """The time; never the same twice."""
        self._last = max(self.clock(), datetime.fromtimestamp(self._last.timestamp() + 0.001, UTC))
        return self._last.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _told(ticket: Json, *, expand: bool) -> Json:
    """Without `expand` names are left out, and only their numbers are told."""
    numbers = {
        "state_id": STATES[ticket["state"]],
        "priority_id": PRIORITIES[ticket["priority"]],
        "group_id": GROUPS[ticket["group"]],
    }
    names = () if expand else ("state", "priority", "group", "updated_by")
    return numbers | {name: value for name, value in ticket.items() if name not in names}
