"""What ClickHouse holds about a person, and its deletion: at once for every question, then from the disk.

Names of people never stand in a statement: a mutation is kept in a file of its table, and a server may keep the
words of every query. They are in a table in memory as long as they are needed.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from clickhouse_driver import Client

from listener.clickhouse.client import connect, translated
from listener.domain.erasure import epoch_after, to_ms
from listener.privacy.person import Person

ROWS: dict[str, str] = {
    "contact_facts": "mention_key IN (SELECT sipHash64(mention_id) FROM mentions WHERE {mentions})",
    "case_facts": "(author_id IN {author_hashes} AND bitShiftRight(case_version, 32) < {epoch})"
    " OR (case_key, version) IN (SELECT sipHash64(case_id), version FROM cases WHERE {cases})",
    "mentions": "{mentions}",
    "mention_tombstones": "author IN {authors} AND received_at <= {until}",
    "responses": "author IN {authors} AND least(occurred_at, received_at) <= {until}",
    "black_holes": "author IN {authors} AND since <= {until}",
    "tickets": "case_id IN (SELECT case_id FROM cases WHERE {own_cases})",
    "alerts": "subject IN (SELECT case_id FROM cases WHERE {own_cases})",
    "cases": "{cases}",
    "parties": "(author IN {authors} OR customer_id IN {customers}) AND epoch < {epoch}",
    "customers": "customer_id IN {customers} AND (updated_at IS NULL OR updated_at <= {until})",
    "outcomes": "customer_id IN {customers} AND occurred_at <= {until}",
    "audit": "(subject IN {both} OR hasAny(mapValues(detail), {both_list})) AND at <= {until}",
}
"""Table to which of its rows are a person's; in the order in which they can be deleted."""
_MENTIONS = """
    (history_author IN {authors} OR author IN {authors}) AND least(occurred_at, received_at) <= {until}
"""
VIEWS = {
    "current_mentions": "mentions, mention_tombstones, parties",
    "contacts": "current_mentions",
    "current_responses": "responses, mention_tombstones, parties",
    "current_cases": "cases, parties",
    "current_black_holes": "black_holes, current_cases",
    "current_parties": "parties",
    "current_customers": "customers",
    "current_tickets": "tickets",
    "current_outcomes": "outcomes",
    "current_alerts": "alerts",
    "current_audit": "audit",
    "moved_authors": "parties",
    "current_contact_facts": "contact_facts, moved_authors",
    "current_case_facts": "case_facts, moved_authors",
    "wait_facts": "current_case_facts, mention_tombstones, observed",
    "contact_facts_of_mentions": "mentions",
    "case_facts_of_cases": "cases",
    "root_causes": "current_contact_facts, current_case_facts",
    "copies": "current_mentions",
    "observed": "contact_facts, responses",
    "waits": "current_cases, mention_tombstones, observed",
    "root_causes_by_week": "current_contact_facts",
    "cases_of_cause": "current_cases",
    "cause_days": "current_contact_facts",
    "loudness": "current_contact_facts",
    "channels": "wait_facts",
    "waits_in_bins": "wait_facts",
    "what_we_teach": "wait_facts",
    "arrivals": "current_contact_facts",
    "vanished": "current_contact_facts, current_case_facts, black_holes",
    "deadlines": "current_case_facts, observed",
    "escalations": "current_case_facts",
    "fairness": "current_contact_facts, wait_facts",
    "executives": "current_case_facts",
    "goodwill": "current_case_facts",
    "hearing_delays": "current_contact_facts",
    "outcomes_by_answer": "outcomes, wait_facts",
}
"""View to what it shows; a view holds nothing itself."""
_OWN_CASES = "anchor_author IN {authors} AND bitShiftRight(case_version, 32) < {epoch}"
"""Those that the person begins, of the time before."""
_CASES = """
    ({own_cases})
    OR (anchor_author NOT IN {authors} AND (hasAny(authors, {author_list}) OR customer_id IN {customers})
        AND (bitAnd(version, toUInt128(18446744073709551615)) <= {until_ms}
            OR (case_id, version) NOT IN (SELECT case_id, max(version) FROM cases GROUP BY case_id)))
"""
"""The same, and of others in which the person speaks the snapshots so far, but for the newest: where that is later
than the erasure, it holds only what was said since.
"""
_EVIDENCE_OF = "arrayExists(id -> position(words, concat('(', id, ')')) > 0, {customer_list})"
_EVIDENCE = """
    (match_customer IN {customers} OR arrayExists(words -> {evidence_of}, match_evidence))
    AND (least(occurred_at, received_at) <= {until}
        OR (SELECT count() FROM customers WHERE customer_id IN {customers} AND updated_at > {until}) = 0)
"""
"""Rows of others, such as those who share a telephone number, in which a customer's name may stand; those of a
customer who came back stay.
"""
_WITHOUT_EVIDENCE = """
    match_evidence = arrayFilter(words -> NOT {evidence_of}, match_evidence),
    match_status = if(match_customer IN {customers}, 'unknown', match_status),
    match_customer = if(match_customer IN {customers}, '', match_customer)
"""
_QUIETLY = {"log_queries": 0}


