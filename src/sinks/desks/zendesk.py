"""Zendesk Support: https://developer.zendesk.com/api-reference/ticketing/introduction/.

- A ticket has the case's id as its ``external_id``, by which tickets are listed
  (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#list-tickets). It need not be unique, so
  the header ``Idempotency-Key`` goes with each new ticket: for two hours a repeat is answered with the first
  ticket, also while that is still being made, and refused if it is not the same in every letter
  (https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency).
- What Listener says is an internal note, so that no trigger mails it to anybody.
- A ticket that is closed can never change, unlike one that is solved: a case that goes on gets a follow-up ticket.
- Answers are public comments of agents, and tickets that an agent solves, from the export of ticket events, which
  leaves out the last minute, repeats the last second of each page, and is for administrators
  (https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/).

Experimental: tried against a stand-in that does as this documentation says, never against Zendesk.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from listener.desks import ZendeskDesk
from listener.domain.desk import DeskAnswer, DeskAnswers
from listener.domain.errors import Busy, ServiceError
from listener.domain.ids import is_case_id
from sinks.desks.desk import ALL_FIELDS, Draft, Farewell, Known, Outcome, TicketField, Update
from sinks.desks.server import DeskServer, Refusal
from sinks.desks.shape import checked, cut, ended_by, only, page_of, rows, step_of, without_told

LAG_SECONDS = 60
"""What is younger is not exported, and may not be asked for."""
MAX_COMMENT_BYTES = 60_000
"""Zendesk takes 64 KiB."""
PRIORITIES = ("low", "normal", "high", "urgent")
STAFF = frozenset({"agent", "admin"})
DONE = frozenset({"solved", "closed"})
MANY = 100
"""Ids in one request."""


class Zendesk:
    """One account.

    Args:
        now: the machine's time.
        lag_seconds: see `LAG_SECONDS`.
    """

    def __init__(
        self,
        server: DeskServer,
        config: ZendeskDesk,
        now: Callable[[], datetime],
        lag_seconds: int = LAG_SECONDS,
    ) -> None:
        self._server = server
        self._config = config
        self._now = now
        self._lag_seconds = lag_seconds
        self._own_id: int | None = None
        self.place = f"zendesk: {server.url}"

    def check(self) -> str:
        """As `Desk`."""
        found = checked(self._server, "/api/v2/users/me.json", "the account")
        user = only(found, "user")
        if user.get("role") not in STAFF:
            raise ServiceError(
                f"{self._config.username} is no agent at {self._server.host}, or the token is wrong"
            )
        for queue, group in self._config.group_of.items():
            checked(self._server, f"/api/v2/groups/{group}.json", f"group_of.{queue}: the group {group}")
        reads = (
            "answers can be read" if user["role"] == "admin" else "answers cannot be read: no administrator"
        )
        return f"signed in as {user.get('name')}, {user['role']}: {reads}"

    def find(self, case_id: str) -> Known | None:
        """As `Desk`."""
        found = rows(
            self._server.ask("GET", "/api/v2/tickets.json", query={"external_id": case_id}), "tickets"
        )
        named = [ticket for ticket in found if ticket.get("external_id") == case_id]
        if not named:
            return None
        newest = max(named, key=lambda ticket: (ticket.get("status") != "closed", ticket["id"]))
        return self._known(newest)

    def open(self, draft: Draft) -> Known:
        """As `Desk`."""
        ticket = new_ticket(draft, self._config) | self._solved(draft.outcome)
        return self._create(ticket, draft.event_id)

    def update(self, ticket_id: str, update: Update) -> None:
        """As `Desk`."""
        ticket = only(self._server.ask("GET", f"/api/v2/tickets/{ticket_id}.json"), "ticket")
        if ticket.get("status") == "closed":
            self._follow_up(ticket, update)
            return
        if update.doubtful:
            update = without_told(update, self._comments(ticket_id))
        changed = changes(ticket, update, self._config)
        if update.outcome == "open" and ticket.get("status") == "solved":
            changed["status"] = "open"
        if update.outcome is not None and ticket.get("status") != "solved":
            changed |= self._solved(update.outcome, ticket)
        if changed:
            self._server.ask("PUT", f"/api/v2/tickets/{ticket_id}.json", json={"ticket": changed})

    def retire(self, ticket_id: str, farewell: Farewell) -> None:
        """As `Desk`."""
        ticket = only(self._server.ask("GET", f"/api/v2/tickets/{ticket_id}.json"), "ticket")
        if ticket.get("external_id") != farewell.case_id or ticket.get("status") == "closed":
            return
        changed: dict[str, Any] = {"external_id": None, "comment": {"body": farewell.text, "public": False}}
        if ticket.get("status") != "solved":
            changed |= self._solved("resolved", ticket)
        self._server.ask("PUT", f"/api/v2/tickets/{ticket_id}.json", json={"ticket": changed})

    def answers(self, position: Mapping[str, Any] | None) -> DeskAnswers:
        """As `AnsweringDesk`."""
        return page_of(lambda: self._page(position))

    def close(self) -> None:
        """Ends the connections."""
        self._server.close()

    def _page(self, position: Mapping[str, Any] | None) -> DeskAnswers:
        now = int(self._now().timestamp())
        start = now if position is None else int(position["start_time"])
        seen = set() if position is None else set(position["seen"])
        if position is None or start > now - self._lag_seconds:
            return DeskAnswers((), {"start_time": start, "seen": sorted(seen)})
        query: dict[str, str | int] = {"start_time": start, "include": "comment_events"}
        page = self._server.ask("GET", "/api/v2/incremental/ticket_events.json", query=query)
        events = rows(page, "ticket_events")
        fresh = [
            event for event in events if event["id"] not in seen and event.get("updater_id") != self._me()
        ]
        users = self._many("users", {event.get("updater_id") for event in fresh})
        by_staff = [event for event in fresh if users.get(event.get("updater_id"), {}).get("role") in STAFF]
        tickets = self._many("tickets", {event["ticket_id"] for event in by_staff})
        told = [
            answer
            for event in by_staff
            if (ticket := tickets.get(event["ticket_id"])) is not None
            and (answer := answer_of(event, ticket, users[event["updater_id"]], self._config)) is not None
        ]
        end, more = max(int(page.get("end_time") or start), start), not page.get("end_of_stream", True)
        last = [event["id"] for event in events if event["timestamp"] >= end]
        if more and end == start:  # all of this second has been read
            end, last = start + 1, []
        return DeskAnswers(tuple(told), {"start_time": end, "seen": sorted(last)}, more)

    def _known(self, ticket: Mapping[str, Any]) -> Known:
        return Known(str(ticket["id"]), f"{self._server.url}/agent/tickets/{ticket['id']}")

    def _create(self, ticket: Mapping[str, Any], key: str) -> Known:
        """Opens a ticket.

        Args:
            key: the same in every attempt with this snapshot; not of the case alone, which may have lost its
                ticket to another within the two hours.
        """
        headers = {"Idempotency-Key": key}
        try:
            made = self._server.ask("POST", "/api/v2/tickets.json", json={"ticket": ticket}, headers=headers)
        except Refusal as refusal:
            if refusal.status != 409 and b"IdempotentRequestError" not in refusal.body:
                raise
            known = self.find(ticket["external_id"])
            if known is None:
                raise Busy(
                    f"{self._server.host} is opening the ticket of {ticket['external_id']}", 5.0
                ) from None
            return known
        return self._known(only(made, "ticket"))

    def _follow_up(self, closed: Mapping[str, Any], update: Update) -> None:
        """Goes on in another ticket, if there is something to say."""
        draft = update.draft
        for name in (draft.case_id, update.renamed_from or draft.case_id):
            known = self.find(name)
            if known is not None and known.ticket_id != str(closed["id"]):
                self.update(known.ticket_id, update)
                return
        if update.note is not None or update.outcome == "open":
            ticket = new_ticket(draft, self._config) | self._solved(draft.outcome)
            ticket["via_followup_source_id"] = closed["id"]
            self._create(ticket, f"{draft.event_id}-after-{closed['id']}")

    def _solved(self, outcome: Outcome, ticket: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What makes a ticket solved, if it is to be: one that nobody is assigned to cannot be."""
        if outcome == "open":
            return {}
        assigned = (ticket or {}).get("assignee_id") is not None
        return {"status": "solved"} if assigned else {"status": "solved", "assignee_id": self._me()}

    def _me(self) -> int:
        if self._own_id is None:
            self._own_id = int(only(self._server.ask("GET", "/api/v2/users/me.json"), "user")["id"])
        return self._own_id

    def _comments(self, ticket_id: str) -> list[str]:
        """The texts of a ticket."""
        query: dict[str, str | int] = {"page[size]": MANY}
        said: list[str] = []
        while True:
            page = self._server.ask("GET", f"/api/v2/tickets/{ticket_id}/comments.json", query=query)
            said += [str(comment.get("body") or "") for comment in rows(page, "comments")]
            meta = page.get("meta") or {}
            if not meta.get("has_more"):
                return said
            query |= {"page[after]": meta["after_cursor"]}

    def _many(self, what: str, ids: Iterable[Any]) -> dict[Any, Mapping[str, Any]]:
        """Users or tickets by id; system users, whose ids are not positive, and what is deleted are not there."""
        wanted = sorted(number for number in ids if isinstance(number, int) and number > 0)
        found: dict[Any, Mapping[str, Any]] = {}
        for at in range(0, len(wanted), MANY):
            query = {"ids": ",".join(map(str, wanted[at : at + MANY]))}
            page = self._server.ask("GET", f"/api/v2/{what}/show_many.json", query=query)
            found |= {row["id"]: row for row in rows(page, what)}
        return found


