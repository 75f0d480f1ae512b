"""What a source has told lately, so that what it tells again is told apart from news."""

from collections import deque
from collections.abc import Iterable

DELETED = 2**53
"""Above every revision: nothing is news of what was deleted."""
MAX_REMEMBERED = 50_000
MAX_KEPT = 500
"""As many go into the cursor, which is written with every batch."""


class Recent:
    """The last things told, by a key of the source's own, each with its highest revision.

    More of them are remembered while the process lives than are kept in the cursor.

    Args:
        kept: of an earlier process, as `kept` gave it.
    """

    def __init__(
        self,
        kept: Iterable[tuple[str, int]] = (),
        *,
        max_remembered: int = MAX_REMEMBERED,
        max_kept: int = MAX_KEPT,
    ) -> None:
        self._revisions: dict[str, int] = {}
        self._max_remembered = max_remembered
        self._tail: deque[str] = deque(maxlen=max_kept)
        for key, revision in kept:
            self.add(key, revision)

    def __contains__(self, key: str) -> bool:
        return key in self._revisions

    def is_news(self, key: str, revision: int = 0) -> bool:
        """Whether this was not told, or not this revision of it, as far as is remembered."""
        return revision > self._revisions.get(key, -1)

    def revision(self, key: str) -> int | None:
        """The highest one told; None where nothing is remembered."""
        return self._revisions.get(key)

    def add(self, key: str, revision: int = 0) -> str | None:
        """Remembers it.

        Returns:
            What is from now on no longer kept for the cursor.
        """
        if key in self._revisions:
            self._revisions[key] = max(revision, self._revisions[key])
            return None
        self._revisions[key] = revision
        if len(self._revisions) > self._max_remembered:
            del self._revisions[next(iter(self._revisions))]
        dropped = self._tail[0] if len(self._tail) == self._tail.maxlen else None
        self._tail.append(key)
        return dropped

    def kept(self) -> list[tuple[str, int]]:
        """For the cursor, the oldest first."""
        return [(key, self._revisions[key]) for key in self._tail]

    def remembered(self) -> list[tuple[str, int]]:
        """All of them, the oldest first."""
        return list(self._revisions.items())
