"""Chatwoot's application API, as developers.chatwoot.com has it: one account with one inbox of the kind API."""

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from conformance.desks.site import STAFF, Shown, Stand
from conformance.http_server import Answer, Request, json_answer

ACCOUNT, INBOX = 1, 7
OWN, AGENT = 11, 12
NAMES = {OWN: "Listener", AGENT: STAFF}
PAGE, MESSAGES = 25, 20
STATUSES = ("open", "resolved", "pending", "snoozed")
INCOMING, OUTGOING, ACTIVITY = 0, 1, 2
Json = dict[str, Any]


class ChatwootSite(Stand):
    """Contacts, their conversations, messages, reporting events.

    Attributes:
        contacts_need, conversations_need: the inbox that is there when one is made.
    """

    kind = "chatwoot"

    def __init__(self) -> None:
        super().__init__()
        self.contacts_need = self.conversations_need = INBOX
        self._contacts: dict[int, Json] = {}
        self._sources: dict[str, int] = {}
        self._conversations: dict[int, Json] = {}
        self._messages: list[Json] = []
        self._events: list[Json] = []

    def options(self) -> Mapping[str, Any]:
        return {
            "kind": "chatwoot",
            "url": self.url,
            "account": ACCOUNT,
            "inbox": INBOX,
            "secrets": {"token": "CHATWOOT_TOKEN"},
            "internal_hosts": ["127.0.0.1"],
        }

    def tickets(self) -> list[Shown]:
        with self._lock:
            return [
                Shown(
                    str(row["id"]),
                    row["custom_attributes"].get("listener_case", ""),
                    self._contacts[row["contact_id"]]["name"],
                    row["status"] != "resolved",
                    tuple(
                        each["content"]
                        for each in self._of(row["id"])
                        if each["message_type"] in (INCOMING, OUTGOING)
                    ),
                )
                for row in self._conversations.values()
            ]

    def answer(self, ticket_id: str, text: str, *, own: bool = False) -> None:
        with self._lock:
            self._say(int(ticket_id), {"content": text}, OWN if own else AGENT)

    def note(self, ticket_id: str, text: str) -> None:
        with self._lock:
            self._say(int(ticket_id), {"content": text, "private": True}, AGENT)

    def customer_says(self, ticket_id: str, text: str) -> None:
        with self._lock:
            self._say(int(ticket_id), {"content": text, "message_type": "incoming"}, OWN)

    def settle(self, ticket_id: str, *marks: str) -> None:
        with self._lock:
            self._conversations[int(ticket_id)]["labels"] = list(marks)
            self._conversations[int(ticket_id)]["assignee"] = AGENT
            self._bring(int(ticket_id), "resolved", AGENT)

    def reopen(self, ticket_id: str) -> None:
        with self._lock:
            self._bring(int(ticket_id), "open", AGENT)

    def remove(self, ticket_id: str) -> None:
        with self._lock:
            del self._conversations[int(ticket_id)]

    def handle(self, request: Request) -> Answer:
        if request.headers.get("api_access_token", request.headers.get("api-access-token")) != "sesame":
            return json_answer({"error": "Invalid Access Token"}, 401)
        if request.path == "/api/v1/profile":
            return json_answer({"id": OWN, "name": NAMES[OWN], "available_name": NAMES[OWN]})
        body = json.loads(request.body) if request.body else {}
        if self.refused_word in json.dumps(body):
            return json_answer({"message": "Content is not to be said", "attributes": ["content"]}, 422)
        path = request.path.removeprefix(f"/api/v1/accounts/{ACCOUNT}/")
        match request.method, path:
            case "GET", "contacts/search":
                asked = request.one("q")
                found = [each for each in self._contacts.values() if asked in (each["identifier"] or "")]
                return json_answer({"meta": {"count": len(found)}, "payload": found[:15]})
            case "POST", "contacts":
                return self._create_contact(body)
            case "GET", "conversations":
                return self._list(request)
            case "POST", "conversations":
                return self._create(body)
            case "GET", "inboxes/7":
                return json_answer({"id": INBOX, "name": "Cases", "channel_type": "Channel::Api"})
        if (one := re.fullmatch(r"contacts/(\d+)(/conversations)?", path)) is not None:
            return self._contact(int(one[1]), body, one[2])
        if (one := re.fullmatch(r"conversations/(\d+)(?:/(\w+))?", path)) is not None:
            return self._conversation(int(one[1]), f"{request.method} {one[2] or ''}".strip(), request, body)
        return json_answer({"error": "Resource could not be found"}, 404)

    def _contact(self, number: int, body: Json, conversations: str | None) -> Answer:
        if number not in self._contacts:
            return json_answer({"error": "Resource could not be found"}, 404)
        if conversations:
            found = [each for each in self._conversations.values() if each["contact_id"] == number]
            return json_answer({"payload": [self._told(each) for each in found[::-1][:20]]})
        if problem := self._taken(body.get("identifier"), number):
            return problem
        self._contacts[number] |= {name: body[name] for name in ("name", "identifier") if name in body}
        return json_answer({"payload": self._contacts[number]})

    def _create_contact(self, asked: Json) -> Answer:
        """The identifier is unique in the account."""
        if asked["inbox_id"] != self.contacts_need:
            return json_answer({"error": "Resource could not be found"}, 404)
        if problem := self._taken(asked.get("identifier"), 0):
            return problem
        number = 500 + len(self._contacts)
        contact = {"id": number, "name": asked.get("name"), "identifier": asked.get("identifier")}
        self._contacts[number] = contact
        return json_answer({"payload": {"contact": contact, "contact_inbox": {"source_id": "generated"}}})

    def _taken(self, identifier: str | None, by: int) -> Answer | None:
        for contact in self._contacts.values():
            if identifier is not None and contact["identifier"] == identifier and contact["id"] != by:
                told = {"message": "Identifier has already been taken", "attributes": ["identifier"]}
                return json_answer(told, 422)
        return None

    def _create(self, asked: Json) -> Answer:
        """Knows no repeat, as long as the inbox is not locked; a source id belongs to one contact for ever."""
        if asked["contact_id"] not in self._contacts or asked["inbox_id"] != self.conversations_need:
            return json_answer({"error": "Resource could not be found"}, 404)
        if self._sources.setdefault(asked["source_id"], asked["contact_id"]) != asked["contact_id"]:
            return json_answer({"error": "source_id should be unique"}, 422)
        number = len(self._conversations) + 1
        self._conversations[number] = {
            "id": number,
            "account_id": ACCOUNT,
            "inbox_id": INBOX,
            "contact_id": asked["contact_id"],
            "status": asked.get("status", "open"),
            "priority": None,
            "labels": [],
            "assignee": None,
            "custom_attributes": asked.get("custom_attributes", {}),
            "last_activity_at": int(time.time()),
        }
        return json_answer({"id": number, "account_id": ACCOUNT, "inbox_id": INBOX})

    def _conversation(self, number: int, what: str, request: Request, body: Json) -> Answer:
        if number not in self._conversations:
            return json_answer({"error": "Resource could not be found"}, 404)
        row = self._conversations[number]
        match what:
            case "GET":
                return json_answer(self._told(row))
            case "GET messages":
                before = int(request.one("before", str(2**31)))
                found = [each for each in self._of(number) if each["id"] < before]
                return json_answer({"meta": {}, "payload": found[-MESSAGES:]})
            case "POST messages":
                return json_answer(self._say(number, body, OWN))
            case "POST custom_attributes":
                row["custom_attributes"] = body["custom_attributes"]
                return json_answer({"custom_attributes": row["custom_attributes"]})
            case "POST toggle_priority":
                row["priority"] = body["priority"]
                return Answer()
            case "POST toggle_status":
                if body["status"] not in STATUSES:
                    return json_answer({"message": "Status is invalid"}, 422)
                self._bring(number, body["status"], OWN)
                return json_answer({"payload": {"success": True, "current_status": row["status"]}})
            case "GET reporting_events":
                return json_answer([each for each in self._events if each["conversation_id"] == number])
        return json_answer({"error": "Resource could not be found"}, 404)

    def _list(self, request: Request) -> Answer:
        """The page moves whenever something happens in a conversation."""
        found = sorted(self._conversations.values(), key=lambda row: (-row["last_activity_at"], -row["id"]))
        if request.one("status") != "all":
            found = [row for row in found if row["status"] == "open"]
        start = (int(request.one("page", "1")) - 1) * PAGE
        page = [self._told(row) for row in found[start : start + PAGE]]
        return json_answer({"data": {"meta": {"all_count": len(found)}, "payload": page}})

    def _bring(self, number: int, status: str, user: int) -> None:
        row, now = self._conversations[number], int(time.time())
        row["status"] = status
        self._add(number, ACTIVITY, f"Unterhaltung wurde von {NAMES[user]} auf {status} gesetzt", None)
        if status == "resolved":
            moment = datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
            event = {"id": 900 + len(self._events), "name": "conversation_resolved"}
            event |= {"conversation_id": number, "user_id": row["assignee"]}
            self._events.append(event | {"event_end_time": moment, "created_at": moment})

    def _say(self, number: int, asked: Json, user: int) -> Json:
        incoming = asked.get("message_type") == "incoming"
        contact = self._contacts[self._conversations[number]["contact_id"]]
        if incoming and self._conversations[number]["status"] == "resolved":
            self._conversations[number]["status"] = "open"
        sender = (
            {"id": contact["id"], "name": contact["name"], "type": "contact"}
            if incoming
            else {"id": user, "name": NAMES[user], "type": "user"}
        )
        private = bool(asked.get("private", False))
        return self._add(
            number, INCOMING if incoming else OUTGOING, asked["content"], sender, private=private
        )

    def _add(
        self, number: int, kind: int, content: str, sender: Json | None, *, private: bool = False
    ) -> Json:
        now = int(time.time())
        message = {
            "id": 2000 + len(self._messages),
            "content": content,
            "message_type": kind,
            "private": private,
            "created_at": now,
            "conversation_id": number,
        }
        if sender is not None:
            message["sender"] = sender
        self._messages.append(message)
        self._conversations[number]["last_activity_at"] = now
        return message

    def _of(self, number: int) -> list[Json]:
        return [each for each in self._messages if each["conversation_id"] == number]

    def _told(self, row: Json) -> Json:
        assignee = {"id": row["assignee"], "name": NAMES[row["assignee"]]} if row["assignee"] else None
        meta = {"sender": self._contacts[row["contact_id"]], "assignee": assignee}
        kept = {name: value for name, value in row.items() if name not in ("contact_id", "assignee")}
        return kept | {"meta": meta, "messages": self._of(row["id"])[-1:]}
