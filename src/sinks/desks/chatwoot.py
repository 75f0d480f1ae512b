"""Chatwoot: https://developers.chatwoot.com/api-reference/introduction, the application API.

- A case is a contact with one conversation, in an inbox of the kind API. The contact's ``identifier`` is the id of
  the case: Chatwoot keeps it unique, and contacts are searched by it, in the database
  (https://developers.chatwoot.com/api-reference/contacts/search-contacts). The contact's name is the title of the
  ticket, since conversations have none. The id stands in the conversation's custom attributes too.
- Chatwoot knows no key that tells a repeat. An inbox that is locked to a single conversation per contact gives
  back the one that is there; in any other, one that is still being made while it is looked for is made twice.
- What Listener says is a private note, but for the first message, which comes from the contact
  (https://developers.chatwoot.com/api-reference/messages/create-new-message).
- Answers are messages of agents that are not private, and conversations that are resolved, as their reporting
  events tell; who did it stands in a message about it, in the language of the account, with the name.

Experimental: tried against a stand-in that does as this documentation says, never against Chatwoot.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from listener.desks import ChatwootDesk
from listener.domain.desk import DeskAnswer, DeskAnswers
from listener.domain.errors import Busy, ListenerError, ServiceError
from listener.domain.ids import is_case_id
from listener.times import parse_time
from sinks.desks.desk import Draft, Farewell, Known, Outcome, Update
from sinks.desks.server import DeskServer, Refusal
from sinks.desks.shape import checked, cut, ended_by, only, page_of, rows, step_of, without_told

PRIORITIES = ("low", "medium", "high", "urgent")
CASE = "listener_case"
"""Name of the custom attribute with the case's id."""
MAX_MESSAGE_BYTES = 100_000
"""Chatwoot takes 150,000 characters."""
MAX_PAGES = 200
"""Of conversations that changed since; 25 on each."""
MESSAGES = 20
"""In one answer."""
OVERLAP_SECONDS = 10
"""How much is read again, since a message gets its time before it can be seen."""
NO_INBOX_SECONDS = 30.0
"""Somebody has to mend the configuration, here or there."""
SAME_MOMENT_SECONDS = 2
"""Between a resolution and the message that tells of it."""
OUTGOING, ACTIVITY = 1, 2
RESOLVED = frozenset({"conversation_resolved", "resolution"})


