"""A webhook of the company's own, signed as https://www.standardwebhooks.com has it."""

from collections.abc import Sequence
from typing import Any

from sinks.alerts.news import News
from sinks.signed_post import SignedPoster


class SignedWebhook:
    """Posts each alert; `webhook-id` is the same in every attempt, so that the receiver can tell a repeat."""

    digest_above: int | None = None

    def __init__(self, poster: SignedPoster) -> None:
        self._poster = poster
        self.place = poster.place

    def tell(self, news: Sequence[News]) -> None:
        """As `Channel`."""
        for item in news:
            self._poster.post(item.news_id, webhook_body(item))

    def close(self) -> None:
        """Ends the connections."""
        self._poster.close()


def webhook_body(item: News) -> dict[str, Any]:
    """The alert as it stands on the topic."""
    kind = "alert.over" if item.over else "alert.raised"
    return {"type": kind, "data": item.alert.model_dump(mode="json", exclude_none=True)}
