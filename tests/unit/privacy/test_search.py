"""What is found about a person: all that names them, and nothing of anybody else's."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from listener.domain.topics import (
    ALERTS,
    AUDIT,
    CUSTOMERS,
    INDEX,
    PARKED,
    PARTIES,
    RAW,
    TRIAGE,
)
from listener.privacy.person import Person, customers_of, find_person
from listener.privacy.topics import Search, without_person


class Sample(NamedTuple):
    """A record as kafka-python gives it."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int = 0
    offset: int = 0
    timestamp: int = 1_760_000_000_000
    headers: tuple[tuple[str, bytes], ...] = ()


class Log:
    """Topics in memory."""

    def __init__(self) -> None:
        self.records: dict[str, list[Sample]] = {}

    def add(self, topic: str, key: str, value: Any) -> None:
        content = None if value is None else json.dumps(value).encode()
        self.records.setdefault(topic, []).append(Sample(topic, key.encode(), content))

    def read(self, topic: str) -> Iterable[Sample]:
        return self.records.get(topic, [])


ANN = Person(frozenset({"net:ann"}), frozenset({"C-1"}))


def party(author: str, customer: str | None) -> dict[str, Any]:
    found = {"author": author, "party": f"a:{author}", "epoch": 1, "at": "2026-03-01T00:00:00Z"}
    return found if customer is None else found | {"party": f"c:{customer}", "customer_id": customer}


def test_a_customer_is_all_accounts_that_are_matched_or_confirmed_now() -> None:
    log = Log()
    log.add(PARTIES.name, "net:ann", party("net:ann", None))
    log.add(PARTIES.name, "net:ann", party("net:ann", "C-1"))
    log.add(PARTIES.name, "net:moved", party("net:moved", "C-1"))
    log.add(PARTIES.name, "net:moved", party("net:moved", "C-2"))
    log.add(PARTIES.name, "net:gone", party("net:gone", "C-1"))
    log.add(PARTIES.name, "net:gone", None)
    decided = {"customer_id": "C-1", "verdict": "confirmed", "by": "K", "at": "2026-03-01T00:00:00Z"}
    log.add("links", "mail:ann", {"author": "mail:ann", "decisions": [decided]})
    assert find_person(log.read, [], ["C-1"]) == Person(
        frozenset({"net:ann", "mail:ann"}), frozenset({"C-1"})
    )
    assert customers_of(log.read, ["net:ann"]) == {"C-1"}


def test_a_longer_name_is_somebody_else() -> None:
    log, search = Log(), Search(ANN)
    log.add(RAW.name, "net:anna", {"author": "net:anna", "text": "I know net:ann well"})
    log.add(RAW.name, "net:ann", {"author": "net:ann", "mention_id": "net:1"})
    assert [held.key for held in search.topic(log.read, RAW)] == ["net:ann"]
    assert search.mentions == {"net:1"}


def test_a_customer_id_counts_where_it_stands_for_a_customer() -> None:
    log, search = Log(), Search(ANN)
    log.add(CUSTOMERS.name, "C-1", {"customer_id": "C-1"})
    assert [held.key for held in search.topic(log.read, CUSTOMERS)] == ["C-1"]
    log.add(RAW.name, "net:bob", {"author": "net:bob", "thread": "C-1"})
    log.add(RAW.name, "net:bea", {"author": "net:bea", "match": {"customer_id": "C-1"}})
    assert [held.key for held in search.topic(log.read, RAW)] == ["net:bea"]


def test_of_a_compacted_topic_only_what_holds_is_given_out() -> None:
    log, search = Log(), Search(ANN)
    log.add(TRIAGE.name, "K-1", {"case_id": "K-1", "anchor_author": "net:ann", "authors": ["net:ann"]})
    log.add(TRIAGE.name, "K-1", {"case_id": "K-1", "anchor_author": "net:bob", "authors": ["net:bob"]})
    log.add(TRIAGE.name, "K-2", {"case_id": "K-2", "anchor_author": "net:ann", "authors": ["net:ann"]})
    log.add(TRIAGE.name, "K-3", {"case_id": "K-3", "anchor_author": "net:ann", "authors": ["net:ann"]})
    log.add(TRIAGE.name, "K-3", None)
    assert [held.key for held in search.topic(log.read, TRIAGE)] == ["K-2"]


def test_alerts_and_audit_are_found_by_the_case() -> None:
    log, search = Log(), Search(ANN)
    log.add(TRIAGE.name, "K-2", {"case_id": "K-2", "anchor_author": "net:ann"})
    log.add(ALERTS.name, "a", {"alert_id": "a", "subject": "K-2"})
    log.add(ALERTS.name, "b", {"alert_id": "b", "subject": "K-9"})
    log.add(AUDIT.name, "K. Agent", {"subject": "net:ann", "action": "link.confirmed"})
    assert list(search.topic(log.read, TRIAGE))
    assert [held.key for held in search.topic(log.read, ALERTS)] == ["a"]
    assert len(list(search.topic(log.read, AUDIT))) == 1


def test_what_waits_beside_something_of_others_is_taken_out_alone() -> None:
    log, search = Log(), Search(ANN)
    mine, other = {"author": "net:ann", "mention_id": "net:9"}, {"author": "net:brand", "mention_id": "net:8"}
    log.add(PARKED.name, "net net:9", {"awaits": "net:9", "items": [mine, other]})
    log.add(PARKED.name, "net net:7", {"awaits": "net:7", "items": [mine]})
    both, alone = search.topic(log.read, PARKED)
    rest = without_person(both, ANN)
    assert rest is not None
    assert json.loads(rest)["items"] == [other]
    assert without_person(alone, ANN) is None


def test_the_index_is_found_by_the_author_of_an_entry() -> None:
    log, search = Log(), Search(ANN)
    log.add(INDEX.name, "net:1", {"mention_id": "net:1", "author": "net:ann"})
    log.add(INDEX.name, "net:2", {"mention_id": "net:2", "author": "net:bob", "reply_to": "net:1"})
    assert [held.key for held in search.topic(log.read, INDEX)] == ["net:1"]


def test_names_with_other_letters_are_found_however_json_writes_them() -> None:
    person = Person(frozenset(), frozenset({"Käufer-1"}))
    log, search = Log(), Search(person)
    log.add(RAW.name, "net:bea", {"match": {"customer_id": "Käufer-1"}})
    log.records[RAW.name].append(
        Sample(RAW.name, b"net:bob", json.dumps({"customer_id": "Käufer-1"}, ensure_ascii=False).encode())
    )
    assert len(list(search.topic(log.read, RAW))) == 2
