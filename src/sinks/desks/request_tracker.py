"""Request Tracker 5 as a desk, by its REST 2 interface: https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html.

A ticket is tied to its case by a link that it "refers to", ``listener:K-...``. Every Request Tracker takes that
without preparation, people see it at the ticket, and it is looked for in the database itself, not in an index that
lags.

People may merge tickets (https://docs.bestpractical.com/rt/5.0.3/RT/Ticket.html, MergeInto): the number of the one
then leads to the other, which has the links of both, and so refers to several cases. Each is told there, an answer
there is each one's, and the ticket closes with the last of them.
"""

import base64
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from listener.desks import RequestTrackerDesk
from listener.domain.case import Case
from listener.domain.desk import DeskAnswer, DeskAnswers
from listener.domain.errors import Busy, Rejected, ServiceError
from listener.times import parse_time
from sinks.desks.desk import Draft, Entry, Farewell, Known, TicketField, Update
from sinks.desks.server import DeskServer
from sinks.desks.shape import plain_text

SCHEME = "listener:"
"""Begins the link from a ticket to its case."""
API = "/REST/2.0"
PAGE = 100
MAX_PAGES = 10
"""Of one reading; what is beyond comes with the next."""
SETTLED = timedelta(minutes=2)
"""Transactions younger than this are looked at again: one may be seen after another with a higher number."""
NOTES_LOOKED_AT = 3
"""The last ones of ours, where it is in doubt whether a note arrived."""
NO_TIME = "1970-01-01 00:00:00"
"""How Request Tracker writes that there is none."""
_CASE = re.compile(r"listener:(K-[A-Z2-7]{13})", re.IGNORECASE)

Json = Mapping[str, Any]


