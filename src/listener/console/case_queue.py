"""Which cases somebody looks at, in which order: read from an address and written into one. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self, get_args
from urllib.parse import urlencode

from listener.domain.erasure import to_ms
from listener.domain.ids import is_case_id

Status = Literal["us", "customer", "closed", "any"]
Due = Literal["", "overdue", "today", "week", "none"]
Order = Literal["need", "due"]

STATUSES: dict[Status, str] = {
    "us": "wait for us",
    "customer": "wait for the customer",
    "closed": "closed",
    "any": "all",
}
DUES: dict[Due, str] = {
    "": "any time",
    "overdue": "overdue",
    "today": "within 24 hours",
    "week": "within 7 days",
    "none": "no deadline",
}
ORDERS: dict[Order, str] = {"need": "by need", "due": "by deadline"}
STATES: dict[Status, tuple[str, ...]] = {
    "us": ("new", "waiting_for_us", "reopened"),
    "customer": ("waiting_for_customer",),
    "closed": ("resolved", "declined"),
    "any": ("new", "waiting_for_us", "reopened", "waiting_for_customer", "resolved", "declined"),
}
NOBODY = "-"
"""Stands for cases without an owner."""
MINE = "me"
"""Stands for whoever looks."""
MAX_WORD = 300
NEVER_MS = 10_413_705_600_000
"""2299-12-30: what has no deadline comes after everything that has one."""
_PLACE = re.compile(r"(\d{1,3})\.(-?\d{1,14})\.(K-[A-Z2-7]{13})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A case's place in an order: where the next page begins.

    Attributes:
        priority: 0 in an order that does not go by it.
        at_ms: since when it waits, or when it is due; milliseconds since 1970.
    """

    priority: int
    at_ms: int
    case_id: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """A place as an address has it; None where it is none."""
        found = _PLACE.fullmatch(text)
        return cls(int(found[1]), int(found[2]), found[3]) if found else None

    def __str__(self) -> str:
        return f"{self.priority}.{self.at_ms}.{self.case_id}"


@dataclass(frozen=True, slots=True)
class QueueView:
    """What is looked at. What is empty is no condition.

    Attributes:
        queue, level, channel: as the policy, or a source, names them.
        owner: a name, `MINE` or `NOBODY`.
        cause: a root cause, with all below it.
        failed: only where the company has failed the customer in this matter.
        historical: also cases that were imported whole, which are not to be acted on.
        words: part of a name, or an id of a case, contact, author or customer.
    """

    queue: str = ""
    level: str = ""
    owner: str = ""
    status: Status = "us"
    channel: str = ""
    cause: str = ""
    due: Due = ""
    failed: bool = False
    historical: bool = False
    words: str = ""
    order: Order = "need"

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Self:
        """The view that an address asks for; what it does not know is passed over."""
        status, due, order = asked.get("status", ""), asked.get("due", ""), asked.get("order", "")
        words = {
            name: " ".join(asked.get(name, "")[:MAX_WORD].replace("\0", "").split())
            for name in ("queue", "level", "owner", "channel", "cause", "words")
        }
        return cls(
            status=next((each for each in STATUSES if each == status), "us"),
            due=next((each for each in get_args(Due) if each == due), ""),
            order=next((each for each in ORDERS if each == order), "need"),
            failed=asked.get("failed") == "1",
            historical=asked.get("historical") == "1",
            **words,
        )

    @property
    def query(self) -> str:
        """As an address asks for it, without what is so anyhow; empty for the usual view."""
        usual = type(self)()
        told: dict[str, str] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != getattr(usual, field.name):
                told[field.name] = "1" if value is True else value
        return urlencode(told)

    def without(self, name: str) -> Self:
        """The same with one condition less."""
        return replace(self, **{name: getattr(type(self)(), name)})

    def conditions(self) -> list[tuple[str, str]]:
        """Which conditions are set, by name, in words."""
        told = [("queue", f"queue {self.queue}"), ("level", f"level {self.level.replace('_', ' ')}")]
        owners = {MINE: "mine", NOBODY: "nobody’s"}
        told.append(("owner", owners.get(self.owner, f"of {self.owner}")))
        told += [("channel", f"by {self.channel.replace('_', ' ')}"), ("cause", f"about {self.cause}")]
        told += [("due", DUES[self.due]), ("failed", "we have failed"), ("historical", "imported too")]
        told.append(("words", f"“{self.words}”"))
        return [(name, words) for name, words in told if getattr(self, name)]


