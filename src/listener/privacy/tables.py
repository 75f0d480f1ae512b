"""What ClickHouse holds about a person, and its deletion: at once for every question, then from the disk.

Names of people never stand in a statement: a mutation is kept in a file of its table, where tables are replicated
in Keeper too, and a server may keep the words of every query. They are in a table in the memory of one server as
long as they are needed, and in mutations as keyed hashes; see `listener.privacy.rows`. So what a mutation says is
the same for every replica, and needs nothing that only one of them has.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from clickhouse_driver import Client

from listener.clickhouse.client import connect, translated
from listener.domain.errors import ServiceError
from listener.privacy.person import Person
from listener.privacy.rows import (
    TABLES,
    HashKey,
    Known,
    Named,
    came_back,
    own_cases,
    rows_of,
    rows_that_name,
    shared_cases,
    without_person,
)

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
    "deleted_contacts": "mention_tombstones",
    "case_times": "case_facts, deleted_contacts, observed",
    "wait_times": "case_times, moved_authors",
    "wait_facts": "wait_times",
    "contact_facts_of_mentions": "mentions",
    "case_facts_of_cases": "cases",
    "account_traits_of_contact_facts": "contact_facts",
    "numbered_causes": "cause_names, contact_facts",
    "root_causes": "numbered_causes, current_contact_facts, contact_facts, case_facts",
    "copies": "current_mentions",
    "heard_until_of_contact_facts": "contact_facts",
    "heard_until_of_responses": "responses",
    "observed": "heard_until",
    "waits": "current_cases, mention_tombstones, observed",
    "root_causes_by_week": "current_contact_facts",
    "cases_of_cause": "current_cases",
    "cause_days": "numbered_causes, current_contact_facts",
    "loudness": "numbered_causes, current_contact_facts",
    "channels": "wait_facts",
    "waits_in_bins": "case_times",
    "what_we_teach": "wait_times",
    "arrivals": "current_contact_facts",
    "contacts_by_week": "contact_facts",
    "vanished": "current_contact_facts, current_case_facts, black_holes",
    "deadlines": "current_case_facts, observed",
    "escalations": "current_case_facts",
    "fairness": "account_traits, moved_authors, wait_times",
    "executives": "current_case_facts",
    "goodwill": "current_case_facts",
    "hearing_delays": "contact_facts",
    "outcomes_by_answer": "outcomes, wait_facts",
    "cause_histogram": "current_contact_facts",
    "channel_waits": "case_times, wait_times",
    "what_we_teach_by_party": "wait_times",
    "sales_by_day": "current_outcomes",
    "heard_by_hour": "current_mentions",
    "unexplained": "contacts",
}
"""View to what it shows; a view holds nothing itself."""
_CHANGES = {"audit": "UPDATE subject = 'erased', detail = map()"}
"""Table to what becomes of its rows, where they are not deleted."""
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
        key = HashKey.new()
        in_facts = "if(kind = 'author', sipHash64(name), bitOr(sipHash64(concat('c:', name)), 1))"
        query = f"SELECT kind, {key.of('name')}, {key.of(in_facts)} FROM {table}"  # noqa: S608  # constants
        hashes = client.execute(query, settings=_QUIETLY)
        self._named = Named(
            key,
            authors=tuple(number for kind, number, _ in hashes if kind == "author"),
            customers=tuple(number for kind, number, _ in hashes if kind == "customer"),
            author_ids=tuple(number for kind, _, number in hashes if kind == "author"),
            party_ids=tuple(number for kind, _, number in hashes if kind == "customer"),
            until=until,
        )

    def accounts(self) -> set[str]:
        """The accounts of the person's customers, as the tables know them."""
        query = f"SELECT author FROM parties FINAL WHERE {self._named.is_customer('customer_id')}"  # noqa: S608
        return {author for (author,) in self._client.execute(query, settings=_QUIETLY)}

    def counts(self) -> dict[str, int]:
        """Table to how many of its rows are the person's."""
        known = self._known()
        return {table: self._count(table, condition) for table, condition in rows_of(known).items()} | {
            "mentions of others": self._count("mentions", rows_that_name(known))
        }

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The current rows of a table, by column."""
        query = f"SELECT * FROM {table} FINAL WHERE {rows_of(self._known())[table]}"  # noqa: S608  # no names
        rows, columns = self._client.execute(query, with_column_types=True, settings=_QUIETLY)
        for row in rows:
            yield {name: value for (name, _), value in zip(columns, row, strict=True) if name != "version"}

    def erase(self) -> None:
        """Deletes the rows, and takes the person out of rows of others. Returns once all replicas have done so.

        Raises:
            ServiceError: the tables only stand for those of other servers, each of which has to be asked.
        """
        self._check_own()
        known = self._known()
        for table, condition in rows_of(known).items():
            self._mutate(table, _CHANGES.get(table, "DELETE"), condition)
        self._mutate("mentions", f"UPDATE {without_person(known)}", rows_that_name(known))
        for table in TABLES:
            # no partition has this name: nothing is dropped, but files of replaced parts are removed as far as the
            # server's settings allow; the embedded engine was not seen to do so by itself
            self._client.execute(f"ALTER TABLE {table} DROP PARTITION ID 'none'", settings=_QUIETLY)

    def _known(self) -> Known:
        """What has to be asked before it can be said which rows are the person's."""
        own, shared = own_cases(self._named), shared_cases(self._named)
        cases = self._client.execute(f"SELECT DISTINCT case_id FROM cases WHERE {own}", settings=_QUIETLY)  # noqa: S608
        newest = self._client.execute(
            f"SELECT case_id, max(version), argMax({shared}, version) FROM cases WHERE case_id IN "  # noqa: S608
            f"(SELECT case_id FROM cases WHERE {shared}) GROUP BY case_id",
            settings=_QUIETLY,
        )
        return Known(
            self._named,
            cases=tuple(sorted(name for (name,) in cases)),
            newest=tuple(sorted((name, version) for name, version, _ in newest)),
            spoken=frozenset(name for name, _, speaks in newest if speaks),
            is_back=self._count("customers", came_back(self._named)) > 0,
        )

    def _check_own(self) -> None:
        query = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'Distributed'"
        elsewhere = [name for (name,) in self._client.execute(query, settings=_QUIETLY) if name in TABLES]
        if elsewhere:
            raise ServiceError(
                f"the rows of {', '.join(sorted(elsewhere))} are on other servers (Distributed): run this for one "
                "server of each shard, with CLICKHOUSE_URL naming it and its own database (see docs/privacy.md)"
            )

    def _mutate(self, table: str, change: str, condition: str) -> None:
        if self._count(table, condition):
            statement = f"ALTER TABLE {table} {change} WHERE {condition}"
            self._client.execute(statement, settings=_QUIETLY | {"mutations_sync": 2})

    def _count(self, table: str, condition: str) -> int:
        query = f"SELECT count() FROM {table} WHERE {condition}"  # noqa: S608  # no names
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
