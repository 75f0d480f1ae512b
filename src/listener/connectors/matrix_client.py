"""What is asked of a Matrix homeserver: the client-server API, within the server's limits of requests.

Written on httpx. matrix-nio, the usual library, is asynchronous where connectors are threads, keeps all members of
all rooms in memory, waits by itself where we must notice a stop, and casts away what a dead letter must hold.
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from listener.http.backoff import LONGEST_ASKED_SECONDS
from listener.http.client import Query, Unavailable, asked_to_wait_seconds, client, get, shown

MAX_BYTES = 64 * 1024 * 1024
"""Of one answer; the first /sync of an account in some hundred rooms takes a few megabytes."""
USER_AGENT = "Listener"
PREFIX = "/_matrix/client/v3"


class Client:
    """Asks one homeserver.

    Args:
        token: access token of an account of the company's.
        listen_seconds: how long the server may hold back the answer to a /sync.
    """

    def __init__(self, url: str, token: str, timeout_seconds: float, listen_seconds: float) -> None:
        self._url = url.rstrip("/") + PREFIX
        self._timeout_seconds = timeout_seconds + listen_seconds
        headers = {"User-Agent": USER_AGENT, "Authorization": f"Bearer {token}"}
        self._client = client(self._timeout_seconds, headers, follow_redirects=False)
        self._not_before = 0.0

    def get(self, path: str, query: Query | None = None) -> dict[str, Any]:
        """What stands at a path.

        Raises:
            Unavailable: it is not had this time; also before the server may be asked again.
        """
        self._check_may_ask()
        try:
            answered = get(
                self._client,
                self._url + path,
                query=query,
                timeout_seconds=self._timeout_seconds,
                max_bytes=MAX_BYTES,
            )
        except Unavailable as error:
            raise self._noted(error) from None
        return self._object(answered.body or b"", path)

    def post(self, path: str) -> dict[str, Any]:
        """Does what a path stands for.

        Raises:
            Unavailable: as for `get`.
        """
        self._check_may_ask()
        try:
            response = self._client.post(self._url + path, json={})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"{shown(self._url + path)}: {type(error).__name__}: {error}") from None
        if response.status_code != httpx.codes.OK:
            raise self._noted(
                Unavailable(
                    f"{shown(self._url + path)}: the server answers {response.status_code}",
                    status=response.status_code,
                    retry_after_seconds=asked_to_wait_seconds(response.headers, datetime.now(UTC)),
                    body=response.content,
                )
            )
        return self._object(response.content, path)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _check_may_ask(self) -> None:
        wait_seconds = self._not_before - time.monotonic()
        if wait_seconds > 0:
            raise Unavailable(f"{shown(self._url)}: its limit is used up", retry_after_seconds=wait_seconds)

    def _noted(self, error: Unavailable) -> Unavailable:
        """The error with what its body says, and until when the server wants to be left alone."""
        said = refusal(error.body)
        asked = said.get("retry_after_ms")
        seconds = error.retry_after_seconds
        if isinstance(asked, int | float):
            seconds = max(seconds or 0.0, asked / 1000)
        if seconds is not None:
            self._not_before = time.monotonic() + min(seconds, LONGEST_ASKED_SECONDS)
        words = " ".join(str(said[name]) for name in ("errcode", "error") if name in said)
        detail = f"{error} ({words[:300]})" if words else str(error)
        return Unavailable(detail, status=error.status, retry_after_seconds=seconds, body=error.body)

    def _object(self, body: bytes, path: str) -> dict[str, Any]:
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Unavailable(f"{shown(self._url + path)}: the answer is not a JSON object")
        return found


def refusal(body: bytes) -> Mapping[str, Any]:
    """What a refusal says: `errcode`, `error`, `retry_after_ms`; empty where it says nothing."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
