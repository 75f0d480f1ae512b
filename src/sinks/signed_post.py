"""Posting signed JSON, as https://www.standardwebhooks.com has it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from standardwebhooks.webhooks import Webhook

from listener.signature import ID, SIGNATURE, TIMESTAMP
from sinks.post import Poster, as_json


class SignedPoster:
    """Posts to one address, with a signature that the receiver can check.

    Args:
        key: ``whsec_...``.
        now: the machine's time, since receivers compare it with theirs.

    Attributes:
        place: where it goes, for people: without secrets.
    """

    def __init__(self, poster: Poster, key: str, now: Callable[[], datetime]) -> None:
        self._poster = poster
        self._webhook = Webhook(key)
        self._now = now
        self.place = f"webhook: {poster.host}/***"

    def post(self, event_id: str, content: Mapping[str, Any]) -> None:
        """Posts once; see `Poster.post`.

        Args:
            event_id: the same in every attempt, so that the receiver can tell a repeat.
        """
        body, at = as_json(content), self._now()
        headers = {
            ID: event_id,
            TIMESTAMP: str(int(at.timestamp())),
            SIGNATURE: self._webhook.sign(event_id, at, body.decode()),
        }
        self._poster.post(body, headers)

    def close(self) -> None:
        """Ends the connections."""
        self._poster.close()
