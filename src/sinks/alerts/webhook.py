"""A webhook of the company's own, signed as https://www.standardwebhooks.com has it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from standardwebhooks.webhooks import Webhook

from sinks.alerts.news import News
from sinks.alerts.post import Poster, as_json


class SignedWebhook:
    """Posts each alert; `webhook-id` is the same in every attempt, so that the receiver can tell a repeat.

    Args:
        key: ``whsec_...``.
        now: the machine's time, since receivers compare it with theirs.
    """

    digest_above: int | None = None

    def __init__(self, poster: Poster, key: str, now: Callable[[], datetime]) -> None:
        self._poster = poster
        self._webhook = Webhook(key)
        self._now = now
        self.place = f"webhook: {poster.host}/***"

    def tell(self, news: Sequence[News]) -> None:
        """As `Channel`."""
        for item in news:
            body, at = as_json(webhook_body(item)), self._now()
            headers = {
                "webhook-id": item.news_id,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": self._webhook.sign(item.news_id, at, body.decode()),
            }
            self._poster.post(body, headers)

    def close(self) -> None:
        """Ends the connections."""
        self._poster.close()


def webhook_body(item: News) -> dict[str, Any]:
    """The alert as it stands on the topic."""
    kind = "alert.over" if item.over else "alert.raised"
    return {"type": kind, "data": item.alert.model_dump(mode="json", exclude_none=True)}
