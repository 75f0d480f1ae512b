"""Whose data it is: accounts and customer records that belong together."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from listener.domain.customer import IdentityLink
from listener.domain.errors import Rejected
from listener.domain.ids import author_party, customer_party
from listener.domain.party import PartyOf
from listener.domain.topics import LINKS, PARTIES
from listener.kafka.record import Record

Read = Callable[[str], Iterable[Record]]
"""Everything on a topic; see `listener.kafka.consume.read_whole`."""


@dataclass(frozen=True)
class Person:
    """Somebody, as Listener knows people.

    Attributes:
        authors: accounts.
        customers: ids of customer records.
    """

    authors: frozenset[str]
    customers: frozenset[str]

    @property
    def parties(self) -> frozenset[str]:
        """The parties that hold nobody else."""
        return frozenset({*map(author_party, self.authors), *map(customer_party, self.customers)})


def find_person(read: Read, authors: Collection[str], customers: Collection[str]) -> Person:
    """The accounts that were named, and all that belong to the customers that were named.

    An account belongs to a customer where it is matched or confirmed now.

    Raises:
        ServiceError: Kafka is not there.
    """
    found = set(authors)
    party_of: dict[str, PartyOf] = {}
    for author, record in _newest(read(PARTIES.name)).items():
        try:
            party_of[author] = PartyOf.read(record.value or b"")
        except Rejected:
            continue
    found |= {author for author, party in party_of.items() if party.customer_id in customers}
    for author, record in _newest(read(LINKS.name)).items():
        try:
            link = IdentityLink.read(record.value or b"")
        except Rejected:
            continue
        if link.confirmed() in customers:
            found.add(author)
    return Person(frozenset(found), frozenset(customers))


def customers_of(read: Read, authors: Collection[str]) -> set[str]:
    """The customers that accounts belong to."""
    found = set()
    for author, record in _newest(read(PARTIES.name)).items():
        if author in authors:
            try:
                found.add(PartyOf.read(record.value or b"").customer_id)
            except Rejected:
                continue
    return {customer for customer in found if customer is not None}


def _newest(records: Iterable[Record]) -> dict[str, Record]:
    """The values that hold on a compacted topic."""
    newest: dict[str, Record] = {}
    for record in records:
        key = (record.key or b"").decode(errors="replace")
        newest.pop(key, None)
        if record.value is not None:
            newest[key] = record
    return newest
