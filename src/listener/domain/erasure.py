"""Erasing a person: the list of who was erased, by keyed hashes alone, and the command that travels the stages.

What was said until the moment of the erasure goes, and does not come back, however often it is read again. What a
person says afterwards is heard anew: nobody who complains again is left without an answer. The new history has no
tie to the old one; so that no record of the old one can be taken for one of the new, its epochs begin above all
that there were before (`Erasures.first_epoch`).
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field

from listener.domain.contract import UtcTime, Versioned
from listener.domain.errors import Rejected

SubjectKind = Literal["author", "customer", "key"]
MIN_KEY_BYTES = 16
EPOCH_MS = 10_000
"""Epochs of a new history are counted in units of so many milliseconds since 1970: they stay below 2^31."""
_START = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Erasure(Versioned):
    """Somebody was erased; keyed by `Erasures.hash_of`, so that nobody without the key can tell who."""

    at: UtcTime
    """What was said until then is passed over for ever."""


class EraseAuthor(Versioned):
    """Command to the ledger: forget an author; and its word to itself that all who knew of the author are told."""

    kind: Literal["erase", "forgotten"]
    author: str = Field(min_length=3, max_length=300)
    at: UtcTime


class Erasures:
    """Who was erased, and when. Shared by the parts of a process; for any thread.

    Args:
        key: of the hashes, at least `MIN_KEY_BYTES`; None where the installation has none: then nobody was erased.

    Raises:
        ValueError: the key is too short.
    """

    def __init__(self, key: bytes | None = None) -> None:
        if key is not None and len(key) < MIN_KEY_BYTES:
            raise ValueError(f"at least {MIN_KEY_BYTES} bytes are expected")
        self._key = key
        self._at_ms: dict[str, int] = {}
        self.changes = 0
        """How many entries were ever taken."""

    def __len__(self) -> int:
        return len(self._at_ms)

    @property
    def proof(self) -> str:
        """The entry that every list has, so that another key than the list's is noticed.

        Raises:
            Rejected: there is no key.
        """
        return self.hash_of("key", "")

    @property
    def is_made_with_this_key(self) -> bool:
        """Whether the list has the entry of this key."""
        return self.proof in self._at_ms

    def hash_of(self, kind: SubjectKind, name: str) -> str:
        """64 hexadecimal digits: HMAC-SHA256 of who it is.

        Raises:
            Rejected: there is no key.
        """
        if self._key is None:
            raise Rejected("no-erasure-key", "LISTENER_ERASURE_KEY is not set, so nobody can be erased")
        return hmac.digest(self._key, f"{kind} {name}".encode(errors="surrogatepass"), "sha256").hex()

    def put(self, hashed: str, erasure: Erasure) -> None:
        """Takes an entry of the list; the latest about somebody holds."""
        at_ms = to_ms(erasure.at)
        self._at_ms[hashed] = max(at_ms, self._at_ms.get(hashed, at_ms))
        self.changes += 1

    def copy(self) -> "Erasures":
        """The same list as it is now."""
        same = Erasures(self._key)
        same._at_ms = self._at_ms.copy()
        return same

    def note(self, kind: SubjectKind, name: str, at: datetime) -> None:
        """Somebody was erased, whether or not the list has been read so far.

        Raises:
            Rejected: there is no key.
        """
        self.put(self.hash_of(kind, name), Erasure(at=at))

    def erased_ms(self, kind: SubjectKind, name: str) -> int | None:
        """Until when what somebody said is erased, in milliseconds since 1970; None where nothing is."""
        return self._at_ms.get(self.hash_of(kind, name)) if self._at_ms and self._key is not None else None

    def covers(self, kind: SubjectKind, name: str, at: datetime | int | None) -> bool:
        """Whether what somebody said at a time is erased.

        Args:
            at: in milliseconds since 1970 where a number; without a time it is erased, if anything is.
        """
        erased_ms = self.erased_ms(kind, name)
        if erased_ms is None or at is None:
            return erased_ms is not None
        return (at if isinstance(at, int) else to_ms(at)) <= erased_ms

    def first_epoch(self, author: str) -> int:
        """The epoch that an author's history begins with: 1, after an erasure above all that there were."""
        erased_ms = self.erased_ms("author", author)
        return 1 if erased_ms is None else epoch_after(erased_ms)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970."""
    return (at - _START) // _MILLISECOND


def epoch_after(erased_ms: int) -> int:
    """The first epoch of what is said after an erasure."""
    return max(0, erased_ms) // EPOCH_MS + 2
