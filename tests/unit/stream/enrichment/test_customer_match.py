"""Who the author is: by exact keys, and nobody where they point to two."""

from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.domain.customer import Customer, Detail, Handle
from listener.domain.enriched import Match
from stream.enrichment.customer_match import CustomerIndex, _Record
from stream.enrichment.identity import AuthorIdentity
from stream.moments import from_ms


def author(**known: Any) -> AuthorIdentity:
    return AuthorIdentity(author="twitter:42", source_kind="twitter", **known)


def unknown() -> Match:
    return Match(status="unknown", version=CustomerIndex().version)


def customer(customer_id: str, **fields: Any) -> Customer:
    return Customer(customer_id=customer_id, **fields)


@pytest.fixture
def index() -> CustomerIndex:
    made = CustomerIndex()
    made.put(
        customer(
            "C1",
            names=("Jane Doe",),
            emails=("Jane.Doe@example.test",),
            phones=("+44 20 7946 0001",),
            handles=(Handle(source_kind="twitter", handle="@JaneD"),),
        )
    )
    made.put(customer("C2", names=("John Doe",), emails=("john@example.test",), phones=("+442079460001",)))
    return made


def test_nobody_by_name_alone(index: CustomerIndex) -> None:
    assert index.match(author(names=("jane doe",))) == unknown()


def test_verified_handle_of_that_source_only(index: CustomerIndex) -> None:
    match = index.match(author(verified_handles=("janed",)))
    assert (match.status, match.customer_id, match.method) == ("matched", "C1", "handle")
    assert index.match(author(handles=("janed",))) == unknown()
    elsewhere = AuthorIdentity(author="mastodon:1", source_kind="mastodon", verified_handles=("janed",))
    assert index.match(elsewhere) == unknown()


def test_email_with_evidence_that_hides_the_middle(index: CustomerIndex) -> None:
    match = index.match(author(emails=("jane.doe@example.test",)))
    assert (match.customer_id, match.method) == ("C1", "email")
    assert match.evidence == ("e-mail j…@example.test belongs to Jane Doe (C1) in the customer table",)


def test_shared_phone_tells_nobody_apart(index: CustomerIndex) -> None:
    match = index.match(author(phones=("+442079460001",)))
    assert (match.status, match.customer_id, match.candidates) == ("ambiguous", None, ("C1", "C2"))
    assert "+44…01" in match.evidence[0]


def test_shared_phone_beside_a_key_of_ones_own(index: CustomerIndex) -> None:
    match = index.match(author(phones=("+442079460001",), emails=("john@example.test",)))
    assert (match.status, match.customer_id, match.method) == ("matched", "C2", "email")


def test_keys_of_two_customers_match_nobody(index: CustomerIndex) -> None:
    match = index.match(author(verified_handles=("janed",), emails=("john@example.test",)))
    assert (match.status, match.customer_id, match.candidates) == ("ambiguous", None, ("C1", "C2"))


def test_confirmed_before_all(index: CustomerIndex) -> None:
    match = index.match(author(emails=("jane.doe@example.test",)), confirmed="C9")
    assert (match.customer_id, match.method) == ("C9", "confirmed")


def test_rejected_is_never_matched(index: CustomerIndex) -> None:
    assert index.match(author(verified_handles=("janed",)), rejected=frozenset({"C1"})) == unknown()


def test_a_no_to_one_of_two_is_not_a_yes_to_the_other(index: CustomerIndex) -> None:
    match = index.match(author(phones=("+442079460001",)), rejected=frozenset({"C1"}))
    assert (match.status, match.customer_id) == ("ambiguous", None)


def test_a_changed_record_forgets_its_old_keys(index: CustomerIndex) -> None:
    index.put(customer("C1", emails=("new@example.test",)))
    assert index.match(author(emails=("jane.doe@example.test",))) == unknown()
    assert index.match(author(emails=("new@example.test",))).customer_id == "C1"
    assert index.match(author(phones=("+442079460001",))).customer_id == "C2"


