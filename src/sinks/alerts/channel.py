"""What a channel is: it tells one thing, or many at once."""

from collections.abc import Sequence
from typing import Protocol

from sinks.alerts.news import News


class Channel(Protocol):
    """One way to tell people.

    1. The sink calls `tell` with what is new: one thing, or many where there is more at once than
       `digest_above`.
    2. It returns once the other side has taken it.
    3. A crash, or an answer that did not come, lets the same be told again with the same ids.
    """

    place: str
    """Where it goes, for people: without secrets."""
    digest_above: int | None
    """So many are told one by one; None: always."""

    def tell(self, news: Sequence[News]) -> None:
        """Tells it.

        Raises:
            Busy: not now, or the outcome is unknown.
            Rejected: the other side will never take this one.
        """
        ...

    def close(self) -> None:
        """Ends the connection."""
        ...
