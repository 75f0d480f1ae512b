"""When a source brings so much that cannot be processed that it has to pause, and the alert that says so.

An alert of this kind that is not withdrawn is the pause: whoever sees the dead letters raises it, the connector of
the source reads nothing while one stands, and whoever lets the source go on withdraws it.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import Field

from listener.domain.contract import format_utc
from listener.domain.document import Document
from listener.domain.governance import Alert
from listener.domain.ids import digest

KIND: Final = "dead_letters"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PoisonRule(Document):
    """How much of a source may become dead letters before it pauses. Both figures must be reached."""

    dead_letters: int = Field(default=100, ge=1, le=1_000_000)
    """Within a window."""
    share: float = Field(default=0.5, gt=0, le=1)
    """Of what came within the window."""
    window_seconds: float = Field(default=600, ge=1, le=86_400)
    back_off_seconds: float = Field(default=60, ge=1, le=3600)
    """How long the first pause lasts; each further one in a row lasts twice as long, up to an hour."""


class PoisonTally:
    """Counts what one source brought, and what of it became dead letters.

    Windows follow each other by the clock, not by the first dead letter: processes that count parts of the same
    source then raise the same alert, since its id is made from source and window.
    """

    def __init__(self, source: str, rule: PoisonRule) -> None:
        self._source = source
        self._rule = rule
        self._window: datetime | None = None
        self._raised_at: datetime | None = None
        self._items = 0
        self._letters = 0

    def count(self, items: int, letters: int, now: datetime, *, at_least: int | None = None) -> Alert | None:
        """Adds what came just now.

        Args:
            items: everything, the dead letters included.
            at_least: dead letters that are enough; the rule's figure where None.

        Returns:
            The alert, where this was too much. It counts anew then, and raises the same alert again at the
            earliest when a first pause would be over.
        """
        window = self._begin(now)
        if window != self._window:
            self._window = window
            self._items = self._letters = 0
        self._items += items
        self._letters += letters
        enough = self._rule.dead_letters if at_least is None else at_least
        too_many = self._letters >= enough and self._letters >= self._rule.share * self._items
        if not letters or not too_many or self._raised_just_now(now):
            return None
        alert = Alert(
            alert_id=digest(KIND, self._source, format_utc(window)),
            kind=KIND,
            subject=self._source,
            due_at=window,
            severity="critical",
            text=(
                f"{self._letters} of the last {self._items} items of the source {self._source} became dead "
                f"letters; it pauses. `listener dead list --source {self._source} --summary` says why."
            ),
        )
        self._raised_at = now
        self._items = self._letters = 0
        return alert

    def begin_anew(self) -> None:
        """Forgets what was counted and raised."""
        self._items = self._letters = 0
        self._raised_at = None

    def _raised_just_now(self, now: datetime) -> bool:
        pause = timedelta(seconds=self._rule.back_off_seconds)
        return self._raised_at is not None and timedelta(0) <= now - self._raised_at < pause

    def _begin(self, now: datetime) -> datetime:
        length = timedelta(seconds=self._rule.window_seconds)
        return _EPOCH + (now - _EPOCH) // length * length
