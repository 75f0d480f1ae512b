"""What the pages about cases read from ClickHouse: queues, texts, histories, who somebody may be."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from listener.console.case_queue import NEVER_MS, PLACES, SORTED, Place, QueueView, behind, condition, moment
from listener.domain.contact import shorten
from listener.domain.erasure import to_ms
from listener.domain.party import PartyOf

Query = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]
"""Asks ClickHouse with parameters, and returns the rows; may block; safe in several threads.

Raises `ServiceError` where it is away."""

PAGE = 50
MOST_CHOICES = 200
MOST_OTHERS = 50
"""Cases of the same customer that are shown; how many there are is counted apart."""
_IN_BRACKETS = re.compile(r"\(([^()]+)\)")
OPEN = "state IN ('new', 'waiting_for_us', 'waiting_for_customer', 'reopened')"
ACTS = (
    "case.assign",
    "case.together",
    "case.apart",
    "case.mark_failed",
    "case.close",
    "case.reopen",
    "case.reclassify",
    "case.complaint",
    "case.no_complaint",
    "case.needs_response",
    "case.needs_no_response",
)
LINKS = ("link.confirmed", "link.rejected")


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as a line of a queue.

    Attributes:
        place: where it stands in the order in which it was read.
        failed: contacts of the matter that the company failed.
        failed_ever: those of all the customer's matters that whoever looks may see.
        last_words: what the customer said last, shortened; empty where it is deleted or not stored yet.
    """

    case_id: str
    version: int
    state: str
    queue: str
    level: str
    owner: str
    priority: int
    waiting_since: datetime | None
    due_at: datetime | None
    opened_at: datetime
    last_at: datetime
    root_cause: str
    severity: tuple[str, ...]
    channel: str
    visibility: str
    customer_id: str
    customer_name: str
    party: str
    author: str
    contacts: tuple[str, ...]
    contact_count: int
    failed: int
    response_count: int
    historical: bool
    authors: tuple[str, ...]
    place: Place
    failed_ever: int = 0
    last_words: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases a view shows, and what of them is late.

    Attributes:
        failed: those in which the company has failed the customer already.
    """

    cases: int
    overdue: int
    failed: int


@dataclass(frozen=True, slots=True)
class Said:
    """A mention with its whole text. One that is deleted has none."""

    mention_id: str
    text: str
    title: str
    author_name: str
    url: str
    deleted: bool
    match_status: str
    match_evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did, from the audit log."""

    at: datetime
    by: str
    action: str
    subject: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class History:
    """What else happened with a customer.

    Attributes:
        cases: the newest, and not the one that is looked at.
        count: all of them.
        failed: contacts that the company failed in them.
    """

    cases: tuple[CaseRow, ...]
    count: int
    failed: int


