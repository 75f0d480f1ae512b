"""One request to a web server, with limits of time and size, and when the server may be asked again."""

import json as json_lib
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from listener.domain.errors import ListenerError, Rejected
from listener.http.backoff import retry_after_seconds
from listener.times import parse_time

MAX_REDIRECTS = 5
MAX_REFUSAL_BYTES = 64 * 1024
"""Of an answer that is not what was asked for, more is not read."""
Query = Mapping[str, str | int | float | bool | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the server answered.

    Attributes:
        body: None where nothing has changed since the reading that the conditions of the request name.
        url: where it was in the end, after redirects.
    """

    body: bytes | None
    url: str
    headers: httpx.Headers


class Unavailable(ListenerError):
    """The server did not give what was asked for this time.

    Args:
        status: what it answered with; None where it did not answer.
        retry_after_seconds: what it asked for; None where it did not say.
        headers: of its answer.
        body: the beginning of what it answered beside the status; some say there what is wrong.
    """

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        headers: httpx.Headers | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers if headers is not None else httpx.Headers()
        self.body = body


def client(
    timeout_seconds: float, headers: Mapping[str, str], *, follow_redirects: bool = True
) -> httpx.Client:
    """A client that follows redirects, but not for ever.

    Args:
        follow_redirects: False where a header holds a secret, which must not go to another server.
    """
    return httpx.Client(
        headers=headers,
        follow_redirects=follow_redirects,
        max_redirects=MAX_REDIRECTS,
        timeout=timeout_seconds,
    )


def get(
    client: httpx.Client,
    url: str,
    *,
    timeout_seconds: float,
    max_bytes: int,
    query: Query | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answered:
    """Asks once for what is at an address; see `send`."""
    return send(
        client,
        "GET",
        url,
        timeout_seconds=timeout_seconds,
        max_bytes=max_bytes,
        query=query,
        headers=headers,
    )


def send(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    timeout_seconds: float,
    max_bytes: int,
    query: Query | None = None,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    content: bytes | None = None,
    auth: tuple[str, str] | None = None,
) -> Answered:
    """Sends one request.

    Args:
        timeout_seconds: from the first connection to the last byte.
        max_bytes: of the answer, unpacked.
        query: added to what the address has.
        json, form, content: what is sent, one of them.
        auth: account and password, for HTTP's basic authentication.

    Raises:
        Unavailable: whatever keeps the answer from being had this time, in words.
    """
    deadline = time.monotonic() + timeout_seconds
    try:
        target = httpx.URL(url)
        if query:
            target = target.copy_merge_params(query)
        request = client.build_request(method, target, headers=headers, json=json, data=form, content=content)
        response = client.send(request, auth=auth or httpx.USE_CLIENT_DEFAULT, stream=True)
        with closing(response):
            if response.status_code == httpx.codes.NOT_MODIFIED:
                return Answered(None, str(response.url), response.headers)
            # An answer without content is none to a question, such as a feed's address.
            if response.status_code != httpx.codes.OK and not (method != "GET" and response.is_success):
                raise refusal(url, response, deadline)
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > max_bytes:
                    raise Unavailable(f"{shown(url)}: larger than {max_bytes} bytes (max_bytes)")
                if time.monotonic() > deadline:
                    raise Unavailable(f"{shown(url)}: not read within {timeout_seconds:g} seconds")
            return Answered(bytes(body), str(response.url), response.headers)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unavailable(f"{shown(url)}: {type(error).__name__}: {error}") from None


def refusal(url: str, response: httpx.Response, deadline: float) -> Unavailable:
    """What an answer means that is not what was asked for.

    Args:
        response: not read yet; of what it says the beginning is kept.
        deadline: by the monotonic clock, until when it is read.
    """
    return Unavailable(
        f"{shown(url)}: the server answers {response.status_code} {response.reason_phrase}",
        status=response.status_code,
        retry_after_seconds=asked_to_wait_seconds(response.headers, datetime.now(UTC)),
        headers=response.headers,
        body=_beginning(response, deadline),
    )


def _beginning(response: httpx.Response, deadline: float) -> bytes:
    body = bytearray()
    with suppress(httpx.HTTPError):  # the status says enough
        for part in response.iter_bytes():
            body += part
            if len(body) >= MAX_REFUSAL_BYTES or time.monotonic() > deadline:
                break
    return bytes(body[:MAX_REFUSAL_BYTES])


def asked_to_wait_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the server wants to be left alone: its Retry-After, else until its limit is lifted.

    The limit is told by ``X-RateLimit-Remaining`` and ``X-RateLimit-Reset``, or ``X-Rate-Limit-...``: a moment,
    or, as GitHub and others have it, seconds since 1970, or seconds from now.

    Args:
        headers: of any answer, names in any case.
        now: where the server does not tell its own time.

    Returns:
        None where it may be asked at once.
    """
    named = httpx.Headers(headers)
    retry_after = retry_after_seconds(named.get("Retry-After"), now)
    if retry_after is not None:
        return retry_after
    reset = named.get("X-RateLimit-Reset") or named.get("X-Rate-Limit-Reset")
    remaining = named.get("X-RateLimit-Remaining") or named.get("X-Rate-Limit-Remaining") or ""
    if reset is None or not re.fullmatch(r"0(?:\.\d*)?", remaining.strip()):
        return None
    if reset.strip().isdecimal() and len(reset.strip()) < 8:
        return float(reset)
    try:
        at = parse_time(reset)
    except Rejected:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (_moment(named.get("Date")) or now)).total_seconds())


def object_of(answered: Answered, url: str) -> Mapping[str, Any]:
    """The JSON object that was answered.

    Raises:
        Unavailable: it is none, such as a page for people.
    """
    try:
        found = json_lib.loads(answered.body or b"")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable(f"{shown(url)}: the answer is not a JSON object")
    return found


def shown(url: str) -> str:
    """An address for people: without account and query, which may be secrets."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def _moment(header: str | None) -> datetime | None:
    """The server's clock, which need not be ours."""
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