def new_ticket(draft: Draft, config: ZendeskDesk) -> dict[str, Any]:
    """A ticket as it is opened."""
    return {
        "external_id": draft.case_id,
        "comment": {"body": cut(draft.body, MAX_COMMENT_BYTES), "public": False},
        **_fields(draft, ALL_FIELDS, config),
    }


def changes(ticket: Mapping[str, Any], update: Update, config: ZendeskDesk) -> dict[str, Any]:
    """What an update changes in a ticket that stands as it was read, but for its status."""
    changed = _fields(update.draft, update.changed, config)
    if ticket.get("external_id") != update.draft.case_id:
        changed["external_id"] = update.draft.case_id
    if update.note is not None:
        changed["comment"] = {"body": cut(update.note, MAX_COMMENT_BYTES), "public": False}
    return changed


def answer_of(
    event: Mapping[str, Any], ticket: Mapping[str, Any], user: Mapping[str, Any], config: ZendeskDesk
) -> DeskAnswer | None:
    """The answer that an event of the export is; None where it is none.

    Args:
        ticket: as it stands now.
        user: who did it, one of the staff.
    """
    case_id = ticket.get("external_id")
    if not isinstance(case_id, str) or not is_case_id(case_id):
        return None
    children = [child for child in event.get("child_events") or () if isinstance(child, Mapping)]
    said = [
        str(child.get("body") or "")
        for child in children
        if child.get("event_type") == "Comment" and child.get("public") is True
    ]
    solved = any(_status(child) in DONE and child.get("previous_value") not in DONE for child in children)
    if not said and not solved:
        return None
    ended, tag = ended_by(ticket.get("tags") or (), config.declined_tag, config.no_response_tag)
    text = "\n\n".join(said)
    return DeskAnswer(
        answer_id=str(event["id"]),
        case_id=case_id,
        kind=ended if solved else "answered",
        by=str(user.get("name") or user["id"]),
        text=text,
        reason=(text or f"the tag {tag}")[:1000] if solved and tag is not None else None,
        at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=event["timestamp"]),
    )


def _status(child: Mapping[str, Any]) -> Any:
    """The status that a part of an event brings; told under its own name, or as the audits of a ticket tell it."""
    return child.get("value") if child.get("field_name") == "status" else child.get("status")


def _fields(draft: Draft, told: Collection[TicketField], config: ZendeskDesk) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "title" in told:
        fields["subject"] = draft.title
    if "priority" in told:
        fields["priority"] = step_of(draft.case.priority, PRIORITIES)
    if "queue" in told and (group := config.group_of.get(draft.case.queue)) is not None:
        fields["group_id"] = group
    return fields
