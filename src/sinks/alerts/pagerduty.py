"""PagerDuty's Events API v2: https://developer.pagerduty.com/docs/send-alert-event."""

from collections.abc import Sequence
from typing import Any

from sinks.alerts.news import News
from sinks.post import Poster, as_json

MAX_SUMMARY = 1024


class PagerDuty:
    """Triggers and resolves incidents by alert id, so that a repeat changes nothing."""

    digest_above: int | None = None

    def __init__(self, poster: Poster, routing_key: str) -> None:
        self._poster = poster
        self._routing_key = routing_key
        self.place = f"pagerduty: https://{poster.host}"

    def tell(self, news: Sequence[News]) -> None:
        """As `Channel`."""
        for item in news:
            self._poster.post(as_json(pagerduty_event(item, self._routing_key)))

    def close(self) -> None:
        """Ends the connections."""
        self._poster.close()


def pagerduty_event(item: News, routing_key: str) -> dict[str, Any]:
    """Raised: trigger; over: resolve, which needs no payload."""
    alert = item.alert
    event = {"routing_key": routing_key, "dedup_key": alert.alert_id[:255]}
    if item.over:
        return {**event, "event_action": "resolve"}
    details = {
        "due_at": alert.due_at.isoformat(),
        "queue": alert.queue,
        "owner": alert.owner,
        "level": alert.level,
    }
    return {
        **event,
        "event_action": "trigger",
        "client": "Listener",
        "payload": {
            "summary": alert.text[:MAX_SUMMARY],
            "source": alert.subject,
            "severity": alert.severity,
            "class": alert.kind,
            "custom_details": {name: value for name, value in details.items() if value is not None},
        },
    }
