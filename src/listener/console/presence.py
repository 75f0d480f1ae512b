"""Who has which case open at the moment, so that two do not answer one customer. In memory alone."""

import time
from collections.abc import Callable
from threading import Lock

STALE_SECONDS = 45.0
"""A page says every fifteen seconds that it is open; one that does not for so long is gone."""


class Presence:
    """Safe in several threads.

    Args:
        monotonic: clock in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: dict[str, dict[str, float]] = {}
        self._lock = Lock()

    def here(self, case_id: str, person: str) -> tuple[list[str], bool]:
        """A person has a case open.

        Returns:
            Everybody who has, and whether that is news.
        """
        with self._lock:
            before = self._people(case_id)
            self._seen.setdefault(case_id, {})[person] = self._monotonic()
            after = self._people(case_id)
        return after, before != after

    def gone(self, case_id: str, person: str) -> list[str]:
        """A person has closed it.

        Returns:
            Who still has it open.
        """
        with self._lock:
            self._seen.get(case_id, {}).pop(person, None)
            return self._people(case_id)

    def _people(self, case_id: str) -> list[str]:
        since = self._monotonic() - STALE_SECONDS
        here = {name: at for name, at in self._seen.get(case_id, {}).items() if at >= since}
        if here:
            self._seen[case_id] = here
        else:
            self._seen.pop(case_id, None)
        return sorted(here)
