"""A source from which nothing was heard for longer than usual: an alert, withdrawn by the next mention."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from listener.domain.contract import format_utc
from listener.domain.governance import Alert
from listener.domain.ids import digest
from listener.domain.topics import ALERTS
from listener.kafka.publish import Outlet

KIND: Final = "silent_source"


class Silence:
    """Watches one source. The same silence is the same alert, also after a restart.

    Args:
        hours: after so long it is one; None watches nothing.
        heard_at: when something was heard last; None where that is not known: then from now on.
        outlet: takes the alerts, which are on the broker after its next flush.
    """

    def __init__(
        self,
        source: str,
        hours: float | None,
        heard_at: datetime | None,
        outlet: Outlet,
        now: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._allowed = None if hours is None else timedelta(hours=hours)
        self._outlet = outlet
        self._now = now
        self._heard_at = heard_at or now()
        self._raised = False

    def look(self, heard_at: datetime | None) -> bool:
        """Raises or withdraws the alert where it is time to.

        Args:
            heard_at: when something was heard last, as known by now.

        Returns:
            Whether something was handed to the outlet.

        Raises:
            ServiceError: Kafka does not take it.
        """
        if self._allowed is None:
            return False
        overdue = self._now() - self._heard_at >= self._allowed
        if heard_at is not None and heard_at > self._heard_at:
            ended = self._alert(self._allowed, withdrawn=True) if self._raised or overdue else None
            self._heard_at, self._raised = heard_at, False
            if ended is not None:  # perhaps an earlier process raised it
                self._publish(ended)
            return ended is not None
        if self._raised or not overdue:
            return False
        self._raised = True
        self._publish(self._alert(self._allowed, withdrawn=False))
        return True

    def _publish(self, alert: Alert) -> None:
        self._outlet.publish(ALERTS.name, alert.alert_id, alert.to_json())

    def _alert(self, allowed: timedelta, *, withdrawn: bool) -> Alert:
        due_at = self._heard_at + allowed
        hours = allowed / timedelta(hours=1)
        return Alert(
            alert_id=digest(KIND, self._source, format_utc(due_at)),
            kind=KIND,
            subject=self._source,
            due_at=due_at,
            severity="warning",
            withdrawn=withdrawn,
            text=(
                f"nothing was heard from the source {self._source} for {hours:g} hours, since "
                f"{format_utc(self._heard_at)}. Where it is read, `listener connect {self._source} --check` reads "
                "it once; where others tell it, look whether they still do."
            ),
        )
