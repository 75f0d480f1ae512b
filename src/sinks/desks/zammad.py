"""Zammad: https://docs.zammad.org/en/latest/api/intro.html.

- A ticket has the case's id in its field ``note``, which no form shows and which every ticket has. It is found by a
  search by condition (https://docs.zammad.org/en/latest/api/intro.html#condition-based-search), which asks Zammad's
  database and not its search index, and needs no administrator's work, unlike tags or fields of one's own.
- Zammad knows no key that tells a repeat: a ticket that is still being made while it is searched for, after a
  connection broke, would be made twice. `Desk.find` is asked before, once the server answers again.
- What Listener says is an internal article of the type note
  (https://docs.zammad.org/en/latest/api/ticket/articles.html).
- Answers are articles of agents that are not internal, and tickets that an agent closes, of tickets changed since.

Experimental: tried against a stand-in that does as this documentation says, never against Zammad.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from listener.desks import ZammadDesk
from listener.domain.contract import format_utc
from listener.domain.desk import DeskAnswer, DeskAnswers
from listener.domain.errors import ServiceError
from listener.domain.ids import is_case_id
from listener.times import parse_time
from sinks.desks.desk import Draft, Known, Update
from sinks.desks.server import DeskServer
from sinks.desks.shape import checked, only, rows, step_of, without_told

PAGE = 50
"""Tickets in one answer of a search; Zammad gives up to 200."""
OVERLAP = timedelta(seconds=10)
"""How much is read again, since a change gets its time before it can be seen."""
MERGED = "merged"


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
        found = self._search({"ticket.note": {"operator": "is", "value": case_id}}, "desc")
        # Whatever the search may have made of the condition, only this is the case's ticket.
        named = [ticket for ticket in found if ticket.get("note") == case_id]
        named.sort(key=lambda ticket: (ticket.get("state") == MERGED, ticket["id"]))
        return self._known(named[0]["id"]) if named else None

    def open(self, draft: Draft) -> Known:
        """As `Desk`."""
        made = self._server.ask("POST", "/api/v1/tickets", json=new_ticket(draft, self._config))
        return self._known(only(made)["id"])

    def update(self, ticket_id: str, update: Update) -> None:
        """As `Desk`."""
        path = f"/api/v1/tickets/{ticket_id}"
        ticket = only(self._server.ask("GET", path, query={"expand": "true"}))
        if update.doubtful:
            update = without_told(
                update, (str(article.get("body") or "") for article in self._articles(ticket_id))
            )
        self._server.ask("PUT", path, json=changes(ticket, update, self._config))

    def answers(self, position: Mapping[str, Any] | None) -> DeskAnswers:
        """As `AnsweringDesk`."""
        ours = {"ticket.note": {"operator": "contains", "value": "K-"}}
        if position is None:  # from now on, by the clock of the server
            newest = self._search(ours, "desc", 1)
            return DeskAnswers((), {"since": newest[0]["updated_at"] if newest else EPOCH, "seen": []})
        since, seen = parse_time(position["since"]), frozenset(position["seen"])
        value = {"operator": "after (absolute)", "value": format_utc(since - OVERLAP)}
        page = 1
        while True:  # further only where all of a page is read already: what changes moves to the end
            found = self._search({**ours, "ticket.updated_at": value}, "asc", page=page)
            fresh = [ticket for ticket in found if _version(ticket) not in seen]
            if fresh or len(found) < PAGE:
                break
            page += 1
        told: list[DeskAnswer] = []
        for ticket in fresh:
            told += self._answers_in(ticket, since - OVERLAP)
        told = [answer for answer in told if answer.answer_id not in seen]
        reached = max((parse_time(ticket["updated_at"]) for ticket in fresh), default=since)
        reached = max(reached, since)
        kept = {name for name in seen if _at(name) >= reached - OVERLAP}
        kept |= {_version(ticket) for ticket in fresh}
        kept |= {_dated(answer) for answer in told}
        told.sort(key=lambda answer: answer.at)
        return DeskAnswers(
            tuple(told), {"since": format_utc(reached), "seen": sorted(kept)}, more=len(found) == PAGE
        )

    def close(self) -> None:
        """Ends the connections."""
        self._server.close()
