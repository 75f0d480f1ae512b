"""Which rows in ClickHouse are a person's, in words that name nobody and mean the same to every replica. Pure.

Names are compared by their hash under a random key of one erasure (SipHash, keyed:
https://clickhouse.com/docs/sql-reference/functions/hash-functions#siphash64keyed). Nothing here asks another
table: a mutation that does is refused where tables are replicated, since each replica would answer it anew.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from listener.domain.erasure import epoch_after, to_ms

TABLES = (
    "account_traits",
    "contact_facts",
    "case_facts",
    "mentions",
    "mention_tombstones",
    "responses",
    "black_holes",
    "tickets",
    "alerts",
    "cases",
    "parties",
    "customers",
    "outcomes",
    "audit",
)
"""Those with rows about people, in the order in which these can be deleted."""
_END_OF_TIME = datetime(2299, 12, 31, tzinfo=UTC)
_PLAIN, _WITH_BRACKETS = r"\\(([^()]*)\\)", r"\\(((?:[^()]|\\([^()]*\\))*)\\)"
_IDS_IN_WORDS = f"arrayConcat(extractAll(words, '{_PLAIN}'), extractAll(words, '{_WITH_BRACKETS}'))"
"""What stands in brackets in a line of evidence: the ids of customers, which may have brackets themselves."""


@dataclass(frozen=True)
class HashKey:
    """Of one erasure; nobody keeps it but the statements."""

    first: int
    second: int

    @classmethod
    def new(cls) -> "HashKey":
        """A random one; the highest bit is set so that ClickHouse takes both for UInt64."""
        return cls(*(secrets.randbits(63) | 1 << 63 for _ in range(2)))

    def of(self, column: str) -> str:
        """The hash of what stands there."""
        return f"sipHash64Keyed(({self.first}, {self.second}), {column})"


@dataclass(frozen=True)
class Named:
    """Who is meant, and until when.

    Attributes:
        authors, customers: hashes of their ids.
        author_ids, party_ids: hashes of the numbers that stand for the accounts, and for the customers as
            parties, in the tables of facts.
        until: what was said until then; everything where None.
    """

    key: HashKey
    authors: tuple[int, ...]
    customers: tuple[int, ...]
    author_ids: tuple[int, ...]
    party_ids: tuple[int, ...]
    until: datetime | None

    def is_author(self, column: str) -> str:
        """Whether one of the person's accounts stands there."""
        return _among(self.key.of(column), self.authors)

    def is_customer(self, column: str) -> str:
        """Whether one of the person's customer ids stands there."""
        return _among(self.key.of(column), self.customers)

    def is_author_id(self, column: str) -> str:
        """Whether the number of one of the person's accounts stands there, as the tables of facts have it."""
        return _among(self.key.of(column), self.author_ids)

    def is_party_id(self, column: str) -> str:
        """Whether the number of one of the person's customers stands there, as the tables of facts have it."""
        return _among(self.key.of(column), self.party_ids)

    def is_either(self, column: str) -> str:
        """Whether one or the other does."""
        return _among(self.key.of(column), (*self.authors, *self.customers))

    @property
    def until_ms(self) -> int:
        """Milliseconds since 1970."""
        return to_ms(self.until or _END_OF_TIME)

    @property
    def moment(self) -> str:
        """The end, as ClickHouse writes a time."""
        return f"fromUnixTimestamp64Milli({self.until_ms}, 'UTC')"

    @property
    def epoch(self) -> int:
        """The first of the time after."""
        return 2**32 if self.until is None else epoch_after(self.until_ms)


@dataclass(frozen=True)
class Known:
    """The same, and what the tables say about it.

    Attributes:
        cases: ids of those that the person begins.
        newest: the version of the newest snapshot of each case of others in which the person speaks, or ever did.
        spoken: ids of those of them in whose newest snapshot the person speaks.
        is_back: a record of the customer is later than the erasure.
    """

    named: Named
    cases: tuple[str, ...]
    newest: tuple[tuple[str, int], ...]
    spoken: frozenset[str]
    is_back: bool


def own_cases(named: Named) -> str:
    """Rows of `cases` that the person begins, of the time before."""
    return f"{named.is_author('anchor_author')} AND bitShiftRight(case_version, 32) < {named.epoch}"


def shared_cases(named: Named) -> str:
    """Rows of `cases` that others begin, in which the person speaks."""
    speaks = f"arrayExists(a -> {named.is_author('a')}, authors)"
    return f"NOT {named.is_author('anchor_author')} AND ({speaks} OR {named.is_customer('customer_id')})"


