"""Posting to an address that may be a secret as a whole: it is in no error and no log."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from listener.domain.errors import Busy, Rejected
from listener.http.backoff import Backoff
from listener.http.client import Unavailable, send
from listener.http.guard import guarded_client

TIMEOUT_SECONDS = 20.0
MAX_ANSWER_BYTES = 64 * 1024
LONGEST_WAIT_SECONDS = 60.0
FOR_GOOD = frozenset({400, 413, 422})
"""What is wrong with this one message; all else may be mended at the other side, or in the configuration."""


class Poster:
    """Posts JSON to one address.

    Args:
        url: where to.
        internal_hosts: see `guarded_client`.
        client: one that connects elsewhere.
        monotonic: clock in seconds.
    """

    def __init__(
        self,
        url: str,
        internal_hosts: tuple[str, ...] = (),
        *,
        client: httpx.Client | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._client = client or guarded_client(TIMEOUT_SECONDS, {}, internal_hosts=internal_hosts)
        self._backoff = Backoff(longest_seconds=LONGEST_WAIT_SECONDS)
        self._monotonic = monotonic
        self._not_before = 0.0
        self.host = urlsplit(url).hostname or "?"

    def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Posts once.

        Raises:
            Busy: it was not taken, or nobody knows; with how long to wait, as the server asked.
            Rejected: it will never be taken.
        """
        left = self._not_before - self._monotonic()
        if left > 0:  # whoever calls may come back earlier than the server wants to see us
            raise Busy(f"{self.host} asked us to wait", left)
        try:
            send(
                self._client,
                "POST",
                self._url,
                timeout_seconds=TIMEOUT_SECONDS,
                max_bytes=MAX_ANSWER_BYTES,
                headers={"Content-Type": "application/json", **(headers or {})},
                content=body,
            )
        except Unavailable as error:
            if error.status in FOR_GOOD:
                raise Rejected("refused", f"{self.host} answers {error.status}") from None
            what = f"answers {error.status}" if error.status else "cannot be reached, or gave no answer"
            inside = (
                " (its address is internal; see internal_hosts)" if "internal_hosts" in str(error) else ""
            )
            wait_seconds = self._backoff.failed(error.retry_after_seconds)
            self._not_before = self._monotonic() + wait_seconds
            raise Busy(f"{self.host} {what}{inside}", wait_seconds) from None
        self._backoff.succeeded()

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()


def as_json(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
