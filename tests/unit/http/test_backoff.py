"""How long is waited after failures in a row."""

import random

from hypothesis import given
from hypothesis import strategies as st

from listener.http.backoff import LONGEST_ASKED_SECONDS, Backoff


def test_the_wait_doubles_up_to_the_longest_and_begins_anew_after_a_success() -> None:
    backoff = Backoff(2.0, 10.0, uniform=lambda low, high: high)
    assert [backoff.failed() for _ in range(4)] == [2.0, 4.0, 8.0, 10.0]
    backoff.succeeded()
    assert backoff.failed() == 2.0


@given(st.floats(0.01, 100), st.integers(1, 200), st.one_of(st.none(), st.floats(0, 1e9)), st.randoms())
def test_never_less_than_asked_for_nor_than_half_of_the_full_wait(
    first: float, failures: int, asked: float | None, chance: random.Random
) -> None:
    backoff = Backoff(first, 3600.0, chance.uniform)
    waits = [backoff.failed(asked) for _ in range(failures)]
    assert all(wait >= min(asked or 0.0, LONGEST_ASKED_SECONDS) for wait in waits)
    assert all(wait >= first / 2 for wait in waits)
    assert max(waits) <= max(3600.0, LONGEST_ASKED_SECONDS if asked else 0.0)
