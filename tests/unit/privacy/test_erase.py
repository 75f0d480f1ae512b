"""The steps of an erasure: the list first, then the commands, and waiting for what they lead to."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from fakes.outlet import FakeOutlet
from listener.domain.connector_state import IndexEntry
from listener.domain.contract import format_utc
from listener.domain.customer import IdentityLink
from listener.domain.erasure import EraseAuthor, Erasures, epoch_after, to_ms
from listener.domain.errors import ServiceError
from listener.domain.topics import AUDIT, CUSTOMERS, ERASE, ERASURES, INDEX, LINKS, PARTIES, TICKETS, TRIAGE
from listener.kafka.admin import TopicAdmin
from listener.privacy.erase import delete_keys, is_left, note_in_audit, put_on_list, wait_processed
from listener.privacy.person import Person
from unit.privacy.test_search import Log

AT = datetime(2026, 3, 1, tzinfo=UTC)
PERSON = Person(frozenset({"net:ann"}), frozenset({"C-1"}))
FIRST = epoch_after(to_ms(AT))


def test_the_list_holds_keyed_hashes_alone() -> None:
    outlet, erasures = FakeOutlet(), Erasures(b"at least sixteen bytes")
    hashes = put_on_list(outlet, erasures, PERSON, AT)
    assert {record.topic for record in outlet.stored} == {ERASURES.name}
    assert [record.key for record in outlet.stored] == [erasures.proof, *hashes]
    told = repr(outlet.stored)
    assert "ann" not in told
    assert "C-1" not in told


def test_commands_and_tombstones_go_out_together() -> None:
    log, outlet = Log(), FakeOutlet()
    log.add(INDEX.name, "net:1", {"mention_id": "net:1", "author": "net:ann"})
    log.add(INDEX.name, "net:2", {"mention_id": "net:2", "author": "net:bob"})
    search = delete_keys(outlet, log.read, PERSON, AT)
    assert search.mentions == {"net:1"}
    deleted = {(record.topic, record.key) for record in outlet.stored if record.value is None}
    assert deleted == {(INDEX.name, b"net:1"), (CUSTOMERS.name, "C-1"), (LINKS.name, "net:ann")}
    [command] = [record for record in outlet.stored if record.topic == ERASE.name]
    assert EraseAuthor.read(command.value or b"") == EraseAuthor(kind="erase", author="net:ann", at=AT)


def test_tickets_of_the_persons_own_cases_get_tombstones() -> None:
    log, outlet = Log(), FakeOutlet()
    hers = {"case_id": "K-1", "anchor_author": "net:ann", "authors": ["net:ann"], "version": 3 << 32}
    log.add(TRIAGE.name, "K-1", hers)
    log.add(TRIAGE.name, "K-2", hers | {"case_id": "K-2", "anchor_author": "net:bob"})
    log.add(TRIAGE.name, "K-3", hers | {"case_id": "K-3", "version": FIRST << 32})
    for case in ("K-1", "K-2", "K-3"):
        log.add(TICKETS.name, case, {"case_id": case, "desk": "d", "ticket_id": "1"})
    delete_keys(outlet, log.read, PERSON, AT)
    assert [record.key for record in outlet.stored if record.topic == TICKETS.name] == [b"K-1"]


def test_a_run_that_is_repeated_leaves_the_index_of_what_was_said_later() -> None:
    log, outlet = Log(), FakeOutlet()
    for name, said_at in (("net:1", AT), ("net:2", AT + timedelta(seconds=1)), ("net:3", None)):
        entry = IndexEntry(mention_id=name, author="net:ann", said_at=said_at)
        log.add(INDEX.name, name, entry.model_dump(mode="json"))
    delete_keys(outlet, log.read, PERSON, AT)
    gone = {record.key for record in outlet.stored if record.topic == INDEX.name}
    assert gone == {b"net:1", b"net:3"}


def test_a_run_that_is_repeated_leaves_a_customer_who_came_back_and_later_decisions() -> None:
    log, outlet = Log(), FakeOutlet()
    before, after = AT - timedelta(days=1), AT + timedelta(days=1)
    log.add(CUSTOMERS.name, "C-1", {"customer_id": "C-1", "updated_at": format_utc(after)})
    old, new = (
        {"customer_id": "C-1", "verdict": "confirmed", "by": "K", "at": format_utc(when)}
        for when in (before, after)
    )
    log.add(LINKS.name, "net:ann", {"author": "net:ann", "decisions": [old, new]})
    delete_keys(outlet, log.read, PERSON, AT)
    assert not [record for record in outlet.stored if record.topic == CUSTOMERS.name]
    [link] = [record for record in outlet.stored if record.topic == LINKS.name]
    assert [decision.at for decision in IdentityLink.read(link.value or b"").decisions] == [after]


def test_the_audit_says_who_did_it_and_not_to_whom() -> None:
    outlet = FakeOutlet()
    note_in_audit(outlet, ["ab12"], "K. Agent", AT)
    [entry] = outlet.stored
    assert entry.topic == AUDIT.name
    assert b'"subject":"ab12"' in (entry.value or b"")


def test_what_the_stages_still_hold_of_the_time_before_is_noticed() -> None:
    log = Log()
    assert not is_left(log.read, PERSON, AT)
    log.add(PARTIES.name, "net:ann", {"author": "net:ann", "party": "c:C-1", "epoch": 3})
    assert is_left(log.read, PERSON, AT)
    log.add(PARTIES.name, "net:ann", {"author": "net:ann", "party": "a:net:ann", "epoch": FIRST})
    assert not is_left(log.read, PERSON, AT)
    case = {"case_id": "K-1", "anchor_author": "net:ann", "version": (3 << 32) + 1}
    log.add(TRIAGE.name, "K-1", case)
    assert is_left(log.read, PERSON, AT)
    log.add(TRIAGE.name, "K-1", case | {"version": (FIRST << 32) + 1})
    assert not is_left(log.read, PERSON, AT)


class Group:
    """Where a consumer group stands at each look; an error where none is known."""

    def __init__(self, *looks: Mapping[tuple[str, int], int] | None) -> None:
        self.looks = list(looks)

    def end_offsets(self, topics: Iterable[str]) -> dict[tuple[str, int], int]:
        return {("t", 0): 5, ("t", 1): 0}

    def committed_offsets(self, group: str) -> dict[tuple[str, int], int]:
        look = self.looks.pop(0)
        if look is None:
            raise ServiceError("as told")
        return dict(look)


def test_it_waits_for_what_stands_there_now_and_no_longer_than_told() -> None:
    done = Group({("t", 0): 5})
    assert wait_processed(cast(TopicAdmin, done), "g", ["t"], 1.0, lambda: 0.0)
    late = Group(None, {("t", 0): 4})
    clock = iter([0.0, 2.0])
    assert not wait_processed(cast(TopicAdmin, late), "g", ["t"], 1.0, lambda: next(clock))
    with pytest.raises(ServiceError, match="as told"):
        wait_processed(cast(TopicAdmin, Group(None)), "g", ["t"], 1.0, lambda: 2.0)