class RequestTracker:
    """One Request Tracker.

    Notes are comments, which customers do not see. The status is touched only where the case closes or opens.

    Args:
        server: asks under the address of the start page.
        now: what time it is.
    """

    def __init__(self, server: DeskServer, config: RequestTrackerDesk, now: Callable[[], datetime]) -> None:
        self._server = server
        self._config = config
        self._now = now
        self.place = f"request-tracker: {server.url}"

    def check(self) -> str:
        """As `Desk`."""
        queues = dict.fromkeys([self._config.queue, *self._config.queue_of.values()])
        try:
            version = self._ask("GET", "/rt").get("Version", "?")
            missing = [queue for queue in queues if not self._has_queue(queue)]
        except (Busy, Rejected) as error:
            raise ServiceError(f"{self.place}: {error}; see address, username and secrets") from None
        if missing:
            raise ServiceError(
                f"{self.place}: {self._config.username} does not see the queues {', '.join(missing)}"
            )
        return f"Request Tracker {version}, queues {', '.join(queues)}"

    def find(self, case_id: str) -> Known | None:
        """As `Desk`."""
        query = {"query": f"RefersTo = '{SCHEME}{case_id}'", "orderby": "id", "per_page": 1}
        items = self._ask("GET", "/tickets", query=query)["items"]
        return self._known(str(items[0]["id"])) if items else None

    def open(self, draft: Draft) -> Known:
        """As `Desk`."""
        ticket = {
            **self._fields(draft, {"title", "queue", "priority", "due"}),
            "Content": draft.body,
            "ContentType": "text/plain",
            "RefersTo": [SCHEME + draft.case_id],
        }
        return self._known(str(self._ask("POST", "/ticket", json=ticket)["id"]))

    def update(self, ticket_id: str, update: Update) -> None:
        """As `Desk`."""
        draft = update.draft
        ticket = self._ask("GET", f"/ticket/{ticket_id}")
        fields, status = self._fields(draft, update.changed), ticket["Status"]
        named = _cases_of(ticket)
        beside = self._merged_cases(ticket_id, ticket, {draft.case_id, update.renamed_from})
        kept = {*beside} if beside and draft.outcome != "open" else {draft.case_id, *beside}
        if draft.case_id in kept and draft.case_id not in named:
            fields["AddRefersTo"] = [SCHEME + draft.case_id]
        if others := [SCHEME + name for name in named if name not in kept]:
            fields["DeleteRefersTo"] = others
        if fields:
            self._ask("PUT", f"/ticket/{ticket_id}", json=fields)
        if update.doubtful:
            update = replace(update, entries=self._not_there(ticket_id, ticket, update.entries))
        if update.note is not None:
            self._comment(ticket_id, update.note)
        closed = self._closed
        if update.outcome == "open" and status in closed:
            self._set_status(ticket_id, self._config.open_status)
        elif (
            not beside
            and update.outcome is not None
            and update.outcome != "open"
            and status not in (*closed, "deleted")
        ):
            declined = update.outcome == "declined"
            wanted = self._config.declined_status if declined else self._config.resolved_status
            self._set_status(ticket_id, wanted)

    def retire(self, ticket_id: str, farewell: Farewell) -> None:
        """As `Desk`."""
        ticket = self._ask("GET", f"/ticket/{ticket_id}")
        entry = Entry(farewell.text, farewell.text, by_customer=False)
        if self._not_there(ticket_id, ticket, (entry,)):
            self._comment(ticket_id, farewell.text)
        beside = self._merged_cases(ticket_id, ticket, {farewell.case_id})
        if not beside and ticket["Status"] not in (*self._closed, "deleted"):
            self._set_status(ticket_id, self._config.resolved_status)
        self._ask("PUT", f"/ticket/{ticket_id}", json={"DeleteRefersTo": [SCHEME + farewell.case_id]})

    def answers(self, position: Mapping[str, Any] | None) -> DeskAnswers:
        """As `AnsweringDesk`: what others than Listener wrote to the customer, and their closing of a ticket."""
        after = self._beginning() if position is None else int(position["after"])
        seen = set() if position is None else {int(number) for number in position["seen"]}
        found, more = self._transactions(after)
        fresh = [each for each in found if int(each["id"]) not in seen]
        answers = tuple(answer for each in fresh for answer in self._answers(each))
        young = {int(each["id"]) for each in found if _time(each["Created"]) > self._now() - SETTLED}
        if more:
            young = set()
        settled = [int(each["id"]) for each in found if not young or int(each["id"]) < min(young)]
        after = max([after, *settled])
        return DeskAnswers(
            answers,
            {"after": after, "seen": sorted(int(e["id"]) for e in found if int(e["id"]) > after)},
            more,
        )

    def close(self) -> None:
        """Ends the connections."""
        self._server.close()

    @property
    def _closed(self) -> tuple[str, ...]:
        """The states in which a ticket is over, by us or by people."""
        of = self._config
        ends = (of.resolved_status, of.declined_status, of.no_response_status)
        return tuple(status for status in ends if status is not None)

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        return self._server.ask(method, API + path, **options)

    def _known(self, ticket_id: str) -> Known:
        return Known(ticket_id, f"{self._server.url}/Ticket/Display.html?id={ticket_id}")

    def _has_queue(self, queue: str) -> bool:
        try:
            self._ask("GET", f"/queue/{quote(queue, safe='')}")
        except Rejected:
            return False
        return True

    def _fields(self, draft: Draft, wanted: "frozenset[TicketField] | set[TicketField]") -> dict[str, Any]:
        case = draft.case
        fields: dict[TicketField, tuple[str, Any]] = {
            "title": ("Subject", draft.title),
            "queue": ("Queue", self._queue(case)),
            "priority": ("Priority", case.priority),
            "due": ("Due", f"{case.due_at:%Y-%m-%d %H:%M:%S}" if case.due_at else NO_TIME),
        }
        return dict(told for name, told in fields.items() if name in wanted)

    def _queue(self, case: Case) -> str:
        return self._config.queue_of.get(case.queue, self._config.queue)

    def _comment(self, ticket_id: str, text: str) -> None:
        content = {"Content": text, "ContentType": "text/plain"}
        self._ask("POST", f"/ticket/{ticket_id}/comment", json=content)

    def _set_status(self, ticket_id: str, status: str) -> None:
        told = self._ask("PUT", f"/ticket/{ticket_id}", json={"Status": status})
        if self._ask("GET", f"/ticket/{ticket_id}")["Status"] != status:
            raise Rejected("refused", f"{self._server.host} leaves ticket {ticket_id} as it is: {told}"[:300])

    def _merged_cases(self, ticket_id: str, ticket: Json, own: Collection[str | None]) -> list[str]:
        """The cases of other tickets that people have merged with this one.

        A ticket that nothing was merged into may name another case where a rename was cut short.

        Args:
            own: the names that the case of this ticket has, or had.
        """
        others = [name for name in _cases_of(ticket) if name not in own]
        if others and _id_of(ticket) == ticket_id:
            query = f"EffectiveId = {ticket_id} AND id != {ticket_id}"
            if not self._ask("GET", "/tickets", query={"query": query, "per_page": 1})["items"]:
                return []
        return others

    def _not_there(self, ticket_id: str, ticket: Json, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """Those that none of our last notes has."""
        if not entries:
            return ()
        query = (
            f"{_history(ticket_id, ticket)} AND (Type = 'Create' OR Type = 'Comment') "
            f"AND Creator = '{_quoted(self._config.username)}'"
        )
        asked = {"query": query, "orderby": "id", "order": "DESC", "per_page": NOTES_LOOKED_AT}
        notes = "\n".join(
            self._text(int(each["id"])) for each in self._ask("GET", "/transactions", query=asked)["items"]
        )
        return tuple(entry for entry in entries if entry.mark not in notes)

    def _beginning(self) -> int:
        """The transaction that opened our first ticket: nothing before it answers a case."""
        ours = (
            f"ObjectType = 'RT::Ticket' AND Type = 'Create' AND Creator = '{_quoted(self._config.username)}'"
        )
        for query, order in ((ours, "ASC"), ("id > 0", "DESC")):
            asked = {"query": query, "orderby": "id", "order": order, "per_page": 1}
            items = self._ask("GET", "/transactions", query=asked)["items"]
            if items:
                return int(items[0]["id"])
        return 0

    def _transactions(self, after: int) -> tuple[list[Json], bool]:
        """What others did to tickets, oldest first; whether there is more."""
        query = (
            f"id > {after} AND ObjectType = 'RT::Ticket' AND (Type = 'Correspond' OR Type = 'Status') "
            f"AND Creator != '{_quoted(self._config.username)}'"
        )
        found: list[Json] = []
        for page in range(1, MAX_PAGES + 1):
            asked = {
                "query": query,
                "orderby": "id",
                "order": "ASC",
                "per_page": PAGE,
                "page": page,
                "fields": "Type,NewValue,Creator,Created,ObjectId",
            }
            items = self._ask("GET", "/transactions", query=asked)["items"]
            found += items
            if len(items) < PAGE:
                return found, False
        return found, True

    def _answers(self, transaction: Json) -> list[DeskAnswer]:
        """What a transaction says to each case of its ticket; nothing if it is the customer's, or gone by now."""
        try:
            return self._answers_of(transaction)
        except Rejected:
            return []

    def _answers_of(self, transaction: Json) -> list[DeskAnswer]:
        status = transaction["Type"] == "Status"
        kinds = {
            self._config.no_response_status: "needs_no_response",
            self._config.resolved_status: "resolved",
            self._config.declined_status: "declined",
        }
        kind = kinds.get(str(transaction["NewValue"])) if status else "answered"
        if kind is None:
            return []
        ticket_id = _id_of(transaction["ObjectId"])
        ticket = self._ask("GET", f"/ticket/{ticket_id}")
        cases = _cases_of(ticket)
        by = str(_id_of(transaction["Creator"]))
        if not cases or by in {str(_id_of(each)) for each in ticket.get("Requestor", [])}:
            return []
        if _id_of(ticket) == ticket_id and not self._merged_cases(ticket_id, ticket, cases[:1]):
            cases = cases[:1]
        number = int(transaction["id"])
        text = "" if status else self._text(number)
        with_reason = kind in ("declined", "needs_no_response")
        reason = self._last_word(ticket_id, ticket, number) if with_reason else None
        return [
            DeskAnswer.model_validate(
                {
                    "answer_id": f"{number}.{case_id}" if len(cases) > 1 else str(number),
                    "case_id": case_id,
                    "kind": kind,
                    "by": by,
                    "text": text,
                    "reason": reason,
                    "at": _time(transaction["Created"]),
                }
            )
            for case_id in cases
        ]

    def _last_word(self, ticket_id: str, ticket: Json, before: int) -> str | None:
        """What people wrote last at a ticket."""
        query = (
            f"{_history(ticket_id, ticket)} AND id < {before} "
            f"AND (Type = 'Comment' OR Type = 'Correspond') AND Creator != '{_quoted(self._config.username)}'"
        )
        asked = {"query": query, "orderby": "id", "order": "DESC", "per_page": 1}
        items = self._ask("GET", "/transactions", query=asked)["items"]
        return self._text(int(items[0]["id"])) or None if items else None

    def _text(self, transaction: int) -> str:
        """What was written, without markup; plain text where there is both."""
        asked = {"fields": "ContentType,Filename", "per_page": PAGE}
        items = self._ask("GET", f"/transaction/{transaction}/attachments", query=asked)["items"]
        written = {each["ContentType"]: each for each in reversed(items) if not each.get("Filename")}
        for kind in ("text/plain", "text/html"):
            if kind in written:
                content = self._ask("GET", f"/attachment/{written[kind]['id']}").get("Content") or ""
                text = base64.b64decode(content).decode(errors="replace")
                return text.strip() if kind == "text/plain" else plain_text(text)
        return ""


def _cases_of(ticket: Json) -> list[str]:
    """The cases that a ticket refers to: one, but where tickets were merged, or a rename was cut short."""
    links = (each["_url"] for each in ticket.get("_hyperlinks", []) if each.get("ref") == "refers-to")
    return [found[1].upper() for link in links if (found := _CASE.search(str(link))) is not None]


def _history(ticket_id: str, ticket: Json) -> str:
    """Finds the transactions of a ticket, also those before it was merged into another."""
    numbers = sorted({ticket_id, _id_of(ticket)}, key=int)
    which = " OR ".join(f"ObjectId = {number}" for number in numbers)
    return f"ObjectType = 'RT::Ticket' AND ({which})"


def _id_of(value: Any) -> str:
    """Of a reference to something, or of what stands for itself."""
    return str(value["id"] if isinstance(value, Mapping) else value)


def _time(text: str) -> datetime:
    return parse_time(text)


def _quoted(text: str) -> str:
    """For a string in the language of searches."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
