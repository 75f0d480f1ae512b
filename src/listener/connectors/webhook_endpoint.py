"""The endpoint of all webhook sources, as a web application.

    POST /mentions/SOURCE   an item or a list of them, signed; 202 once the broker has all of it
    GET  /openapi.json      what is taken and what is answered

What is not taken is told as problem+json (RFC 9457). An item that nothing can be made of is kept as a dead letter
and told as an error beside those that were taken; where there is no other the answer is 422.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from listener.connectors.webhook import Full, Webhook
from listener.connectors.webhook_item import Taken, answers_of, read_body, unreadable
from listener.connectors.webhook_openapi import PATH, document
from listener.domain.errors import Rejected
from listener.metrics import WEBHOOK_REQUESTS
from listener.signature import SIGNATURE, NotSigned
from listener.web import Counted
from listener.web import read_body as read_limited

log = logging.getLogger(__name__)

RETRY_SECONDS = 30
PROBLEM = "application/problem+json"


def webhook_app(
    sources: Mapping[str, Webhook], *, now: Callable[[], datetime], stored_within_seconds: float
) -> Starlette:
    """The application, ready to be served.

    Args:
        sources: by name.
        now: stamps what comes in.
        stored_within_seconds: how long a sender waits before hearing that it is not known to be stored.
    """
    endpoint = _Endpoint(sources, now, stored_within_seconds)
    return Starlette(
        routes=[
            Route(PATH, endpoint.take, methods=["POST"]),
            Route("/openapi.json", _document, methods=["GET"]),
        ],
        middleware=[Middleware(Counted, WEBHOOK_REQUESTS)],
        exception_handlers={HTTPException: _problem, Exception: _unforeseen},
    )


class _Endpoint:
    def __init__(
        self, sources: Mapping[str, Webhook], now: Callable[[], datetime], stored_within_seconds: float
    ) -> None:
        self._sources = sources
        self._now = now
        self._seconds = stored_within_seconds

    async def take(self, request: Request) -> Response:
        """Checks where it belongs and who sends, in this order; then stores what is said."""
        source = self._sources.get(request.path_params["source"])
        if source is None:
            raise HTTPException(404, "no such source is configured here")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise HTTPException(415, "content-type: send JSON as application/json")
        body = await read_limited(request, source.max_bytes)
        if body is None:
            raise HTTPException(413, f"more than {source.max_bytes} bytes are not taken (max_bytes)")
        try:
            source.keyring.client_of(request.headers, body)
        except NotSigned as error:
            challenge = {"WWW-Authenticate": f'Webhook-Signature header="{SIGNATURE}"'}
            raise HTTPException(401, str(error), challenge) from None
        name = source.source.name
        try:
            taken = read_body(body, source.form, self._now())
        except Rejected as error:
            taken = [unreadable(body, error, source.source)]
        await self._store(source, taken)
        refused = [each for each in taken if each.why is not None]
        log.info("source=%s items=%d refused=%d stored", name, len(taken), len(refused))
        if len(refused) == len(taken):
            return _told(422, "; ".join(each.why or "" for each in refused[:5]), {}, answers_of(taken))
        return JSONResponse({"items": answers_of(taken)}, 202)

    async def _store(self, source: Webhook, taken: list[Taken]) -> None:
        """Waits until the broker has it."""
        try:
            stored: Future[None] = source.put(taken)
            await asyncio.wait_for(asyncio.wrap_future(stored), self._seconds)
        except (Full, TimeoutError, asyncio.CancelledError):
            log.warning(
                "source=%s not stored for certain: Kafka is away, or the source pauses", source.source.name
            )
            raise HTTPException(
                503,
                "this could not be stored for certain; send it again, the same ids change nothing",
                {"Retry-After": str(RETRY_SECONDS)},
            ) from None


async def _document(request: Request) -> Response:
    return JSONResponse(document())


async def _problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    words = {404: f"there is POST {PATH} for each configured source, and GET /openapi.json"}
    detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
    detail = detail or words.get(error.status_code, HTTPStatus(error.status_code).phrase)
    return _told(error.status_code, detail, error.headers or {})


async def _unforeseen(request: Request, error: Exception) -> Response:
    return _told(500, "something went wrong here; send it again, the same ids change nothing", {})


def _told(
    status: int, detail: str, headers: Mapping[str, str], items: list[dict[str, str]] | None = None
) -> Response:
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if items is not None:
        content["items"] = items
    return Response(json.dumps(content), status, media_type=PROBLEM, headers=dict(headers))
