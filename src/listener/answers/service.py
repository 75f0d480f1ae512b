"""The endpoint that takes answers, as a web application.

    POST /responses      one answer, signed; 202 once the broker has it
    GET  /openapi.json   what is taken and what is answered

What is not taken is told as problem+json (RFC 9457), with the fields to look at. Delivery: an answer told
again under the same webhook-id is the same response, so a repeat changes nothing, also after a crash.
"""

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from listener.answers.answer import (
    Answer,
    Problem,
    Refused,
    check_not_before,
    read_answer,
    response_id,
    response_of,
)
from listener.answers.case_index import CaseIndex, Place
from listener.answers.openapi import MAX_BODY_BYTES, PATH, document
from listener.domain.errors import ListenerError
from listener.domain.ids import digest
from listener.domain.topics import RESPONSES
from listener.metrics import ANSWERS_REQUESTS
from listener.signature import ID, SIGNATURE, Keyring, NotSigned
from listener.web import Counted, read_body

log = logging.getLogger(__name__)

MAX_WAITING = 64
"""Answers that wait for the broker at once; more are asked to come back, so that they fill no memory."""
REMEMBERED = 10_000
"""Answers that are remembered, to find a webhook-id that comes with another content."""
RETRY_SECONDS = 30
READING_SECONDS = 5
"""When to ask again while the cases are still being read."""
PROBLEM = "application/problem+json"

Deliver = Callable[[str, str, bytes], None]
"""Takes topic, key and value; returns once the broker has acknowledged; may block; safe in several threads."""


class _Problem(Exception):
    """Ends a request with problem+json."""

    def __init__(
        self,
        status: int,
        detail: str,
        problems: list[Problem] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.problems = problems or []
        self.headers = dict(headers or {})


def answers_app(
    keyring: Keyring,
    cases: CaseIndex,
    *,
    deliver: Deliver,
    caught_up: Callable[[], bool],
    now: Callable[[], datetime],
) -> Starlette:
    """The application, ready to be served.

    Args:
        keyring: who may send.
        cases: where answers to a case go.
        caught_up: whether `cases` has all that there were at the start.
        now: stamps what comes in.
    """
    answers = _Answers(keyring, cases, deliver, caught_up, now)
    return Starlette(
        routes=[
            Route(PATH, answers.take, methods=["POST"]),
            Route("/openapi.json", _document, methods=["GET"]),
        ],
        middleware=[Middleware(Counted, ANSWERS_REQUESTS)],
        exception_handlers={HTTPException: _http_problem, _Problem: _own_problem, Exception: _unforeseen},
    )


class _Answers:
    def __init__(
        self,
        keyring: Keyring,
        cases: CaseIndex,
        deliver: Deliver,
        caught_up: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._keyring = keyring
        self._cases = cases
        self._deliver = deliver
        self._caught_up = caught_up
        self._now = now
        self._told: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._threads = anyio.CapacityLimiter(MAX_WAITING)

    async def take(self, request: Request) -> Response:
        """Checks who sends, what is said, whose it is, in this order; then stores it."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise _Problem(415, "content-type: send JSON as application/json")
        body = await read_body(request, MAX_BODY_BYTES)
        if body is None:
            raise _Problem(413, f"more than {MAX_BODY_BYTES} bytes are not taken")
        try:
            client = self._keyring.client_of(request.headers, body)
        except NotSigned as error:
            challenge = {"WWW-Authenticate": f'Webhook-Signature header="{SIGNATURE}"'}
            raise _Problem(401, str(error), [Problem(error.header, error.detail)], challenge) from None
        answer = _read(body, self._now())
        place = self._place(answer)
        if place.opened_at is not None:
            _check_not_before(answer, place.opened_at)
        name = response_id(client, request.headers[ID])
        received_at = self._first_told(name, answer)
        response = response_of(answer, name, place.contact, place.author, received_at)
        await self._store(response.author, response.to_json())
        log.info("client=%s response_id=%s contact=%s stored", client, response.response_id, place.contact)
        told = {"response_id": response.response_id, "contact": place.contact, "author": place.author}
        return JSONResponse(told | ({"case_id": place.case_id} if place.case_id else {}), 202)

    def _place(self, answer: Answer) -> Place:
        if answer.contact is not None and answer.author is not None:
            return Place("", answer.contact, answer.author)
        place = self._cases.find(answer.case_id or "")
        if place is not None:
            return place
        if not self._caught_up():
            raise _Problem(
                503, "the cases are still being read", headers={"Retry-After": str(READING_SECONDS)}
            )
        detail = "no such case is known here; name the contact (contact and author) that is answered"
        raise _Problem(404, f"case_id: {detail}", [Problem("case_id", detail)])

    def _first_told(self, name: str, answer: Answer) -> datetime:
        """When this answer was told first, so that every attempt makes the same record."""
        content = digest(answer.to_json().decode())
        known, received_at = self._told.setdefault(name, (content, self._now()))
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        if known != content:
            detail = (
                "another answer came under this id; a retry sends the same, another answer has its own id"
            )
            raise _Problem(409, f"{ID}: {detail}", [Problem(ID, detail)])
        return received_at

    async def _store(self, key: str, value: bytes) -> None:
        """Waits until the broker has it."""
        if self._threads.borrowed_tokens >= MAX_WAITING:
            log.warning("not stored: %d answers wait for Kafka already", MAX_WAITING)
            raise _not_stored()
        try:
            await anyio.to_thread.run_sync(self._deliver, RESPONSES.name, key, value, limiter=self._threads)
        except ListenerError as error:
            log.warning("not stored: %s", error)  # for the log alone: it may name hosts
            raise _not_stored() from None


def _not_stored() -> _Problem:
    detail = "this could not be stored for certain; send it again under the same webhook-id"
    return _Problem(503, detail, headers={"Retry-After": str(RETRY_SECONDS)})


def _read(body: bytes, now: datetime) -> Answer:
    try:
        return read_answer(body, now)
    except Refused as error:
        unreadable = not error.problems[0].field
        raise _Problem(400 if unreadable else 422, str(error), error.problems) from None


def _check_not_before(answer: Answer, opened_at: datetime) -> None:
    try:
        check_not_before(answer, opened_at)
    except Refused as error:
        raise _Problem(422, str(error), error.problems) from None


async def _document(request: Request) -> Response:
    return JSONResponse(document())


async def _own_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, _Problem):
        raise error
    return _told(error.status, error.detail, error.problems, error.headers)


async def _http_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    words = {404: f"there is POST {PATH} and GET /openapi.json", 408: "the body did not come in time"}
    return _told(error.status_code, words.get(error.status_code, error.detail), [], error.headers or {})


async def _unforeseen(request: Request, error: Exception) -> Response:
    return _told(500, "something went wrong here; send it again under the same webhook-id", [], {})


def _told(status: int, detail: str, problems: list[Problem], headers: Mapping[str, str]) -> Response:
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if problems:
        content["errors"] = [{"field": field, "detail": what} for field, what in problems]
    return Response(json.dumps(content), status, media_type=PROBLEM, headers=dict(headers))
