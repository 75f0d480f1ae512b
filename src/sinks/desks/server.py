"""A helpdesk's web interface: JSON in, JSON out, with what its refusals mean to a sink."""

import json as json_lib
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from listener.domain.errors import Busy, Rejected
from listener.http.backoff import Backoff
from listener.http.client import Query, Unavailable, send
from listener.http.guard import guarded_client

TIMEOUT_SECONDS = 30.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
LONGEST_WAIT_SECONDS = 120.0
FOR_GOOD = frozenset({400, 409, 413, 422})
"""What is wrong with this one request; all else may be mended at the desk, or in the configuration."""
GONE = frozenset({404, 410})
STUMBLED = 500


class Stumbles(Busy):
    """The server fails at this request (500): not for good, but perhaps whenever it is asked this."""


class Refusal(Rejected):
    """The desk said no to one request.

    Args:
        reason: ``refused``, or ``gone`` where what the path names is not there.
        detail: without secrets, and without what customers said.
        status: what it answered with.
        body: the beginning of what it said, for its adapter alone: it may repeat what customers said.
    """

    def __init__(self, reason: str, detail: str, status: int, body: bytes) -> None:
        super().__init__(reason, detail)
        self.status = status
        self.body = body


class DeskServer:
    """Asks one server.

    Args:
        url: what the paths are added to.
        headers: sent with every request; they may hold secrets.
        internal_hosts: see `guarded_client`.
        auth: account and password, for HTTP's basic authentication.
        client: one that connects elsewhere.
        monotonic: clock in seconds.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        internal_hosts: tuple[str, ...] = (),
        *,
        auth: tuple[str, str] | None = None,
        client: httpx.Client | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url.rstrip("/")
        self.host = urlsplit(url).hostname or "?"
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._auth = auth
        self._client = client or guarded_client(TIMEOUT_SECONDS, {}, internal_hosts=internal_hosts)
        self._backoff = Backoff(longest_seconds=LONGEST_WAIT_SECONDS)
        self._monotonic = monotonic
        self._not_before = 0.0

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Asks once.

        Args:
            path: begins with a slash.

        Returns:
            The JSON of the answer; None where it has no content.

        Raises:
            Busy: not taken, or nobody knows; with how long to wait, as the server asked. `Stumbles` where the
                server failed at it.
            Refusal: it will never be taken (``refused``), or what the path names is not there (``gone``).
        """
        left = self._not_before - self._monotonic()
        if left > 0:  # whoever calls may come back earlier than the server wants to see us
            raise Busy(f"{self.host} asked us to wait", left)
        try:
            answered = send(
                self._client,
                method,
                f"{self.url}{path}",
                timeout_seconds=TIMEOUT_SECONDS,
                max_bytes=MAX_ANSWER_BYTES,
                query=query,
                headers={**self._headers, **(headers or {})},
                json=json,
                auth=self._auth,
            )
            found = json_lib.loads(answered.body) if answered.body else None
        except Unavailable as error:
            if error.status is not None and error.status in GONE | FOR_GOOD:
                reason = "gone" if error.status in GONE else "refused"
                detail = f"{self.host} answers {error.status} to {method} {path}"
                raise Refusal(reason, detail, error.status, error.body) from None
            inside = (
                " (its address is internal; see internal_hosts)" if "internal_hosts" in str(error) else ""
            )
            what = f"answers {error.status}" if error.status else "cannot be reached, or gave no answer"
            kind = Stumbles if error.status == STUMBLED else Busy
            raise self._busy(f"{what}{inside}", error.retry_after_seconds, kind) from None
        except ValueError:
            raise self._busy(f"answers {method} {path} with what is not JSON") from None
        self._backoff.succeeded()
        return found

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def _busy(self, what: str, asked_seconds: float | None = None, kind: type[Busy] = Busy) -> Busy:
        wait_seconds = self._backoff.failed(asked_seconds)
        self._not_before = self._monotonic() + wait_seconds
        return kind(f"{self.host} {what}", wait_seconds)