class Chatwoot:
    """One account, by the token of one of its administrators."""

    def __init__(self, server: DeskServer, config: ChatwootDesk) -> None:
        self._server = server
        self._config = config
        self._root = f"/api/v1/accounts/{config.account}"
        self._own: Mapping[str, Any] = {}
        self.place = f"chatwoot: {server.url}/app/accounts/{config.account}"

    def check(self) -> str:
        """As `Desk`."""
        profile = only(checked(self._server, "/api/v1/profile", "the account"))
        path = f"{self._root}/inboxes/{self._config.inbox}"
        inbox = only(checked(self._server, path, f"the inbox {self._config.inbox}"))
        if inbox.get("channel_type") != "Channel::Api":
            raise ServiceError(f"the inbox {self._config.inbox} is not of the kind API")
        for queue, team in self._config.team_of.items():
            checked(self._server, f"{self._root}/teams/{team}", f"team_of.{queue}: the team {team}")
        return f"signed in as {profile.get('name')}; writes to the inbox {inbox.get('name')}"

    def find(self, case_id: str) -> Known | None:
        """As `Desk`."""
        contact = self._contact(case_id)
        conversation = self._conversation_of(contact, case_id) if contact is not None else None
        return self._known(conversation) if conversation is not None else None

    def open(self, draft: Draft) -> Known:
        """As `Desk`: contact, conversation, message, state; what a crash leaves out, the next update adds."""
        conversation = self._made_conversation(draft)
        path = f"{self._root}/conversations/{conversation['id']}"
        said = {"content": cut(draft.body, MAX_MESSAGE_BYTES), "message_type": "incoming"}
        self._server.ask("POST", f"{path}/messages", json=said)
        self._server.ask("POST", f"{path}/toggle_priority", json={"priority": _priority(draft)})
        self._bring(path, "open", draft.outcome)
        return self._known(conversation)

    def update(self, ticket_id: str, update: Update) -> None:
        """As `Desk`."""
        path = f"{self._root}/conversations/{ticket_id}"
        conversation = only(self._server.ask("GET", path))
        draft = update.draft
        if update.doubtful:
            update = without_told(update, (str(row.get("content") or "") for row in self._messages(path)))
        contact = only(conversation, "meta", "sender")
        own = {draft.case_id, update.renamed_from, _retired(str(update.renamed_from), ticket_id)}
        if contact.get("identifier") in own:  # else people have merged it into that of somebody
            named = {"identifier": draft.case_id}
            if "title" in update.changed:
                named["name"] = draft.title
            if named != {name: contact.get(name) for name in named}:
                self._server.ask("PUT", f"{self._root}/contacts/{contact['id']}", json=named)
        if _case_of(conversation) != draft.case_id:
            self._name(path, conversation, draft.case_id)
        if "priority" in update.changed and conversation.get("priority") != _priority(draft):
            self._server.ask("POST", f"{path}/toggle_priority", json={"priority": _priority(draft)})
        team = self._config.team_of.get(draft.case.queue) if "queue" in update.changed else None
        if team is not None and (_meta(conversation).get("team") or {}).get("id") != team:
            self._server.ask("POST", f"{path}/assignments", json={"team_id": team})
        if update.note is not None:
            self._note(path, update.note)
        self._bring(path, conversation.get("status"), update.outcome)

    def retire(self, ticket_id: str, farewell: Farewell) -> None:
        """As `Desk`."""
        path = f"{self._root}/conversations/{ticket_id}"
        conversation = only(self._server.ask("GET", path))
        if _case_of(conversation) != farewell.case_id:
            return
        if not any(farewell.text in str(row.get("content")) for row in self._messages(path)):
            self._note(path, farewell.text)
        self._bring(path, conversation.get("status"), "resolved")
        contact = only(conversation, "meta", "sender")
        if contact.get("identifier") == farewell.case_id:
            former = {"identifier": _retired(farewell.case_id, ticket_id)}
            self._server.ask("PUT", f"{self._root}/contacts/{contact['id']}", json=former)
        self._name(path, conversation, "")

    def answers(self, position: Mapping[str, Any] | None) -> DeskAnswers:
        """As `AnsweringDesk`; all of it in one page, since conversations are listed newest first."""
        return page_of(lambda: self._page(position))

    def close(self) -> None:
        """Ends the connections."""
        self._server.close()

    def _page(self, position: Mapping[str, Any] | None) -> DeskAnswers:
        since = 0 if position is None else int(position["since"])
        read = frozenset() if position is None else frozenset(position["read"])
        changed: dict[Any, Mapping[str, Any]] = {}
        for page in range(1, MAX_PAGES + 1):
            found = self._newest(page)
            changed |= {row["id"]: row for row in found if _active(row) >= since - OVERLAP_SECONDS}
            if position is None or not found or _active(found[-1]) < since - OVERLAP_SECONDS:
                break
        reached = max([since, *(_active(row) for row in changed.values())])
        following: dict[str, Any] = {
            "since": reached,
            "said_since": reached if position is None else reached - OVERLAP_SECONDS,
            "read": sorted(
                _version(row) for row in changed.values() if _active(row) >= reached - OVERLAP_SECONDS
            ),
        }
        if position is None:  # from now on, by the clock of the server
            return DeskAnswers((), following)
        told = [
            answer
            for row in changed.values()
            if _version(row) not in read and is_case_id(_case_of(row))
            for answer in self._answers_in(row, int(position["said_since"]))
        ]
        return DeskAnswers(tuple(sorted(told, key=lambda answer: answer.at)), following)

    def _known(self, conversation: Mapping[str, Any]) -> Known:
        number = str(conversation["id"])
        url = f"{self._server.url}/app/accounts/{self._config.account}/conversations/{number}"
        return Known(number, url)

    def _contact(self, case_id: str) -> Mapping[str, Any] | None:
        query = {"q": case_id, "include_contact_inboxes": "false"}
        found = rows(self._server.ask("GET", f"{self._root}/contacts/search", query=query), "payload")
        return next((contact for contact in found if contact.get("identifier") == case_id), None)

    def _made_conversation(self, draft: Draft) -> Mapping[str, Any]:
        """The conversation of a case; the contact, and it, may be there from an attempt whose answer was lost."""
        contact = {"inbox_id": self._config.inbox, "name": draft.title, "identifier": draft.case_id}
        try:
            made = self._server.ask("POST", f"{self._root}/contacts", json=contact)
            contact_id = only(made, "payload", "contact")["id"]
        except Refusal as refusal:
            there = self._contact(draft.case_id) if refusal.reason != "gone" else None
            if there is None:
                raise self._no_inbox(refusal) from None
            conversation = self._conversation_of(there, draft.case_id)
            if conversation is not None:
                return conversation
            contact_id = there["id"]
        wanted = new_conversation(draft, contact_id, self._config)
        try:
            return only(self._server.ask("POST", f"{self._root}/conversations", json=wanted))
        except Refusal as refusal:
            raise self._no_inbox(refusal) from None

    def _no_inbox(self, refusal: Refusal) -> ListenerError:
        """What a refusal to make something in the inbox means."""
        if refusal.reason != "gone":
            return refusal
        return Busy(f"{self._server.host} has no inbox {self._config.inbox}, or hides it", NO_INBOX_SECONDS)

    def _conversation_of(self, contact: Mapping[str, Any], case_id: str) -> Mapping[str, Any] | None:
        found = rows(
            self._server.ask("GET", f"{self._root}/contacts/{contact['id']}/conversations"), "payload"
        )
        return next((row for row in found if _case_of(row) == case_id), None)

    def _name(self, path: str, conversation: Mapping[str, Any], case_id: str) -> None:
        """The whole set of attributes is replaced by what is sent."""
        attributes = {**(conversation.get("custom_attributes") or {}), CASE: case_id}
        self._server.ask("POST", f"{path}/custom_attributes", json={"custom_attributes": attributes})

    def _note(self, path: str, text: str) -> None:
        note = {"content": cut(text, MAX_MESSAGE_BYTES), "message_type": "outgoing", "private": True}
        self._server.ask("POST", f"{path}/messages", json=note)

    def _bring(self, path: str, status: Any, outcome: Outcome | None) -> None:
        """Brings a conversation to a state, if it is in the other one."""
        if outcome is not None and (status == "resolved") == (outcome == "open"):
            wanted = "open" if outcome == "open" else "resolved"
            self._server.ask("POST", f"{path}/toggle_status", json={"status": wanted})

    def _newest(self, page: int) -> list[Mapping[str, Any]]:
        query: dict[str, str | int] = {
            "inbox_id": self._config.inbox,
            "status": "all",
            "assignee_type": "all",
            "sort_by": "last_activity_at_desc",
            "page": page,
        }
        return rows(self._server.ask("GET", f"{self._root}/conversations", query=query), "data", "payload")

    def _messages(self, path: str, since: int = 0) -> list[Mapping[str, Any]]:
        """The messages of a conversation since a time, in seconds since 1970, newest page first."""
        said: list[Mapping[str, Any]] = []
        query: dict[str, int] = {}
        while True:
            page = rows(self._server.ask("GET", f"{path}/messages", query=query), "payload")
            said += page
            if len(page) < MESSAGES or min(row["created_at"] for row in page) < since:
                return [row for row in said if row["created_at"] >= since]
            query = {"before": min(row["id"] for row in page)}

    def _answers_in(self, conversation: Mapping[str, Any], since: int) -> list[DeskAnswer]:
        path = f"{self._root}/conversations/{conversation['id']}"
        messages = self._messages(path, since)
        me = self._me()
        case_id = _case_of(conversation)
        found = [answer for row in messages if (answer := message_answer(row, case_id, me["id"])) is not None]
        if conversation.get("status") == "resolved":
            events = self._events(path)
            own = [row["created_at"] for row in messages if _says_who(row, me)]
            ended = [
                answer
                for event in events
                if (answer := resolved_answer(event, conversation, self._config)) is not None
                and answer.at.timestamp() >= since
                and not any(abs(answer.at.timestamp() - at) <= SAME_MOMENT_SECONDS for at in own)
            ]
            found += ended[-1:]
        return found

    def _events(self, path: str) -> list[Mapping[str, Any]]:
        """The reporting events of a conversation; none where Chatwoot is too old to tell them."""
        try:
            return rows(self._server.ask("GET", f"{path}/reporting_events"))
        except Refusal as refusal:
            if refusal.reason != "gone":
                raise
            return []

    def _me(self) -> Mapping[str, Any]:
        if not self._own:
            self._own = only(self._server.ask("GET", "/api/v1/profile"))
            if "id" not in self._own:
                raise Busy(f"{self._server.host} does not say whose the token is")
        return self._own