def came_back(named: Named) -> str:
    """Rows of `customers` that are later than the erasure."""
    return f"{named.is_customer('customer_id')} AND updated_at > {named.moment}"


def rows_of(known: Known) -> dict[str, str]:
    """Table to which of its rows are the person's, in the order of `TABLES`."""
    named, moment = known.named, known.named.moment
    author, customer = named.is_author("author"), named.is_customer("customer_id")
    # of others' cases the snapshots so far, but for the newest: where that is later than the erasure, it holds
    # only what was said since
    published_ms = "bitAnd(version, toUInt128(18446744073709551615))"
    newest = ", ".join(f"({_text(name)}, toUInt128('{version}'))" for name, version in known.newest)
    is_newest = f"(case_id, version) IN ({newest})" if newest else "0"
    keys = ", ".join(f"(sipHash64({_text(name)}), toUInt128('{version}'))" for name, version in known.newest)
    shared, spoken = (
        _among("case_key", (f"sipHash64({_text(name)})" for name in names))
        for names in ([name for name, _ in known.newest], sorted(known.spoken))
    )
    is_newest_fact = f"(case_key, version) IN ({keys})" if keys else "0"
    said_before = f"least(occurred_at, received_at) <= {moment}"
    conditions = {
        "contact_facts": f"({named.is_author_id('history_id')} OR {named.is_author_id('author_id')})"
        f" AND {said_before}",
        # accounts that were once the customer's, too; where one row has what was told before and after, all of it:
        # the account's next mention tells it anew
        "account_traits": f"({named.is_author_id('author_id')} OR {named.is_party_id('party_id')})"
        f" AND first_said_at <= {moment}",
        "case_facts": f"({named.is_author_id('author_id')} AND bitShiftRight(case_version, 32) < {named.epoch})"
        f" OR (NOT {named.is_author_id('author_id')} AND ({shared} AND NOT ({is_newest_fact})"
        f" OR {spoken} AND {published_ms} <= {named.until_ms}))",
        "mentions": f"({named.is_author('history_author')} OR {author}) AND {said_before}",
        "mention_tombstones": f"{author} AND received_at <= {moment}",
        "responses": f"{author} AND {said_before}",
        "black_holes": f"{author} AND since <= {moment}",
        "tickets": _among("case_id", map(_text, known.cases)),
        "alerts": _among("subject", map(_text, known.cases)),
        "cases": f"({own_cases(named)})"
        f" OR ({shared_cases(named)} AND ({published_ms} <= {named.until_ms} OR NOT ({is_newest})))",
        "parties": f"({author} OR {customer}) AND epoch < {named.epoch}",
        "customers": f"{customer} AND (updated_at IS NULL OR updated_at <= {moment})",
        "outcomes": f"{customer} AND occurred_at <= {moment}",
        "audit": f"({named.is_either('subject')} OR arrayExists(v -> {named.is_either('v')}, mapValues(detail)))"
        f" AND at <= {moment}",
    }
    return {table: conditions[table] for table in TABLES}


def rows_that_name(known: Known) -> str:
    """Rows of `mentions` of others, such as those who share a telephone number, in which a customer's name may
    stand; those of a customer who came back stay.
    """
    named = known.named
    in_words = f"arrayExists(words -> {_is_evidence_of(named)}, match_evidence)"
    names = f"{named.is_customer('match_customer')} OR {in_words}"
    before = f"least(occurred_at, received_at) <= {named.moment}"
    return f"({names}) AND {before}" if known.is_back else f"({names})"


def without_person(known: Known) -> str:
    """What takes a customer's name out of such rows."""
    is_match = known.named.is_customer("match_customer")
    return (
        f"match_evidence = arrayFilter(words -> NOT {_is_evidence_of(known.named)}, match_evidence), "
        f"match_status = if({is_match}, 'unknown', match_status), "
        f"match_customer = if({is_match}, '', match_customer)"
    )


def _is_evidence_of(named: Named) -> str:
    return f"arrayExists(id -> {named.is_customer('id')}, {_IDS_IN_WORDS})"


def _among(what: str, values: Iterable[object]) -> str:
    listed = ", ".join(map(str, values))
    return f"{what} IN ({listed})" if listed else "0"


def _text(name: str) -> str:
    """An id as a constant."""
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
