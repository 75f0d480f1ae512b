import pytest

from listener.connectors.rate_limit import MAX_ADDRESSES, RateLimit, network_of


def test_a_burst_then_a_trickle() -> None:
    limit = RateLimit(burst=3, per_minute=6)
    assert [limit.wait_seconds("a", 0) for _ in range(3)] == [0, 0, 0]
    assert limit.wait_seconds("a", 0) == pytest.approx(10)
    assert limit.wait_seconds("a", 4) == pytest.approx(6)
    assert limit.wait_seconds("a", 10) == 0
    assert limit.wait_seconds("b", 10) == 0, "another address is not held up"


def test_rest_fills_no_more_than_the_burst() -> None:
    limit = RateLimit(burst=2, per_minute=60)
    assert [limit.wait_seconds("a", 1e6) for _ in range(2)] == [0, 0]
    assert limit.wait_seconds("a", 1e6) > 0


def test_memory_is_bounded() -> None:
    limit = RateLimit(burst=1, per_minute=1)
    for number in range(MAX_ADDRESSES + 5):
        limit.wait_seconds(str(number), 0)
    assert len(limit._buckets) == MAX_ADDRESSES
    assert limit.wait_seconds(str(MAX_ADDRESSES), 0) > 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_one_household_is_one_sender(address: str, network: str) -> None:
    assert network_of(address) == network
