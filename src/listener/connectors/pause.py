"""A source that brings too many dead letters pauses; no other source notices.

The batch that was too much is finished: its dead letters, with the originals, and the cursor are on the broker,
since a source may not give the same again. Then nothing is read, and the cursor stays, until the pause is over:
after a time that doubles from pause to pause, or when an operator withdraws the alert (`listener resume`). After a
pause the first batch with something in it is a trial: if most of it is dead letters, however few, the next pause
begins.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from threading import Event

from listener.connectors.holds import Holds
from listener.connectors.progress import SourceProgress
from listener.domain.governance import Alert
from listener.domain.poison import PoisonRule, PoisonTally
from listener.domain.topics import ALERTS
from listener.kafka.publish import Outlet

log = logging.getLogger(__name__)

LONGEST_SECONDS = 3600.0
LOOK_SECONDS = 1.0
"""How often a paused source looks whether the alert was withdrawn."""


class Pause:
    """Of one source.

    Args:
        holds: which alerts stand; those that others raise, too.
        outlet: takes the alerts of this source.
        monotonic: clock for the length of pauses, in seconds.
    """

    def __init__(
        self,
        source: str,
        rule: PoisonRule,
        holds: Holds,
        outlet: Outlet,
        progress: SourceProgress,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._rule = rule
        self._holds = holds
        self._outlet = outlet
        self._progress = progress
        self._now = now
        self._monotonic = monotonic
        self._tally = PoisonTally(source, rule)
        self._in_a_row = 0
        self._ended_at: float | None = None
        self._on_trial = False

    def counted(self, items: int, rejected: int) -> None:
        """A batch was published.

        Args:
            items: all of it.
            rejected: those that became dead letters.

        Raises:
            ServiceError: the alert was not acknowledged.
        """
        if not items:
            return
        alert = self._tally.count(items, rejected, self._now(), at_least=1 if self._on_trial else None)
        if alert is None:
            self._on_trial = False
        else:
            self._publish(alert)

    def wait(self, stop: Event) -> None:
        """Returns when the source may be read: at once, where no alert stands; or when `stop` is set.

        Raises:
            ServiceError: the end of the pause was not acknowledged.
        """
        standing = self._holds.of(self._source)
        if not standing:
            return
        seconds = self._begin(standing[0])
        until = self._monotonic() + seconds
        while not stop.is_set() and self._holds.of(self._source):
            left = until - self._monotonic()
            if left <= 0:
                for alert in self._holds.of(self._source):
                    self._publish(alert.model_copy(update={"withdrawn": True}))
                break
            stop.wait(min(left, LOOK_SECONDS))
        if not stop.is_set():
            self._end()

    def _begin(self, why: Alert) -> float:
        again = self._ended_at is not None and self._monotonic() - self._ended_at < self._rule.window_seconds
        self._in_a_row = self._in_a_row + 1 if again else 1
        # 2 ** 16 minutes are beyond the longest pause in any case
        seconds = min(LONGEST_SECONDS, self._rule.back_off_seconds * 2.0 ** min(self._in_a_row - 1, 16))
        self._progress.paused(True)
        log.error("source=%s pauses for=%.0fs alert_id=%s: %s", self._source, seconds, why.alert_id, why.text)
        return seconds

    def _end(self) -> None:
        self._ended_at = self._monotonic()
        self._on_trial = True
        self._tally.begin_anew()
        self._progress.paused(False)
        log.warning("source=%s goes on", self._source)

    def _publish(self, alert: Alert) -> None:
        self._holds.say(alert)
        self._outlet.publish(ALERTS.name, alert.alert_id, alert.to_json())
        self._outlet.flush()