Wanted = tuple[str, dict[str, Any]]
"""A condition in SQL on a row of `cases`, and its parameters."""


def condition(view: QueueView, person: str, queues: Iterable[str] | None, now: datetime) -> Wanted:
    """Which rows of `cases` a view shows.

    Args:
        person: who looks.
        queues: the only ones that they may see; None for all.
    """
    parts = ["state IN %(states)s"]
    told: dict[str, Any] = {"states": STATES[view.status]}

    def want(part: str, **values: Any) -> None:
        parts.append(part)
        told.update(values)

    if queues is not None:
        want("has(%(queues)s, queue)", queues=sorted(queues))
    if not view.historical:
        want("NOT historical")
    if view.queue:
        want("queue = %(queue)s", queue=view.queue)
    if view.level:
        want("level = %(level)s", level=view.level)
    if view.owner:
        owners = {MINE: person, NOBODY: ""}
        want("owner = %(owner)s", owner=owners.get(view.owner, view.owner))
    if view.channel:
        want("channel = %(channel)s", channel=view.channel)
    if view.cause:
        want("(root_cause = %(cause)s OR startsWith(root_cause, %(below)s))", cause=view.cause)
        told["below"] = f"{view.cause}."
    if view.failed:
        want("failed_contacts > 0")
    if view.due == "none":
        want("due_at IS NULL")
    elif view.due:
        ahead = {"overdue": timedelta(), "today": timedelta(days=1), "week": timedelta(days=7)}[view.due]
        want(f"due_at < {moment('due_ms')}", due_ms=to_ms(now + ahead))
    if view.words:
        part, values = _found(view.words)
        want(part, **values)
    return " AND ".join(parts), told


_NAMED = """(case_id = %(words)s OR has(supersedes, %(words)s) OR has(contacts, %(words)s)
    OR customer_id = %(words)s OR party = %(words)s
    OR arrayExists(author -> positionCaseInsensitiveUTF8(author, %(words)s) > 0, authors)
    OR customer_id IN (
        SELECT customer_id FROM current_customers
        WHERE arrayExists(name -> positionCaseInsensitiveUTF8(name, %(words)s) > 0, names)
            OR has(emails, %(words)s) OR has(phones, %(words)s))
    OR hasAny(authors, (
        SELECT groupUniqArray(10000)(history_author) FROM current_mentions
        WHERE positionCaseInsensitiveUTF8(author_name, %(words)s) > 0)))"""


def _found(words: str) -> Wanted:
    if is_case_id(words.upper()):
        return "(case_id = %(words)s OR has(supersedes, %(words)s))", {"words": words.upper()}
    return _NAMED, {"words": words}


PLACES: dict[Order, str] = {
    "need": "priority AS place_priority, toUnixTimestamp64Milli(ifNull(waiting_since, opened_at)) AS place_ms",
    "due": f"toUInt8(0) AS place_priority, ifNull(toUnixTimestamp64Milli(due_at), {NEVER_MS}) AS place_ms",
}
"""Order to the columns that tell a case's place in it."""
SORTED = "place_priority DESC, place_ms, case_id"


def behind(place: Place | None) -> Wanted:
    """Which rows with the columns of `PLACES` come after a place."""
    if place is None:
        return "1", {}
    told = {"after_priority": place.priority, "after_ms": place.at_ms, "after_id": place.case_id}
    later = "(place_ms, case_id) > (%(after_ms)s, %(after_id)s)"
    first = "place_priority < %(after_priority)s"
    return f"({first} OR (place_priority = %(after_priority)s AND {later}))", told


def moment(name: str) -> str:
    """A parameter of milliseconds as a time in SQL."""
    return f"fromUnixTimestamp64Milli(toInt64(%({name})s), 'UTC')"
