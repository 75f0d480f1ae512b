"""What is asked of Reddit's API, as an account by a script app, within its rate limit.

Written on httpx. PRAW and its prawcore, the usual libraries, sleep up to ten minutes where we must notice a stop,
ask again by themselves at once where a server is too busy, and do not hand out what it says of when to come back.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from listener.connectors.json_values import text
from listener.http.client import Query, Unavailable, asked_to_wait_seconds, client, object_of, send, shown

MAX_BYTES = 32 * 1024 * 1024
"""Of one answer; a hundred posts take some hundred kilobytes."""
REFUSED = frozenset({302, 400, 401, 403, 404})
"""Answers that do not change by asking again; for a subreddit that does not exist, the search for one."""
EARLY_SECONDS = 60.0
"""A token is renewed so long before its end."""
LEAST_TOKEN_SECONDS = 60.0


@dataclass(frozen=True)
class Access:
    """By what the account is known.

    Attributes:
        grant: how a token is had: ``password`` with user name and password, or ``refresh_token``.
        user_agent: names program, version and account, as Reddit asks for.
    """

    client_id: str
    client_secret: str = field(repr=False)
    grant: Mapping[str, str] = field(repr=False)
    user_agent: str


class Client:
    """Asks Reddit.

    Args:
        url: of the API.
        auth_url: gives the tokens.
    """

    def __init__(self, url: str, auth_url: str, access: Access, timeout_seconds: float) -> None:
        self._url = url.rstrip("/")
        self._auth_url = auth_url.rstrip("/")
        self._access = access
        self._timeout_seconds = timeout_seconds
        headers = {"User-Agent": access.user_agent}
        self._client = client(timeout_seconds, headers, follow_redirects=False)
        self._token: str | None = None
        self._token_ends_at = 0.0
        self._not_before = 0.0

    def get(self, path: str, query: Query) -> Mapping[str, Any]:
        """What is at an endpoint.

        Raises:
            Unavailable: it is not had this time; also before Reddit may be asked again.
        """
        query = {**query, "raw_json": 1}  # else texts are written as in HTML
        if self._token is None or time.monotonic() >= self._token_ends_at:
            self._renew()
        try:
            return self._send("GET", self._url + path, query=query, headers=self._authorized())
        except Unavailable as error:
            if error.status != httpx.codes.UNAUTHORIZED:
                raise
        self._renew()  # the token was withdrawn before its time
        return self._send("GET", self._url + path, query=query, headers=self._authorized())

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _authorized(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _renew(self) -> None:
        url = f"{self._auth_url}/api/v1/access_token"
        auth = (self._access.client_id, self._access.client_secret)
        answer = self._send("POST", url, form=self._access.grant, auth=auth)
        token, seconds = text(answer.get("access_token")), answer.get("expires_in")
        if token is None:
            # A wrong password is told with the status 200.
            status = httpx.codes.UNAUTHORIZED if "error" in answer else None
            raise Unavailable(f"{shown(url)}: gives no token: {answer.get('error')}", status=status)
        valid = float(seconds) if isinstance(seconds, int | float) else 3600.0
        self._token = token
        self._token_ends_at = time.monotonic() + max(LEAST_TOKEN_SECONDS, valid - EARLY_SECONDS)

    def _send(self, method: str, url: str, **request: Any) -> Mapping[str, Any]:
        wait_seconds = self._not_before - time.monotonic()
        if wait_seconds > 0:
            raise Unavailable(
                f"{shown(self._url)}: its rate limit is used up", retry_after_seconds=wait_seconds
            )
        try:
            answered = send(
                self._client,
                method,
                url,
                timeout_seconds=self._timeout_seconds,
                max_bytes=MAX_BYTES,
                **request,
            )
        except Unavailable as error:
            self._wait(error.retry_after_seconds)
            raise
        self._wait(asked_to_wait_seconds(answered.headers, datetime.now(UTC)))
        return object_of(answered, url)

    def _wait(self, seconds: float | None) -> None:
        if seconds is not None:
            self._not_before = max(self._not_before, time.monotonic() + seconds)