class PersonInTables:
    """One person's rows.

    Args:
        client: of an account that may write.
        table: in memory, with the person's names; see `person_in_tables`.
        until: what was said until then; everything where None.
    """

    def __init__(self, client: Client, table: str, until: datetime | None) -> None:
        self._client = client

        def names(*kinds: str, listed: bool = False) -> str:
            wanted = ", ".join(f"'{kind}'" for kind in kinds)
            what = "groupArray(name)" if listed else "name"
            return f"(SELECT {what} FROM {table} WHERE kind IN ({wanted}))"  # noqa: S608  # constants

        words = {
            "authors": names("author"),
            "author_list": names("author", listed=True),
            "customers": names("customer"),
            "customer_list": names("customer", listed=True),
            "both": names("author", "customer"),
            "both_list": names("author", "customer", listed=True),
        }
        moment = datetime(2299, 12, 31, tzinfo=UTC) if until is None else until
        words["until"] = f"fromUnixTimestamp64Milli({to_ms(moment)}, 'UTC')"
        words["epoch"] = str(2**32 if until is None else epoch_after(to_ms(until)))
        words["until_ms"] = str(to_ms(moment))
        self._customers = words["customers"]
        words["author_hashes"] = f"(SELECT sipHash64(name) FROM {table} WHERE kind = 'author')"  # noqa: S608  # constants
        words["mentions"] = _MENTIONS.format(**words)
        words["own_cases"] = _OWN_CASES.format(**words)
        words["cases"] = _CASES.format(**words)
        words["evidence_of"] = _EVIDENCE_OF.format(**words)
        self._rows = {name: condition.format(**words) for name, condition in ROWS.items()}
        self._evidence = _EVIDENCE.format(**words)
        self._without_evidence = _WITHOUT_EVIDENCE.format(**words)

    def accounts(self) -> set[str]:
        """The accounts of the person's customers, as the tables know them."""
        query = f"SELECT author FROM parties FINAL WHERE customer_id IN {self._customers}"  # noqa: S608  # constants
        return {author for (author,) in self._client.execute(query, settings=_QUIETLY)}

    def counts(self) -> dict[str, int]:
        """Table to how many of its rows are the person's."""
        return {table: self._count(table, condition) for table, condition in self._rows.items()} | {
            "mentions of others": self._count("mentions", self._evidence)
        }

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The current rows of a table, by column."""
        query = f"SELECT * FROM {table} FINAL WHERE {self._rows[table]}"  # noqa: S608  # constants
        rows, columns = self._client.execute(query, with_column_types=True, settings=_QUIETLY)
        for row in rows:
            yield {name: value for (name, _), value in zip(columns, row, strict=True) if name != "version"}

    def erase(self) -> None:
        """Deletes the rows, and takes the person out of rows of others. Returns once all replicas have done so."""
        for table, condition in self._rows.items():
            change = "DELETE"
            if table == "audit":
                change = "UPDATE subject = 'erased', detail = map()"
            self._mutate(table, change, condition)
        self._mutate("mentions", f"UPDATE {self._without_evidence}", self._evidence)
        for table in self._rows:
            # no partition has this name: nothing is dropped, but files of replaced parts are removed as far as the
            # server's settings allow; the embedded engine was not seen to do so by itself
            self._client.execute(f"ALTER TABLE {table} DROP PARTITION ID 'none'", settings=_QUIETLY)

    def _mutate(self, table: str, change: str, condition: str) -> None:
        if self._count(table, condition):
            statement = f"ALTER TABLE {table} {change} WHERE {condition}"
            self._client.execute(statement, settings=_QUIETLY | {"mutations_sync": 2})

    def _count(self, table: str, condition: str) -> int:
        query = f"SELECT count() FROM {table} WHERE {condition}"  # noqa: S608  # constants
        return int(self._client.execute(query, settings=_QUIETLY)[0][0])

    def old_parts_seconds(self) -> int:
        """How long the files of deleted rows stay, at the longest: by the server's own setting."""
        query = "SELECT value FROM system.merge_tree_settings WHERE name = 'old_parts_lifetime'"
        found = self._client.execute(query, settings=_QUIETLY)
        return int(found[0][0]) if found else 480


@contextmanager
def person_in_tables(url: str, person: Person, until: datetime | None = None) -> Iterator[PersonInTables]:
    """A person's rows in the database of this URL, as long as the block lasts.

    Args:
        until: what was said until then; everything where None.

    Raises:
        ServiceError: ClickHouse is not there, or refuses.
    """
    client, table = connect(url), f"erasing_{uuid.uuid4().hex}"
    with translated(url):
        try:
            client.execute(f"CREATE TABLE {table} (kind String, name String) ENGINE = Memory")
            rows = [("author", name) for name in person.authors] + [
                ("customer", name) for name in person.customers
            ]
            client.execute(f"INSERT INTO {table} (kind, name) VALUES", rows)
            yield PersonInTables(client, table, until)
        finally:
            client.execute(f"DROP TABLE IF EXISTS {table}")
            client.disconnect()
