"""What is new in a run of records of the topic `alerts`, for one destination; decided by the log alone.

What was told is not stored anywhere: an alert was told when the log shows, before the record in hand, that it
stood. So a successor that reads the log up to where its group had committed knows what its predecessor told.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from listener.domain.governance import Alert

MAX_REMEMBERED = 100_000


@dataclass(frozen=True)
class News:
    """One thing to tell.

    Attributes:
        alert: as it was published last.
        raised: the alert as it was told when it was raised; None if that is too long ago to be known.
        over: it stands no more, or is another destination's matter now.
        news_id: the same whenever this is told, and of nothing else.
        raised_id: the `news_id` of its being raised.
    """

    alert: Alert
    raised: Alert | None
    over: bool
    news_id: str
    raised_id: str

    @property
    def text(self) -> str:
        """In words; of what is over, what it was."""
        if not self.over:
            return self.alert.text
        return f"no longer: {(self.raised or self.alert).text}"


@dataclass(frozen=True)
class _Known:
    stands: bool
    raised: Alert | None
    raised_id: str


class Standing:
    """Which alerts stand for a destination, as far as the log was read.

    Args:
        wants: whether the destination is told of an alert.
    """

    def __init__(self, wants: Callable[[Alert], bool]) -> None:
        self._wants = wants
        self._known: dict[str, _Known] = {}

    def read(self, alert: Alert, offset: int) -> News | None:
        """Takes the next record in; what is to be told of it, None if it says nothing new here."""
        stands = not alert.withdrawn and self._wants(alert)
        before = self._known.get(alert.alert_id)
        news_id = id_of(alert.alert_id, offset)
        if stands:
            if before is not None and before.stands:
                return None
            self._keep(alert.alert_id, _Known(True, alert, news_id))
            return News(alert, alert, False, news_id, news_id)
        if before is None:
            if not (alert.withdrawn and self._wants(alert)):
                return None
            before = _Known(True, None, id_of(alert.alert_id, -1))  # raised before the log begins
        if not before.stands:
            return None
        self._keep(alert.alert_id, _Known(False, before.raised, before.raised_id))
        return News(alert, before.raised, True, news_id, before.raised_id)

    def _keep(self, alert_id: str, known: _Known) -> None:
        self._known.pop(alert_id, None)
        self._known[alert_id] = known
        if len(self._known) > MAX_REMEMBERED:
            over = next((name for name, of in self._known.items() if not of.stands), None)
            if over is not None:
                del self._known[over]


def id_of(alert_id: str, offset: int) -> str:
    """Of what a record tells; a hash, so that it fits into every header."""
    return hashlib.sha256(f"{alert_id}\n{offset}".encode()).hexdigest()[:32]
