"""How long to wait before a server is asked again: longer with every failure, and spread by chance."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 3600.0
LONGEST_ASKED_SECONDS = 24 * 3600.0
"""What a server may ask us to wait at most."""


class Backoff:
    """Doubles with every failure in a row; half of each wait is chance, so that clients spread.

    The way of it is "equal jitter" of M. Brooker, Exponential Backoff And Jitter (2015).

    Args:
        first_seconds: longest wait after the first failure.
        longest_seconds: beyond this no wait grows.
        uniform: a number between the two given ones.
    """

    def __init__(
        self,
        first_seconds: float = 1.0,
        longest_seconds: float = LONGEST_SECONDS,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._first = first_seconds
        self._longest = max(longest_seconds, first_seconds)
        self._uniform = uniform
        self._failures = 0

    def succeeded(self) -> None:
        """The next failure is the first again."""
        self._failures = 0

    def failed(self, asked_seconds: float | None = None) -> float:
        """The seconds to wait now, never less than what the server asked for.

        Args:
            asked_seconds: of a Retry-After or the like; None where it said nothing.
        """
        full = min(self._longest, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return max(self._uniform(full / 2, full), min(asked_seconds or 0.0, LONGEST_ASKED_SECONDS))


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """What a Retry-After header asks for: seconds, or a date (RFC 9110, 10.2.3); None if it is neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