def new_conversation(draft: Draft, contact: int, config: ChatwootDesk) -> dict[str, Any]:
    """A conversation as it is opened.

    Its source id belongs to the contact for ever, whatever case the contact is kept for later.
    """
    wanted = {
        "inbox_id": config.inbox,
        "contact_id": contact,
        "source_id": f"{draft.case_id} {contact}",
        "custom_attributes": {CASE: draft.case_id},
        "status": "open",
    }
    team = config.team_of.get(draft.case.queue)
    return wanted if team is None else {**wanted, "team_id": team}


def message_answer(message: Mapping[str, Any], case_id: str, own_id: int) -> DeskAnswer | None:
    """The answer that a message is; None where it is none."""
    sender = message.get("sender") or {}
    by_staff = message.get("message_type") == OUTGOING and sender.get("type") == "user"
    if not by_staff or message.get("private") is not False or sender.get("id") == own_id:
        return None
    return DeskAnswer(
        answer_id=f"message-{message['id']}",
        case_id=case_id,
        kind="answered",
        by=str(sender.get("name") or f"agent {sender.get('id')}"),
        text=str(message.get("content") or ""),
        at=_moment(message["created_at"]),
    )


def resolved_answer(
    event: Mapping[str, Any], conversation: Mapping[str, Any], config: ChatwootDesk
) -> DeskAnswer | None:
    """That a conversation was resolved, as one of its reporting events says; None where it says something else."""
    if event.get("name") not in RESOLVED:
        return None
    assignee = _meta(conversation).get("assignee") or {}
    labels = conversation.get("labels") or ()
    ended, label = ended_by(labels, config.declined_label, config.no_response_label)
    return DeskAnswer(
        answer_id=f"event-{event['id']}",
        case_id=_case_of(conversation),
        kind=ended,
        by=str(assignee.get("name") or "an agent"),
        reason=f"the label {label}" if label is not None else None,
        at=parse_time(event.get("event_end_time") or event["created_at"]),
    )