def test_removed_and_read_back(index: CustomerIndex) -> None:
    assert index.get("C2") == customer(
        "C2", names=("John Doe",), emails=("john@example.test",), phones=("+442079460001",)
    )
    index.remove("C2")
    index.remove("C3")
    assert index.get("C2") is None
    assert len(index) == 1
    assert index.match(author(emails=("john@example.test",))) == unknown()


def test_local_phone_numbers_with_a_region() -> None:
    index = CustomerIndex(default_region="GB")
    index.put(customer("C1", phones=("020 7946 0001",)))
    assert index.match(author(phones=("+442079460001",))).customer_id == "C1"


def test_a_key_of_very_many(index: CustomerIndex) -> None:
    for number in range(2000):
        index.put(customer(f"D{number}", emails=("info@example.test",)))
    match = index.match(author(emails=("info@example.test",)))
    assert match.status == "ambiguous"
    assert 2 <= len(match.candidates) <= 10


emails = st.sampled_from(["a@x.test", "b@x.test", "c@x.test"])
changes = st.lists(st.tuples(st.sampled_from(["C1", "C2", "C3"]), st.none() | st.sets(emails)), max_size=12)


@given(changes, st.sets(emails, min_size=1), st.frozensets(st.sampled_from(["C1", "C2"])))
def test_as_the_rule_says(
    taken: list[tuple[str, set[str] | None]], mine: set[str], rejected: frozenset[str]
) -> None:
    index, table = CustomerIndex(), dict[str, set[str]]()
    for customer_id, held in taken:
        if held is None:
            index.remove(customer_id)
            table.pop(customer_id, None)
        else:
            index.put(customer(customer_id, emails=tuple(held)))
            table[customer_id] = held
    owners = [{c for c, held in table.items() if email in held} for email in mine]
    known = [held for held in owners if held - rejected]
    match = index.match(author(emails=tuple(sorted(mine))), rejected=rejected)
    possible = set.intersection(*known) - rejected if known else set()
    certain = {next(iter(held)) for held in known if len(held) == 1} & possible
    assert match.customer_id == (min(certain) if certain else None)
    assert match.status == ("matched" if certain else "ambiguous" if known else "unknown")


def test_read_while_it_changes(index: CustomerIndex) -> None:
    def churn() -> None:
        for number in range(3000):
            index.put(customer(f"D{number % 50}", emails=(f"d{number}@example.test",)))
            index.remove(f"D{(number + 25) % 50}")

    thread = Thread(target=churn)
    thread.start()
    while thread.is_alive():
        assert index.match(author(emails=("jane.doe@example.test",))).customer_id == "C1"
    thread.join()


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
records = st.builds(
    Customer,
    customer_id=texts,
    names=st.lists(texts, max_size=2).map(tuple),
    emails=st.lists(texts, max_size=2).map(tuple),
    phones=st.lists(texts, max_size=2).map(tuple),
    handles=st.lists(st.builds(Handle, source_kind=texts, handle=texts), max_size=2).map(tuple),
    segment=st.none() | texts,
    preferred_channel=st.none() | texts,
    consent=st.dictionaries(texts, st.booleans(), max_size=2),
    updated_at=st.none() | st.integers(0, 4 * 10**12).map(from_ms),
    places=st.lists(texts, max_size=2).map(tuple),
    references=st.lists(texts, max_size=2).map(tuple),
    details=st.lists(st.builds(Detail, field=texts, value=texts), max_size=2).map(tuple),
)


@given(records)
def test_a_record_comes_back_whole(record: Customer) -> None:
    made = CustomerIndex()
    made.put(record)
    assert made.get(record.customer_id) == record


def test_no_field_of_a_customer_is_forgotten() -> None:
    assert {"schema_version", *_Record._fields} - {"numbers"} == set(Customer.model_fields)


def test_an_answer_is_remembered_only_while_no_customer_changes(index: CustomerIndex) -> None:
    known = author(emails=("john@example.test",))
    assert index.match(known) is index.match(known)
    assert index.match(known, rejected=frozenset({"C2"})) == unknown()
    index.put(customer("C3", emails=("john@example.test",)))
    assert index.match(known).candidates == ("C2", "C3")
    index.remove("C2")
    assert index.match(known).customer_id == "C3"
    index.put(customer("C3", emails=("other@example.test",)))
    assert index.match(known) == unknown()