@dataclass(frozen=True, slots=True)
class Known:
    """A customer, so that a person can compare."""

    customer_id: str
    names: tuple[str, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    handles: tuple[str, ...]
    segment: str
    open_cases: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """An author of whom it is not clear which customer it is.

    Attributes:
        evidence: why it may be each, in words; as the newest mention has it.
        words: what they said last.
        candidates: customers whom the evidence names.
        case_id: an open case of theirs; empty where there is none.
    """

    author: str
    author_name: str
    channel: str
    at: datetime
    evidence: tuple[str, ...]
    words: str
    url: str
    candidates: tuple[str, ...]
    case_id: str


_ROW = """case_id, case_version, state, queue, level, owner, priority, waiting_since, due_at, opened_at, last_at,
    root_cause, severity, channel, visibility, customer_id, party, anchor_author, contacts, contact_count,
    failed_contacts, response_count, historical, authors"""

_NEWEST = """SELECT case_id, max(case_version) AS newest, argMax(party, version) AS whose,
        argMax(failed_contacts, version) AS failed, argMax(opened_at, version) AS opened
    FROM cases WHERE case_id IN (SELECT case_id FROM cases WHERE party IN %(parties)s) GROUP BY case_id
    HAVING whose IN %(parties)s AND argMax(state, version) != 'superseded'
        AND (%(all)s OR has(%(queues)s, argMax(queue, version)))"""
"""The newest rows of all cases of some customers; of so few, this is faster than FINAL."""


class CaseStore:
    """Reads what the sink has stored.

    Every question takes `queues`: the only ones that whoever asks may see; None for all.
    """

    def __init__(self, query: Query) -> None:
        self._query = query

    def page(
        self,
        view: QueueView,
        person: str,
        queues: Collection[str] | None,
        now: datetime,
        after: Place | None,
        size: int = PAGE,
    ) -> list[CaseRow]:
        """A page of a view, with one row more where another follows."""
        wanted, told = condition(view, person, queues, now)
        later, place = behind(after)
        ids = self._query(
            f"""SELECT case_id, place_priority, place_ms, case_version FROM (
                SELECT case_id, case_version, {PLACES[view.order]} FROM cases FINAL WHERE {wanted}
            ) WHERE {later} ORDER BY {SORTED} LIMIT {size + 1}""",
            told | place,
        )
        rows = self._rows({row[0]: row[3] for row in ids})
        found = [self._row(rows[row[0]], Place(row[1], row[2], row[0])) for row in ids if row[0] in rows]
        return self._told(found, queues)

    def counts(self, view: QueueView, person: str, queues: Collection[str] | None, now: datetime) -> Counts:
        """How many a view shows in all."""
        wanted, told = condition(view, person, queues, now)
        [row] = self._query(
            f"""SELECT count(), countIf(due_at < {moment("now_ms")} AND {OPEN}), countIf(failed_contacts > 0)
            FROM cases FINAL WHERE {wanted}""",
            told | {"now_ms": to_ms(now)},
        )
        return Counts(*row)

    def choices(self, queues: Collection[str] | None) -> dict[str, list[str]]:
        """By which queues, levels, owners, channels and root causes there is something to choose."""
        told = {"queues": sorted(queues or ()), "all": int(queues is None)}
        names = ("queue", "level", "owner", "channel", "root_cause")
        most = ", ".join(f"groupUniqArray({MOST_CHOICES})({name})" for name in names)
        [row] = self._query(
            f"SELECT {most} FROM cases WHERE (%(all)s OR has(%(queues)s, queue)) AND state != 'superseded'",
            told,
        )
        found = dict(zip(names, (sorted(filter(None, values)) for values in row), strict=True))
        causes = {"unknown"} | {
            ".".join(cause.split(".")[:depth])
            for cause in found["root_cause"]
            for depth in range(1, cause.count(".") + 2)
        }
        return found | {"root_cause": sorted(causes)}

    def stands_at(self, case_id: str) -> tuple[int, int, int] | None:
        """Where the newest snapshot that is stored stands on `triage`: its version, partition and offset."""
        rows = self._query(
            "SELECT case_version, snapshot_partition, snapshot_offset FROM cases FINAL WHERE case_id = %(id)s",
            {"id": case_id},
        )
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def texts(self, authors: Iterable[str], mention_ids: Iterable[str]) -> dict[str, Said]:
        """Mentions by their ids, as far as they are stored.

        Args:
            authors: who said them; of the company's own words the account that did.
        """
        told = {"authors": tuple(set(authors)), "ids": tuple(set(mention_ids))}
        if not told["authors"] or not told["ids"]:
            return {}
        rows = self._query(
            """SELECT mention_id, text, title, author_name, url, deleted, match_status, match_evidence
            FROM current_mentions WHERE author IN %(authors)s AND mention_id IN %(ids)s""",
            told,
        )
        return {
            row[0]: Said(
                mention_id=row[0],
                text=row[1],
                title=row[2],
                author_name=row[3],
                url=row[4],
                deleted=row[5],
                match_status=row[6],
                match_evidence=tuple(row[7]),
            )
            for row in rows
        }

    def parties(self, authors: Iterable[str]) -> dict[str, PartyOf]:
        """Who these authors are, as far as anything was heard of them."""
        told = {"authors": tuple(set(authors))}
        if not told["authors"]:
            return {}
        rows = self._query(
            """SELECT author, party, epoch, at, customer_id, method FROM current_parties
            WHERE author IN %(authors)s""",
            told,
        )
        return {
            row[0]: PartyOf(
                author=row[0],
                party=row[1],
                epoch=row[2],
                at=row[3],
                customer_id=row[4] or None,
                method=row[5],
            )
            for row in rows
        }

    def acts(self, names: Iterable[str], contacts: Iterable[str], authors: Iterable[str]) -> list[Act]:
        """What people did to a case.

        Args:
            names: its id and those it had before.
        """
        told = {
            "cases": ACTS,
            "links": LINKS,
            "names": list(names),
            "contacts": list(contacts),
            "authors": list(authors),
        }
        rows = self._query(
            """SELECT at, actor, action, subject, detail FROM current_audit
            WHERE (action IN %(cases)s AND (has(%(names)s, subject)
                OR hasAny(splitByChar(' ', detail['contacts']), %(contacts)s)))
                OR (action IN %(links)s AND has(%(authors)s, subject))
            ORDER BY at LIMIT 500""",
            told,
        )
        return [Act(row[0], row[1], row[2], row[3], row[4]) for row in rows]

    def history(self, party: str, but: str, queues: Collection[str] | None) -> History:
        """The other cases of a customer, the newest first."""
        told = {"parties": (party,), "but": but, "queues": sorted(queues or ()), "all": int(queues is None)}
        found = self._query(
            f"""SELECT case_id, newest, failed FROM ({_NEWEST}
            ) WHERE case_id != %(but)s ORDER BY opened DESC, case_id""",
            told,
        )
        versions = {row[0]: row[1] for row in found[:MOST_OTHERS]}
        rows = self._rows(versions)
        cases = [self._row(rows[each], Place(0, 0, each)) for each in versions if each in rows]
        count, failed = len(found), sum(row[2] for row in found)
        return History(tuple(cases), count, failed)

    def customers(self, customer_ids: Iterable[str]) -> dict[str, Known]:
        """Customers by their ids, as far as the company's records have them."""
        told = {"ids": tuple(set(customer_ids))}
        if not told["ids"]:
            return {}
        rows = self._query(
            f"""SELECT customer_id, names, emails, phones, handles, segment, open FROM current_customers AS c
            LEFT JOIN (SELECT customer_id, count() AS open FROM cases FINAL
                WHERE customer_id IN %(ids)s AND {OPEN} GROUP BY customer_id) AS o USING (customer_id)
            WHERE customer_id IN %(ids)s""",
            told,
        )
        return {
            row[0]: Known(
                customer_id=row[0],
                names=tuple(row[1]),
                emails=tuple(row[2]),
                phones=tuple(row[3]),
                handles=tuple(row[4]),
                segment=row[5],
                open_cases=row[6],
            )
            for row in rows
        }

    def doubts(self, size: int, before: datetime | None) -> list[Doubt]:
        """Authors of whom it is not clear which customer they are, those heard last first.

        Args:
            before: heard before then; the newest where None.
        """
        rows = self._query(
            f"""SELECT author, name, channel, last_at, evidence, words, link FROM (
                SELECT m.author AS author, argMax(m.author_name, m.occurred_at) AS name,
                    argMax(m.channel, m.occurred_at) AS channel,
                    max(m.occurred_at) AS last_at,
                    argMax(m.match_evidence, m.occurred_at) AS evidence,
                    argMax(m.match_status, m.occurred_at) AS status,
                    argMax(substringUTF8(m.text, 1, 500), m.occurred_at) AS words,
                    argMax(m.url, m.occurred_at) AS link
                FROM current_mentions AS m
                WHERE m.author IN (SELECT author FROM mentions WHERE match_status = 'ambiguous')
                    AND m.direction = 'inbound' AND startsWith(m.party, 'a:')
                GROUP BY author
            ) AS heard
            LEFT JOIN (SELECT subject, max(at) AS decided_at FROM current_audit
                WHERE action IN %(links)s GROUP BY subject) AS decided ON heard.author = decided.subject
            WHERE status = 'ambiguous' AND decided_at < last_at AND last_at < {moment("before")}
            ORDER BY last_at DESC, author LIMIT {int(size)}""",
            {"links": LINKS, "before": to_ms(before) if before else NEVER_MS},
        )
        authors = [row[0] for row in rows]
        cases = self._cases_of(authors)
        named = {row[0]: tuple(dict.fromkeys(_named(row[4]))) for row in rows}
        there = self.customers({one for each in named.values() for one in each})
        return [
            Doubt(
                author=row[0],
                author_name=row[1],
                channel=row[2],
                at=row[3],
                evidence=tuple(row[4]),
                words=row[5],
                url=row[6],
                candidates=tuple(one for one in named[row[0]] if one in there),
                case_id=cases.get(row[0], ""),
            )
            for row in rows
        ]

    def _cases_of(self, authors: Sequence[str]) -> dict[str, str]:
        if not authors:
            return {}
        rows = self._query(
            f"""SELECT anchor_author, argMax(case_id, opened_at) FROM cases FINAL
            WHERE anchor_author IN %(authors)s AND {OPEN} GROUP BY anchor_author""",
            {"authors": tuple(authors)},
        )
        return {row[0]: row[1] for row in rows}

    def _rows(self, versions: Mapping[str, int]) -> dict[str, Sequence[Any]]:
        """The rows of these cases, each of its version; so nothing but them has to be read."""
        if not versions:
            return {}
        told = {"ids": tuple(versions), "rows": tuple(versions.items())}
        wanted = "case_id IN %(ids)s AND (case_id, case_version) IN %(rows)s"
        return {row[0]: row for row in self._query(f"SELECT {_ROW} FROM cases WHERE {wanted}", told)}

    def _told(self, rows: Sequence[CaseRow], queues: Collection[str] | None) -> list[CaseRow]:
        """The rows with names, what was said last, and how often the company has failed these customers."""
        customers = self.customers({row.customer_id for row in rows} - {""})
        said = self.texts(
            {author for row in rows for author in row.authors},
            {row.contacts[-1] for row in rows if row.contacts},
        )
        failed = self._failed_ever({row.party for row in rows}, queues)
        return [
            replace(
                row,
                customer_name=_name(customers.get(row.customer_id), said.get(row.contacts[-1], None)),
                failed_ever=failed.get(row.party, row.failed),
                last_words=shorten(said[row.contacts[-1]].text, 140) if row.contacts[-1] in said else "",
            )
            if row.contacts
            else row
            for row in rows
        ]

    def _failed_ever(self, parties: Collection[str], queues: Collection[str] | None) -> dict[str, int]:
        if not parties:
            return {}
        rows = self._query(
            f"SELECT whose, sum(failed) FROM ({_NEWEST}) GROUP BY whose",
            {"parties": tuple(parties), "queues": sorted(queues or ()), "all": int(queues is None)},
        )
        return {row[0]: row[1] for row in rows}

    def _row(self, row: Sequence[Any], place: Place) -> CaseRow:
        return CaseRow(
            case_id=row[0],
            version=row[1],
            state=row[2],
            queue=row[3],
            level=row[4],
            owner=row[5],
            priority=row[6],
            waiting_since=row[7],
            due_at=row[8],
            opened_at=row[9],
            last_at=row[10],
            root_cause=row[11],
            severity=tuple(row[12]),
            channel=row[13],
            visibility=row[14],
            customer_id=row[15],
            customer_name="",
            party=row[16],
            author=row[17],
            contacts=tuple(row[18]),
            contact_count=row[19],
            failed=row[20],
            response_count=row[21],
            historical=row[22],
            authors=tuple(row[23]),
            place=place,
        )


def _name(customer: Known | None, said: Said | None) -> str:
    if customer is not None and customer.names:
        return customer.names[0]
    return said.author_name if said is not None else ""


def _named(evidence: Iterable[str]) -> list[str]:
    """What stands in brackets in the reasons of a match: ids of customers, among others."""
    return [found for words in evidence for found in _IN_BRACKETS.findall(words)]
