"""What is written is what the contract would write."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from listener.domain.party import PartyOf
from stream.ledger.party_json import party_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(TEXT, TEXT, st.integers(1, 2**60), MOMENTS, st.none() | TEXT, st.sampled_from(["none", "email"]))
def test_it_is_as_the_contract_writes_it(
    author: str, party: str, epoch: int, at: datetime, customer_id: str | None, method: str
) -> None:
    truth = PartyOf(author=author, party=party, epoch=epoch, at=at, customer_id=customer_id, method=method)
    assert party_json(truth) == truth.to_json()
