"""What a source has brought, for its metrics."""

import time
from dataclasses import replace

from listener.connectors.intake import Counts
from listener.metrics import (
    SOURCE_FAILURES,
    SOURCE_LAST_SUCCESS,
    SOURCE_PAUSED,
    SOURCE_PUBLISHED,
    SOURCE_REJECTED,
)


class SourceProgress:
    """Of one source of this process.

    Args:
        source: its name.
    """

    def __init__(self, source: str) -> None:
        self.well = False
        """Whether the last try to read it succeeded, and it does not pause."""
        self._told = Counts()
        # series that are there from the start can be seen to grow, or to stand still
        self._published = SOURCE_PUBLISHED.labels(source)
        self._rejected = SOURCE_REJECTED.labels(source)
        self._failures = SOURCE_FAILURES.labels(source)
        self._last_success = SOURCE_LAST_SUCCESS.labels(source)
        self._paused = SOURCE_PAUSED.labels(source)

    def succeeded(self, counts: Counts) -> None:
        """The source was read, and what it said is on the broker.

        Args:
            counts: since the start of this run.
        """
        self._published.inc(counts.published - self._told.published)
        self._rejected.inc(counts.rejected - self._told.rejected)
        self._told = replace(counts)
        self._last_success.set(time.time())
        self.well = True

    def failed(self) -> None:
        """The source could not be read; it is tried again."""
        self._failures.inc()
        self.well = False

    def paused(self, pauses: bool) -> None:
        """The source is not read because of its dead letters, or is read again."""
        self._paused.set(pauses)
        self.well = False  # nor is it before it was read again
