"""Who authors would be today, from what the ledger knows of them and the customers of today."""

import pytest

from fakes.fetched import FakeFetched
from listener.cli.past_matches import Change, changes, put_customers
from listener.domain.customer import Customer
from listener.domain.erasure import Erasures
from listener.domain.errors import ServiceError
from stream.enrichment.customer_match import CustomerIndex
from stream.ledger.ledger import Recorded
from unit.stream.worlds import link, mention, straight


def record(key: str, value: bytes | None) -> FakeFetched:
    return FakeFetched(key=key.encode(), value=value)


def states(*values: Recorded) -> list[FakeFetched]:
    """The ledger's changelog after that; the customers 1 and 2 were known."""
    both = straight(values)
    return [record(key, state) for (stage, key), state in both.states().items() if stage == "ledger"]


def index(**emails: str) -> CustomerIndex:
    made = CustomerIndex()
    for customer_id, email in emails.items():
        made.put(Customer(customer_id=customer_id, emails=(email,)))
    return made


HEARD = states(
    mention("1", "complaint", 0, "x:stays", email="one@example.org"),
    mention("2", "complaint", 0, "x:new", email="late@example.org"),
    mention("3", "complaint", 0, "x:gone", email="two@example.org"),
    mention("4", "complaint", 0, "x:told", email="late@example.org"),
    link("x:told", ("1", "confirmed", 1)),
)


def test_only_those_who_would_be_somebody_else() -> None:
    now = index(**{"1": "one@example.org", "9": "late@example.org"})
    gone, new = changes(HEARD, now)
    assert gone == Change("x:gone", "c:2", "a:x:gone", "none", "")
    assert new[:4] == ("x:new", "a:x:new", "c:9", "email")
    assert "l…@example.org belongs to 9" in new.evidence
    assert changes(HEARD, now, {"x:gone"}) == [gone]


def test_the_last_state_of_an_author_holds() -> None:
    now = index(**{"1": "one@example.org", "2": "two@example.org", "9": "late@example.org"})
    assert [change.author for change in changes(HEARD, now)] == ["x:new"]
    assert changes([*HEARD, record("x:new", None), record("__swept", None)], now) == []


def test_a_state_of_another_version_is_an_error() -> None:
    with pytest.raises(ServiceError, match="another version of this program"):
        changes([record("x:a", b'{"g":99}')], index())


def test_customers_are_those_that_a_worker_would_know() -> None:
    made = CustomerIndex()
    records = [
        record("1", Customer(customer_id="1").to_json()),
        record("2", Customer(customer_id="2").to_json()),
        record("3", b"{}"),
        record("1", None),
    ]
    assert put_customers(records, made, Erasures()) == 1
    assert (made.get("1"), made.get("2")) == (None, Customer(customer_id="2"))
