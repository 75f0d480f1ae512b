"""How long servers want to be left alone, in the ways in which they say so."""

from datetime import UTC, datetime

import pytest

from listener.http.client import asked_to_wait_seconds, shown

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATE = "Sun, 01 Mar 2026 11:00:00 GMT"
"""An hour behind our clock."""


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"retry-after": "7", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "90"}, 7),
        ({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "90"}, None),
        ({"X-RateLimit-Reset": "90"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "90"}, 90),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772366460"}, 60),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-01T12:05:00.000000Z"}, 300),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-01T11:05:00Z", "Date": DATE}, 300),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-01T11:05:00Z"}, 0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, None),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(NOW.timestamp()) + 900)}, 900),
        ({"X-Ratelimit-Remaining": "0.0", "X-Ratelimit-Reset": "312"}, 312),
        ({"X-Ratelimit-Remaining": "0.5", "X-Ratelimit-Reset": "312"}, 312),
        ({"X-Ratelimit-Remaining": "596.0", "X-Ratelimit-Reset": "312"}, None),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "soon"}, None),
    ],
)
def test_asked_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_to_wait_seconds(headers, NOW) == seconds


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    assert shown("https://ann:pw@example.org:8/a?token=x#y") == "https://example.org:8/a"
