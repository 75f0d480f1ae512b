"""Zammad: https://docs.zammad.org/en/latest/api/intro.html.

- A ticket has the case's id in its field ``note``, which every ticket has and no form shows. It is found by a
  search by condition (https://docs.zammad.org/en/latest/api/intro.html#condition-based-search), which asks the
  database and not the search index, and needs no administrator's work, unlike new tags or fields of one's own.
- Zammad knows no key that tells a repeat: a ticket that is still being made while it is searched for, after a
  connection broke, would be made twice. `Desk.find` is asked before, once the server answers again.
- What Listener says is an internal article of the type note
  (https://docs.zammad.org/en/latest/api/ticket/articles.html).
- Answers are articles of agents that are not internal, and tickets that an agent closes, of tickets changed since.

Experimental: tried against a stand-in that does as this documentation says, never against Zammad.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from listener.desks import ZammadDesk
from listener.domain.contract import format_utc
from listener.domain.desk import DeskAnswer, DeskAnswers
from listener.domain.errors import Busy, ServiceError
from listener.domain.ids import is_case_id
from listener.times import parse_time
from sinks.desks.desk import ALL_FIELDS, Draft, Farewell, Known, TicketField, Update
from sinks.desks.server import DeskServer, Refusal
from sinks.desks.shape import (
    checked,
    cut,
    ended_by,
    only,
    page_of,
    plain_text,
    rows,
    step_of,
    without_told,
)

PAGE = 50
"""Tickets in one answer of a search; Zammad gives up to 200."""
BEGINNING = "1970-01-01T00:00:00.000Z"
OVERLAP = timedelta(seconds=10)
"""How much is read again, since a change gets its time before it can be seen."""
MAX_BODY_BYTES = 1024 * 1024
MERGED = "merged"
UNKNOWN_NAME = b"No lookup value found"
"""What Zammad says to a name that it does not know."""
UNKNOWN_NAME_SECONDS = 30.0
"""Somebody has to mend the configuration, here or there."""


class Zammad:
    """One installation."""

    def __init__(self, server: DeskServer, config: ZammadDesk) -> None:
        self._server = server
        self._config = config
        self._own_id: int | None = None
        self.place = f"zammad: {server.url}"

    def check(self) -> str:
        """As `Desk`."""
        user = only(checked(self._server, "/api/v1/users/me", "the account"))
        self._is_there("/api/v1/ticket_states", {self._config.open_state, self._config.closed_state})
        self._is_there("/api/v1/ticket_priorities", set(self._config.priorities))
        return f"signed in as {user.get('login')}; groups are not checked, since only administrators see all"

    def find(self, case_id: str) -> Known | None:
        """As `Desk`."""
        found = self._search({"ticket.note": {"operator": "is", "value": case_id}})
        # Whatever the search may have made of the condition, only this is the case's ticket.
        named = [ticket for ticket in found if ticket.get("note") == case_id]
        named.sort(key=lambda ticket: (ticket.get("state") == MERGED, ticket["id"]))
        return self._known(named[0]["id"]) if named else None

    def open(self, draft: Draft) -> Known:
        """As `Desk`."""
        made = self._write("POST", "/api/v1/tickets", new_ticket(draft, self._config))
        return self._known(only(made)["id"])

    def update(self, ticket_id: str, update: Update) -> None:
        """As `Desk`."""
        path = f"/api/v1/tickets/{ticket_id}"
        ticket = only(self._server.ask("GET", path, query={"expand": "true"}))
        if update.doubtful:
            update = without_told(
                update, (str(article.get("body") or "") for article in self._articles(ticket_id))
            )
        if changed := changes(ticket, update, self._config):
            self._write("PUT", path, changed)

    def retire(self, ticket_id: str, farewell: Farewell) -> None:
        """As `Desk`."""
        path = f"/api/v1/tickets/{ticket_id}"
        ticket = only(self._server.ask("GET", path))
        if ticket.get("note") == farewell.case_id:
            article = _article(farewell.text)
            changed = {"note": "", "state": self._config.closed_state, "article": article}
            self._write("PUT", path, changed)

    def answers(self, position: Mapping[str, Any] | None) -> DeskAnswers:
        """As `AnsweringDesk`.

        The position: `since` which change of a ticket is asked for, `read` are the tickets of that time that were
        read as they were then, and what was said is told that is younger than `said_since`, which stays until
        all is read, since a ticket tells of its last change alone.
        """
        return page_of(lambda: self._page(position))

    def close(self) -> None:
        """Ends the connections."""
        self._server.close()

    def _page(self, position: Mapping[str, Any] | None) -> DeskAnswers:
        if position is None:  # from now on, by the clock of the server
            newest = self._changed_since(None)
            at = newest[-1]["updated_at"] if newest else BEGINNING
            return DeskAnswers((), {"since": at, "said_since": at, "read": [_version(row) for row in newest]})
        since, read = parse_time(position["since"]), frozenset(position["read"])
        said_since = parse_time(position["said_since"])
        start = since - OVERLAP
        while True:
            found = self._changed_since(start)
            fresh = [ticket for ticket in found if _version(ticket) not in read]
            if fresh or len(found) < PAGE:
                break
            start = max(parse_time(found[-1]["updated_at"]), start + timedelta(milliseconds=1))
        told = sorted(
            (answer for ticket in fresh for answer in self._answers_in(ticket, said_since)),
            key=lambda answer: answer.at,
        )
        reached = max([since, *(parse_time(ticket["updated_at"]) for ticket in fresh)])
        young = {name for name in read if parse_time(name.partition(" ")[2]) >= reached - OVERLAP}
        more = len(found) == PAGE
        following = {
            "since": format_utc(reached),
            "said_since": position["said_since"] if more else format_utc(reached - OVERLAP),
            "read": sorted(young.union(_version(ticket) for ticket in fresh)),
        }
        return DeskAnswers(tuple(told), following, more)

    def _known(self, number: int) -> Known:
        return Known(str(number), f"{self._server.url}/#ticket/zoom/{number}")

    def _write(self, method: str, path: str, wanted: Mapping[str, Any]) -> Any:
        try:
            return self._server.ask(method, path, json=wanted)
        except Refusal as refusal:
            if UNKNOWN_NAME not in refusal.body:
                raise
            detail = "does not know a group, state or priority of that name: see group, group_of and the like"
            raise Busy(f"{self._server.host} {detail}", UNKNOWN_NAME_SECONDS) from None

    def _search(
        self, condition: Mapping[str, Any], order: str = "asc", limit: int = PAGE
    ) -> list[Mapping[str, Any]]:
        wanted = {
            "condition": condition,
            "expand": True,
            "sort_by": "updated_at",
            "order_by": order,
            "page": 1,
            "per_page": limit,
        }
        return rows(self._server.ask("POST", "/api/v1/tickets/search", json=wanted))

    def _changed_since(self, since: datetime | None) -> list[Mapping[str, Any]]:
        """Tickets of cases by their last change, the oldest first; where None, the newest one."""
        ours: dict[str, Any] = {"ticket.note": {"operator": "contains", "value": "K-"}}
        if since is None:
            return self._search(ours, "desc", 1)
        ours["ticket.updated_at"] = {"operator": "after (absolute)", "value": format_utc(since)}
        return self._search(ours)

    def _answers_in(self, ticket: Mapping[str, Any], since: datetime) -> list[DeskAnswer]:
        """What was answered in a ticket."""
        if not is_case_id(str(ticket.get("note"))):
            return []
        articles = [row for row in self._articles(ticket["id"]) if row.get("created_by_id") != self._me()]
        found = [answer for row in articles if (answer := article_answer(row, ticket)) is not None]
        closed = closing_answer(ticket, self._config)
        if closed is not None and closed.at > since and ticket.get("updated_by_id") != self._me():
            query = {"object": "Ticket", "o_id": ticket["id"]}
            tags = only(self._server.ask("GET", "/api/v1/tags", query=query)).get("tags") or ()
            ended, tag = ended_by(tags, self._config.declined_tag, self._config.no_response_tag)
            if tag is not None:
                reason = found[-1].text if found else f"the tag {tag}"
                closed = closed.model_copy(update={"kind": ended, "reason": reason[:1000]})
            found.append(closed)
        return [answer for answer in found if answer.at > since]

    def _articles(self, ticket_id: Any) -> list[Mapping[str, Any]]:
        return rows(self._server.ask("GET", f"/api/v1/ticket_articles/by_ticket/{ticket_id}"))

    def _me(self) -> int:
        if self._own_id is None:
            self._own_id = int(only(self._server.ask("GET", "/api/v1/users/me"))["id"])
        return self._own_id

    def _is_there(self, path: str, names: Iterable[str]) -> None:
        there = {row.get("name") for row in rows(checked(self._server, path, path))}
        if missing := sorted(set(names) - there):
            raise ServiceError(f"{self._server.host}{path} has no {', '.join(missing)}")


def new_ticket(draft: Draft, config: ZammadDesk) -> dict[str, Any]:
    """A ticket as it is opened."""
    return {
        "note": draft.case_id,
        "customer_id": f"guess:{config.customer}",
        "article": _article(draft.body),
        **_fields(draft, ALL_FIELDS, config),
        **({} if draft.outcome == "open" else {"state": config.closed_state}),
    }


def changes(ticket: Mapping[str, Any], update: Update, config: ZammadDesk) -> dict[str, Any]:
    """What an update changes in a ticket that stands as it was read."""
    changed = _fields(update.draft, update.changed, config)
    if ticket.get("note") != update.draft.case_id:
        changed["note"] = update.draft.case_id
    if update.note is not None:
        changed["article"] = _article(update.note)
    is_closed = ticket.get("state") == config.closed_state
    if update.outcome is not None and is_closed == (update.outcome == "open"):
        changed["state"] = config.open_state if is_closed else config.closed_state
    return changed


def article_answer(article: Mapping[str, Any], ticket: Mapping[str, Any]) -> DeskAnswer | None:
    """The answer that an article is; None where it is none."""
    if article.get("sender") != "Agent" or article.get("internal") is not False:
        return None
    body = str(article.get("body") or "")
    return DeskAnswer(
        answer_id=f"article-{article['id']}",
        case_id=ticket["note"],
        kind="answered",
        by=str(article.get("from") or article.get("created_by") or "an agent"),
        text=plain_text(body) if article.get("content_type") == "text/html" else body,
        at=parse_time(article["created_at"]),
    )


def closing_answer(ticket: Mapping[str, Any], config: ZammadDesk) -> DeskAnswer | None:
    """That a ticket was closed, as far as the ticket tells; None where it is open."""
    at = ticket.get("last_close_at") or ticket.get("close_at")
    if ticket.get("state") != config.closed_state or not at:
        return None
    return DeskAnswer(
        answer_id=f"ticket-{ticket['id']}-closed-{at}",
        case_id=ticket["note"],
        kind="resolved",
        by=str(ticket.get("updated_by") or "an agent"),
        at=parse_time(at),
    )


def _fields(draft: Draft, told: Collection[TicketField], config: ZammadDesk) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "title" in told:
        fields["title"] = draft.title
    if "queue" in told:
        fields["group"] = config.group_of.get(draft.case.queue, config.group)
    if "priority" in told:
        fields["priority"] = step_of(draft.case.priority, config.priorities)
    return fields


def _article(text: str) -> dict[str, Any]:
    return {
        "body": cut(text, MAX_BODY_BYTES),
        "content_type": "text/plain",
        "type": "note",
        "sender": "Agent",
        "internal": True,
    }


def _version(ticket: Mapping[str, Any]) -> str:
    """A ticket as it is now."""
    return f"{ticket['id']} {ticket['updated_at']}"
