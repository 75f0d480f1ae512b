"""Erasing a person, in an order in which nothing can come back behind what was deleted:

1. The list: keyed hashes on `erasures`. Connectors, imports, stages and sink pass over what was said until then.
2. The commands: the ledger forgets each account and tells all who knew of it; what the connectors, the customer
   records and people's decisions hold under keys of their own is deleted by tombstones.
3. Everybody who had something on the way has processed it: the stages, then the sink.
4. The tables in ClickHouse; then the logs.

Each step may be repeated: a run that was broken off, or waited in vain, is run again.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from listener.domain.connector_state import IndexEntry
from listener.domain.contract import format_utc
from listener.domain.customer import Customer, IdentityLink
from listener.domain.erasure import EraseAuthor, Erasure, Erasures, epoch_after, to_ms
from listener.domain.errors import Rejected, ServiceError
from listener.domain.governance import AuditEntry
from listener.domain.ids import digest
from listener.domain.topics import (
    AUDIT,
    CUSTOMERS,
    ERASE,
    ERASURES,
    INDEX,
    LEVEL_CLAIMS,
    LINKS,
    PARKED,
    PARTIES,
    PARTY_EVENTS,
    TICKETS,
    TRIAGE,
)
from listener.kafka.admin import TopicAdmin
from listener.kafka.publish import Outlet
from listener.kafka.record import Record
from listener.privacy.person import Person, Read
from listener.privacy.topics import Search, without_person

POLL_SECONDS = 0.5
STAGES = ((ERASE,), (PARTY_EVENTS,), (ERASE, PARTY_EVENTS, LEVEL_CLAIMS), (ERASE, PARTY_EVENTS, LEVEL_CLAIMS))
"""What the stages have to process, one after the other: the command, what it leads to, and their last words."""


def put_on_list(outlet: Outlet, erasures: Erasures, person: Person, at: datetime) -> tuple[str, ...]:
    """Step 1; returns the hashes once the broker has them.

    Raises:
        Rejected: there is no key.
        ServiceError: Kafka is not there.
    """
    hashes = [erasures.hash_of("author", author) for author in sorted(person.authors)]
    hashes += [erasures.hash_of("customer", customer) for customer in sorted(person.customers)]
    for hashed in (erasures.proof, *hashes):
        outlet.publish(ERASURES.name, hashed, Erasure(at=at).to_json())
    outlet.flush()
    return tuple(hashes)


def delete_keys(outlet: Outlet, read: Read, person: Person, at: datetime) -> Search:
    """Step 2; returns what was found about the person on the way once the broker has all.

    What was told about the person after `at` stays, as far as it says when that was.

    Raises:
        ServiceError: Kafka is not there.
    """
    search = Search(person)
    search.cases |= set(_cases_of_before(read, person, at))
    for held in search.topic(read, INDEX):
        if held.value.get("author") in person.authors and not _is_later(held.record, at):
            search.mentions.add(held.key)
            outlet.publish(INDEX.name, held.record.key, None)
    for held in search.topic(read, PARKED):
        outlet.publish(PARKED.name, held.record.key, without_person(held, person))
    for held in search.topic(read, TICKETS):
        outlet.publish(TICKETS.name, held.record.key, None)
    back = set(_customers_of_after(read, person, at))
    for customer in sorted(person.customers - back):
        outlet.publish(CUSTOMERS.name, customer, None)
    decided = dict(_decided_after(read, person, at))
    for author in sorted(person.authors):
        outlet.publish(LINKS.name, author, decided.get(author))
        command = EraseAuthor(kind="erase", author=author, at=at)
        outlet.publish(ERASE.name, author, command.to_json())
    outlet.flush()
    return search


def _is_later(record: Record, at: datetime) -> bool:
    """Whether an entry of the index is about something said after the erasure: where nobody knows, it is not."""
    with suppress(Rejected):
        said_at = IndexEntry.read(record.value or b"").said_at
        return said_at is not None and said_at > at
    return False


def note_in_audit(outlet: Outlet, hashes: Iterable[str], by: str, at: datetime) -> None:
    """Says who erased somebody, and under which hashes."""
    for hashed in hashes:
        entry = AuditEntry(
            entry_id=digest("privacy.erase", hashed, format_utc(at)),
            actor=by,
            action="privacy.erase",
            subject=hashed,
            at=at,
        )
        outlet.publish(AUDIT.name, by, entry.to_json())
    outlet.flush()


def wait_for_stages(admin: TopicAdmin, group: str, deadline: float) -> bool:
    """Step 3, the stages: whether all that the commands led to was processed in time."""
    return all(wait_processed(admin, group, [topic.name for topic in topics], deadline) for topics in STAGES)


def is_left(read: Read, person: Person, at: datetime) -> bool:
    """Whether the stages still hold something of the time before, although they have processed the commands: where
    one of them was a dead letter.

    Raises:
        ServiceError: Kafka is not there.
    """
    first = epoch_after(to_ms(at))
    parties = (held.value for held in Search(person).topic(read, PARTIES) if held.key in person.authors)
    if any(party.get("epoch", 0) < first for party in parties):
        return True
    return any(_cases_of_before(read, person, at))


def _cases_of_before(read: Read, person: Person, at: datetime) -> Iterator[str]:
    """Ids of the cases that the person began, of the time before."""
    first = epoch_after(to_ms(at))
    for held in Search(person).topic(read, TRIAGE):
        case = held.value
        if case.get("anchor_author") in person.authors and case.get("version", 0) >> 32 < first:
            yield held.key


def _customers_of_after(read: Read, person: Person, at: datetime) -> Iterator[str]:
    """Customers of whom there is a record that is later than the erasure: they have come back."""
    for held in Search(person).topic(read, CUSTOMERS):
        with suppress(Rejected):
            updated_at = Customer.read(held.record.value or b"").updated_at
            if updated_at is not None and updated_at > at:
                yield held.key


def _decided_after(read: Read, person: Person, at: datetime) -> Iterator[tuple[str, bytes]]:
    """Author to what people decided about it after the erasure, if they did."""
    for held in Search(person).topic(read, LINKS):
        with suppress(Rejected):
            link = IdentityLink.read(held.record.value or b"")
            if later := tuple(decision for decision in link.decisions if decision.at > at):
                yield held.key, link.model_copy(update={"decisions": later}).to_json()


def wait_processed(
    admin: TopicAdmin,
    group: str,
    topics: Iterable[str],
    deadline: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> bool:
    """Whether a group has processed by then what stands on these topics now.

    Raises:
        ServiceError: Kafka did not tell, also at the end.
    """
    topics = list(topics)
    ends = {where: end for where, end in admin.end_offsets(topics).items() if end}
    while True:
        refused: ServiceError | None = None
        try:
            committed = admin.committed_offsets(group)
            if all(committed.get(where, 0) >= end for where, end in ends.items()):
                return True
        except ServiceError as error:  # a broker that is started anew is there again in time
            refused = error
        if monotonic() > deadline:
            if refused:
                raise refused
            return False
        time.sleep(POLL_SECONDS)
