"""What is asked of the X API v2: within its limits, which each endpoint has of its own.

Written on httpx. Tweepy, the usual library, sleeps up to five minutes where we must notice a stop, passes over the
limits that answers tell (``x-rate-limit-reset``, Retry-After), and does not wait as the service asks after a 429.
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from listener.connectors.json_values import mapping, sequence, text
from listener.http.backoff import retry_after_seconds
from listener.http.client import (
    Answered,
    Query,
    Unavailable,
    asked_to_wait_seconds,
    client,
    object_of,
    send,
    shown,
)

MAX_BYTES = 32 * 1024 * 1024
"""Of one answer; a page of a hundred posts takes some hundred kilobytes."""
USER_AGENT = "Listener"
REFUSED = frozenset({401, 403})

POST_FIELDS: Mapping[str, str] = {
    "tweet.fields": "author_id,conversation_id,created_at,edit_history_tweet_ids,in_reply_to_user_id,note_tweet,"
    "public_metrics,referenced_tweets",
    "expansions": "author_id,in_reply_to_user_id,referenced_tweets.id",
    "user.fields": "name,public_metrics,username,verified",
}
"""What is asked for with posts, by search and by stream alike, so that both tell the same."""


class Client:
    """Asks the service. May be used by several threads.

    Args:
        token: the bearer token of an app.
    """

    def __init__(self, url: str, token: str, timeout_seconds: float) -> None:
        self.url = url.rstrip("/")
        self.timeout_seconds = timeout_seconds
        self._headers = {"User-Agent": USER_AGENT, "Authorization": f"Bearer {token}"}
        self._client = client(timeout_seconds, self._headers, follow_redirects=False)
        self._stranger = client(timeout_seconds, {"User-Agent": USER_AGENT})
        self._not_before: dict[str, float] = {}

    def get(self, path: str, query: Query | None = None, *, limit: str | None = None) -> Mapping[str, Any]:
        """What is at an endpoint; see `ask`."""
        return self.ask("GET", path, query=query, limit=limit)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        limit: str | None = None,
    ) -> Mapping[str, Any]:
        """An answer of the API, as JSON.

        Args:
            limit: name of the rate limit that counts this; that of method and path where None.

        Raises:
            Unavailable: it is not had this time; also before the endpoint may be asked again.
        """
        limit = limit or f"{method} {path}"
        self.check_limit(limit)
        url = self.url + path
        try:
            answered = send(
                self._client,
                method,
                url,
                query=query,
                json=body,
                timeout_seconds=self.timeout_seconds,
                max_bytes=MAX_BYTES,
            )
        except Unavailable as error:
            raise self.noted(error, limit) from None
        self._wait(limit, asked_to_wait_seconds(answered.headers, datetime.now(UTC)))
        return object_of(answered, url)

    def put_file(self, url: str, content: bytes) -> None:
        """Puts a text to an address that the service gave, which is not to see the token.

        Raises:
            Unavailable: it is not taken this time.
        """
        self._strange("PUT", url, content, {"Content-Type": "text/plain"})

    def get_file(self, url: str) -> bytes:
        """What is at an address that the service gave, which is not to see the token.

        Raises:
            Unavailable: it is not had this time.
        """
        return self._strange("GET", url, None, {}).body or b""

    def stream_client(self, silent_seconds: float) -> httpx.Client:
        """A client for one stream, broken off where nothing comes for so long."""
        made = client(self.timeout_seconds, self._headers, follow_redirects=False)
        made.timeout = httpx.Timeout(self.timeout_seconds, read=silent_seconds)
        return made

    def check_limit(self, limit: str) -> None:
        """Whether this may be asked now.

        Raises:
            Unavailable: not yet.
        """
        wait_seconds = max(self._not_before.get(each, 0.0) for each in (limit, "")) - time.monotonic()
        if wait_seconds > 0:
            raise Unavailable(
                f"{shown(self.url)}: its rate limit is used up: {limit or 'all'}",
                status=httpx.codes.TOO_MANY_REQUESTS,
                retry_after_seconds=wait_seconds,
            )

    def noted(self, error: Unavailable, limit: str) -> Unavailable:
        """The error with what the service says about it, after noting when it wants to be asked again."""
        # A Retry-After comes from the gates before the service, and is for all that is behind them.
        for_all = retry_after_seconds(error.headers.get("Retry-After"), datetime.now(UTC)) is not None
        self._wait("" if for_all else limit, error.retry_after_seconds)
        said = problem(error.body)
        return Unavailable(
            f"{error}: {said}" if said else str(error),
            status=error.status,
            retry_after_seconds=error.retry_after_seconds,
            headers=error.headers,
            body=error.body,
        )

    def close(self) -> None:
        """Closes the connections, beside those of streams."""
        self._client.close()
        self._stranger.close()

    def _strange(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> Answered:
        self.check_limit("files")
        try:
            return send(
                self._stranger,
                method,
                url,
                content=content,
                headers=headers,
                timeout_seconds=self.timeout_seconds,
                max_bytes=MAX_BYTES,
            )
        except Unavailable as error:
            raise self.noted(error, "files") from None

    def _wait(self, limit: str, seconds: float | None) -> None:
        if seconds is not None:
            until = time.monotonic() + seconds
            self._not_before[limit] = max(self._not_before.get(limit, 0.0), until)


def problem(body: bytes) -> str:
    """What the service says is wrong, for a person; empty where it says nothing."""
    try:
        return errors_in_words(mapping(json.loads(body)))
    except ValueError:
        return ""


def errors_in_words(found: Mapping[str, Any]) -> str:
    """What an answer says is wrong, for a person; empty where nothing is."""
    errors = [mapping(each) for each in sequence(found.get("errors"))]
    said = [_said(each) for each in (*errors, found)]
    return "; ".join(dict.fromkeys(filter(None, said)))[:1000]


def _said(error: Mapping[str, Any]) -> str | None:
    details = [each for each in sequence(error.get("details")) if isinstance(each, str)]
    said = (
        text(error.get("message"))
        or "; ".join(details)
        or text(error.get("detail"))
        or text(error.get("title"))
    )
    value = text(error.get("value"))
    return f"{value}: {said}" if said and value else said
