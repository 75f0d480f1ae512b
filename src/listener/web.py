"""What the web endpoints share: bodies with a limit, and a count of the answers."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import Counter
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

BODY_SECONDS = 30.0
COUNTED_METHODS = frozenset({"GET", "HEAD", "POST"})
"""Whoever asks may make up others, and each would be a series."""


async def read_body(request: Request, max_bytes: int) -> bytes | None:
    """The body; None where it is larger than is taken.

    Raises:
        HTTPException: it does not come.
    """
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > max_bytes:
        return None
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > max_bytes:
                    return None
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(408) from None
    return bytes(body)


def counted_method(method: str) -> str:
    """The label of a request's method."""
    return method if method in COUNTED_METHODS else "other"


class Counted:
    """Counts the answers of an application by method and status.

    Args:
        counter: with these two labels.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], counter: Counter) -> None:
        self._app = app
        self._counter = counter
        for status in ("500", "503"):
            counter.labels("POST", status)  # there from the start, so that the first shows as an increase

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Answers one request."""

        async def counting_send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self._counter.labels(counted_method(scope["method"]), str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counting_send)