def _says_who(message: Mapping[str, Any], user: Mapping[str, Any]) -> bool:
    """Whether a message about the conversation names a user."""
    names = [str(user[name]) for name in ("name", "available_name") if user.get(name)]
    told = str(message.get("content") or "")
    return message.get("message_type") == ACTIVITY and any(name in told for name in names)


def _case_of(conversation: Mapping[str, Any]) -> str:
    return str((conversation.get("custom_attributes") or {}).get(CASE) or "")


def _meta(conversation: Mapping[str, Any]) -> Mapping[str, Any]:
    return conversation.get("meta") or {}


def _priority(draft: Draft) -> str:
    return step_of(draft.case.priority, PRIORITIES)


def _retired(case_id: str, ticket_id: str) -> str:
    """The identifier of a contact that is kept for a case no more."""
    return f"{case_id} until {ticket_id}"


def _active(conversation: Mapping[str, Any]) -> int:
    """When something happened in it, in seconds since 1970."""
    return int(conversation.get("last_activity_at") or conversation.get("timestamp") or 0)


def _version(conversation: Mapping[str, Any]) -> str:
    """A conversation as it is now."""
    last = (conversation.get("messages") or [{}])[-1]
    return f"{conversation['id']} {_active(conversation)} {last.get('id')} {conversation.get('status')}"


def _moment(seconds: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
