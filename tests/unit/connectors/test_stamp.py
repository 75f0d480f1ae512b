"""Stamps hold with their key and for a week, and nobody else makes one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.stamp import MAX_AGE_SECONDS, Stamps

KEY = b"sixteen bytes or more"


@given(st.integers(0, 2**33), st.integers(0, MAX_AGE_SECONDS - 1))
def test_another_process_with_the_same_key_reads_the_age(opened: int, age: int) -> None:
    assert Stamps(KEY).age_seconds(Stamps(KEY).new(opened), opened + age) == age


@given(st.text())
def test_what_we_did_not_sign_has_no_age(stamp: str) -> None:
    assert Stamps(KEY).age_seconds(stamp, 1e9) is None


def test_another_key_another_time_and_an_old_one() -> None:
    stamps = Stamps(KEY)
    stamp = stamps.new(1e9)
    assert Stamps().age_seconds(stamp, 1e9) is None
    assert stamps.age_seconds("9" + stamp, 1e9) is None
    assert stamps.age_seconds(stamp, 1e9 + MAX_AGE_SECONDS + 1) is None


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Stamps(b"short")
