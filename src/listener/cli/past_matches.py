"""Who authors heard before would be today, among the customers and by the rules that are known by now."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from listener.domain.erasure import Erasures
from listener.domain.errors import Rejected, ServiceError
from listener.kafka.record import Record
from stream.customers import Customers, take_customer
from stream.ledger.author_state import AuthorState
from stream.ledger.ledger import CustomerMatcher, match_of, party_of


class Change(NamedTuple):
    """An author who would be somebody else.

    Attributes:
        before: the party now.
        after: the party that it would be.
        method: by which this would be told; none where nobody is found any more.
        evidence: on what that rests, in words.
    """

    author: str
    before: str
    after: str
    method: str
    evidence: str


def put_customers(records: Iterable[Record], customers: Customers, erasures: Erasures) -> int:
    """Reads the topic `customers` into an index, as a worker does.

    Args:
        erasures: customers who must not come back.

    Returns:
        How many records are no customers, and were passed over.
    """
    wrong = 0
    for record in records:
        try:
            take_customer(record.key, record.value, customers, erasures)
        except Rejected:
            wrong += 1
    return wrong


def changes(
    records: Iterable[Record], customers: CustomerMatcher, authors: Collection[str] = ()
) -> list[Change]:
    """Those whose party would be another one.

    Args:
        records: of the ledger's changelog; of each author the last one holds.
        customers: whom the company knows by now.
        authors: only these; all where there are none.

    Raises:
        ServiceError: the states are of another version of the program.
    """
    found: dict[str, Change] = {}
    for record in records:
        author = (record.key or b"").decode(errors="replace")
        if authors and author not in authors:
            continue
        change = None if record.value is None else _change(author, record.value, customers)
        if change is None:
            found.pop(author, None)
        else:
            found[author] = change
    return sorted(found.values())


def _change(author: str, state: bytes, customers: CustomerMatcher) -> Change | None:
    try:
        memory = AuthorState.unpacked(author, state)
    except ValueError as error:
        raise ServiceError(f"{error}; the workers run another version of this program") from None
    if not memory.party:
        return None  # nobody was told anything of this author
    match = match_of(memory, customers)
    after = party_of(author, match)
    if after == memory.party:
        return None
    return Change(author, memory.party, after, match.method, "; ".join(match.evidence))
