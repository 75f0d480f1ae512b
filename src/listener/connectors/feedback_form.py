"""The feedback form as a web application: one plain page, no script, no cookie, a receipt once Kafka has it.

    GET  /             the page; ``?page=ADDRESS`` says from where it was opened, ``?lang=de`` in which language
    POST /feedback     the form, or JSON {"message", "name", "contact", "page", "idempotency_key", "stamp"}
    GET  /status/R-... how the message with that receipt stands
    GET  /button.js    the form as a dialog in pages of the company
    GET  /stamp        says when the dialog was opened, for `POST /feedback`
    GET  /healthz      200 while Kafka answers, else 503

A receipt is given only after the broker's acknowledgement. Whatever keeps a message from being stored, the
answer is the page with the message still in it. Delivery: a form sent twice is one mention.
"""

import asyncio
import json
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import anyio
from pydantic import Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from listener.connectors.feedback import (
    MAX_CONTACT,
    MAX_MESSAGE,
    MAX_NAME,
    RECEIPT,
    SOURCE_KIND,
    Feedback,
    feedback_of,
    mention_of,
)
from listener.connectors.feedback_status import Status
from listener.connectors.feedback_words import words_for
from listener.connectors.form_pages import PAGES, Headers, fields_of_form, style
from listener.connectors.rate_limit import RateLimit, network_of
from listener.connectors.stamp import Stamps
from listener.domain.document import Document
from listener.domain.errors import ListenerError
from listener.domain.ids import mention_id
from listener.domain.topics import RAW
from listener.metrics import FORM_REQUESTS
from listener.web import Counted, read_body

log = logging.getLogger(__name__)

KIND = "form"
TRAP = "website"
MAX_BODY_BYTES = 256 * 1024
"""Room for 20,000 characters of any script, each percent-encoded."""
MAX_WAITING = 64
"""Messages that wait for the broker at once; more are asked to come back, so that they fill no memory."""
REMEMBERED = 10_000
HEALTH_SECONDS = 5.0
HEALTH_WAIT_SECONDS = 2.0
"""Kafka's clients try for half a minute before they say that nobody answers."""
RETRY_SECONDS = 30
STATUS_RETRY_SECONDS = 5
"""When to ask again while the cases are still being read."""
_HERE = Path(__file__).parent
_SCRIPT = "\n".join(
    line.strip() for line in (_HERE / "static" / "button.js").read_text(encoding="utf-8").splitlines()
)
"""Without its indentation, which is a tenth of it; no text of it goes over several lines but the style."""


class FormOptions(Document):
    """How a source of the kind `form` is configured."""

    company: str | None = Field(default=None, min_length=1, max_length=100)
    """Whom people write to, as in "Write to ..."; us where it is left out."""
    privacy_url: str | None = Field(default=None, max_length=4000, pattern=r"^https?://\S+$")
    """The company's privacy notice, for a link."""
    burst: int = Field(default=10, ge=1, le=10_000)
    """Messages that one address may send at once."""
    per_minute: float = Field(default=6.0, gt=0, le=60_000)
    """Messages that one address may send in the long run."""
    origins: tuple[Annotated[str, Field(pattern=r"^https?://[^/\s*]+$")], ...] = ()
    """Sites whose pages may send from the button, such as ``https://shop.example``."""
    min_seconds: float = Field(default=2.0, ge=0, le=60)
    """What is sent sooner after the form was opened is marked as a machine's."""


Deliver = Callable[[str, str, bytes], None]
"""Takes topic, key and value; returns once the broker has acknowledged; may block; safe in several threads."""
Ping = Callable[[], object]
"""Returns if Kafka answers, else raises `ListenerError`; may block."""


def feedback_app(
    source: str,
    options: FormOptions,
    *,
    deliver: Deliver,
    ping: Ping,
    now: Callable[[], datetime],
    status_of: Callable[[str], Status] = lambda _: Status("received"),
    caught_up: Callable[[], bool] = lambda: True,
    stamps: Stamps | None = None,
) -> Starlette:
    """The application, ready to be served.

    Args:
        source: name of the configured source.
        now: stamps what comes in.
        status_of: how the message with this mention id stands.
        caught_up: whether `status_of` knows of all that there was at the start.
        stamps: says when a form was opened; None for some of its own.
    """
    form = _Form(source, options, deliver, ping, now, stamps or Stamps())
    follow_up = _FollowUp(status_of, caught_up)
    return Starlette(
        routes=[
            Route("/", form.show),
            Route("/feedback", form.submit, methods=["POST"]),
            Route("/feedback", form.show, methods=["GET"]),
            Route("/healthz", form.health),
            Route("/feedback.css", style),
            Route("/button.js", _script),
            Route("/stamp", form.stamp),
            Route("/status/{receipt}", follow_up.show),
        ],
        middleware=[
            Middleware(Headers),
            Middleware(Counted, FORM_REQUESTS),
            Middleware(
                CORSMiddleware,
                allow_origins=options.origins,
                allow_methods=["GET", "POST"],
                allow_headers=["Content-Type"],
                expose_headers=["Retry-After"],
            ),
        ],
        exception_handlers={HTTPException: _missing},
    )


class _Form:
    def __init__(
        self,
        source: str,
        options: FormOptions,
        deliver: Deliver,
        ping: Ping,
        now: Callable[[], datetime],
        stamps: Stamps,
    ) -> None:
        self._source = source
        self._options = options
        self._deliver = deliver
        self._ping = ping
        self._now = now
        self._stamps = stamps
        self._rate = RateLimit(options.burst, options.per_minute)
        self._received: OrderedDict[str, datetime] = OrderedDict()
        self._threads = anyio.CapacityLimiter(MAX_WAITING)
        self._asking: asyncio.Task[bool] | None = None
        self._answered_at = -math.inf

    async def show(self, request: Request) -> Response:
        """The empty form."""
        fields = {"page": request.query_params.get("page", ""), "stamp": self._stamps.new(time.time())}
        # Whoever goes back to it must find the same token in it, so that sending again is no second message.
        kept = {"Cache-Control": "private, no-cache"}
        feedback = feedback_of(fields, TRAP)
        return self._page(_Reader(request), "feedback_form.html", 200, headers=kept, feedback=feedback)

    async def stamp(self, request: Request) -> Response:
        """When the dialog was opened."""
        return JSONResponse({"stamp": self._stamps.new(time.time())})

    async def submit(self, request: Request) -> Response:
        """Takes a form or JSON, and answers in kind."""
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        as_json = content_type == "application/json"
        reader = _Reader(None if as_json else request)
        if not as_json and content_type != "application/x-www-form-urlencoded":
            return self._problem(reader, 415, "Send the form, or JSON as application/json.")
        body = await read_body(request, MAX_BODY_BYTES)
        if body is None:
            return self._problem(reader, 413, f"More than {MAX_BODY_BYTES} bytes are not taken.")
        try:
            feedback = feedback_of(_fields_of_json(body) if as_json else fields_of_form(body), TRAP)
        except ValueError as error:
            return self._problem(reader, 422 if as_json else 400, str(error))

        if errors := feedback.errors(reader.words):
            return self._again(reader, feedback, 422, errors=errors)
        address = network_of(request.client.host if request.client else "")
        if wait_seconds := self._rate.wait_seconds(address, time.monotonic()):
            retry_seconds = math.ceil(wait_seconds)
            return self._again(reader, feedback, 429, notice="many", retry_seconds=retry_seconds)
        try:
            # An app that sends JSON opens no form of ours; a page always does.
            opened = not as_json or feedback.stamp or "origin" in request.headers
            received_at = await self._store(feedback, suspect=bool(opened) and self._too_fast(feedback))
        except ListenerError as error:
            log.warning("receipt=%s not stored: %s", feedback.receipt, error)
            return self._again(reader, feedback, 503, notice="away", retry_seconds=RETRY_SECONDS)
        if as_json:
            return JSONResponse({"receipt": feedback.receipt}, 201)
        receipt = feedback.receipt
        return self._page(reader, "feedback_receipt.html", 201, receipt=receipt, received_at=received_at)

    async def health(self, request: Request) -> Response:
        """Whether Kafka has answered within the last seconds; all who ask at the same time share one question."""
        if self._asking is None or (
            self._asking.done() and time.monotonic() - self._answered_at > HEALTH_SECONDS
        ):
            self._asking = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._asking}, timeout=HEALTH_WAIT_SECONDS)
        if done and self._asking.result():
            return PlainTextResponse("ok\n")
        return PlainTextResponse("Kafka does not answer\n", 503)

    async def _ask(self) -> bool:
        try:
            await anyio.to_thread.run_sync(self._ping)
        except ListenerError as error:
            # Why is for the log alone: it may name hosts that are no visitor's business.
            log.warning("unhealthy: %s", error)
            return False
        finally:
            self._answered_at = time.monotonic()
        return True

    def _too_fast(self, feedback: Feedback) -> bool:
        age_seconds = self._stamps.age_seconds(feedback.stamp, time.time())
        return age_seconds is None or age_seconds < self._options.min_seconds

    async def _store(self, feedback: Feedback, *, suspect: bool) -> datetime:
        """Waits until the broker has it, and says when it came first."""
        if self._threads.borrowed_tokens >= MAX_WAITING:
            raise ListenerError(f"{MAX_WAITING} messages wait for Kafka already")
        received_at = self._received.setdefault(feedback.receipt, self._now())
        if len(self._received) > REMEMBERED:
            self._received.popitem(last=False)
        mention = mention_of(feedback, self._source, received_at, suspect=suspect)
        await anyio.to_thread.run_sync(
            self._deliver, RAW.name, mention.key, mention.to_json(), limiter=self._threads
        )
        log.info("stage=form mention_id=%s source=%s stored", mention.mention_id, self._source)
        return received_at

    def _again(
        self,
        reader: "_Reader",
        feedback: Feedback,
        status: int,
        *,
        errors: Mapping[str, str] | None = None,
        notice: str | None = None,
        retry_seconds: int | None = None,
    ) -> Response:
        """What was sent, back in the form, with what is the matter.

        Args:
            notice: which of the words say it.
        """
        headers = {"Retry-After": str(retry_seconds)} if retry_seconds is not None else {}
        words = reader.words
        told = words[notice] if notice is not None else None
        if reader.is_program:
            return JSONResponse({"errors": errors} if errors else {"error": told}, status, headers=headers)
        return self._page(
            reader,
            "feedback_form.html",
            status,
            headers=headers,
            feedback=feedback,
            errors=errors or {},
            notice=told,
            wait=words.wait(retry_seconds) if retry_seconds is not None else None,
        )

    def _problem(self, reader: "_Reader", status: int, text: str) -> Response:
        """For what no form of ours sends.

        Args:
            text: for whoever wrote the program that sends it.
        """
        if reader.is_program:
            return JSONResponse({"error": text}, status)
        blank = feedback_of({"stamp": self._stamps.new(time.time())}, TRAP)
        notice = reader.words["not_taken"]
        return self._page(reader, "feedback_form.html", status, feedback=blank, notice=notice)

    def _page(
        self,
        reader: "_Reader",
        name: str,
        status: int,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response:
        defaults: dict[str, object] = {"errors": {}, "notice": None, "wait": None}
        limits = {"MAX_MESSAGE": MAX_MESSAGE, "MAX_NAME": MAX_NAME, "MAX_CONTACT": MAX_CONTACT}
        shown = defaults | limits | {"options": self._options, "trap": TRAP} | values
        return reader.page(name, status, headers or {}, shown)


class _Reader:
    """Whom an answer is for.

    Args:
        request: what a browser asks; None for a program, which is answered in English.

    Attributes:
        is_program: it wants JSON.
    """

    def __init__(self, request: Request | None) -> None:
        self.is_program = request is None
        asked = request.query_params.get("lang") if request is not None else None
        accepted = request.headers.get("accept-language", "") if request is not None else ""
        self.words = words_for(asked, accepted)
        self._suffix = f"?lang={self.words.lang}" if asked else ""

    def page(
        self, name: str, status: int, headers: Mapping[str, str], values: Mapping[str, object]
    ) -> Response:
        """A page in the reader's language, whose links lead to others in the same."""
        html = PAGES.get_template(name).render({**values, "words": self.words, "suffix": self._suffix})
        of_language = {"Content-Language": self.words.lang, "Vary": "Accept-Language"}
        return HTMLResponse(html, status, headers=of_language | dict(headers))


class _FollowUp:
    """How messages stand, for whoever has their receipt."""

    def __init__(self, status_of: Callable[[str], Status], caught_up: Callable[[], bool]) -> None:
        self._status_of = status_of
        self._caught_up = caught_up

    async def show(self, request: Request) -> Response:
        """The page of one receipt. A number that nobody got looks like one whose message is not a case yet."""
        receipt = request.path_params["receipt"].upper()
        if not RECEIPT.fullmatch(receipt):
            raise HTTPException(404)
        headers = {"X-Robots-Tag": "noindex, nofollow"}
        status = self._status_of(mention_id(SOURCE_KIND, receipt))
        known = status.state != "received" or self._caught_up()
        if not known:
            headers["Retry-After"] = str(STATUS_RETRY_SECONDS)
        shown = {"receipt": receipt, "status": status, "known": known}
        return _Reader(request).page("feedback_status.html", 200 if known else 503, headers, shown)


async def _missing(request: Request, error: Exception) -> Response:
    """A page that is not there and the like."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = (error.headers or {}) if isinstance(error, HTTPException) else {}
    what = "missing" if status == 404 else "wrong"
    root = "../" * (request.url.path.count("/") - 1) or "./"
    return _Reader(request).page("feedback_missing.html", status, headers, {"what": what, "root": root})


async def _script(request: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(_SCRIPT, media_type="text/javascript", headers=headers)


def _fields_of_json(body: bytes) -> dict[str, str]:
    """The fields of a JSON object of texts.

    Raises:
        ValueError: it is something else, with what is expected.
    """
    allowed = {"message", "name", "contact", "page", "idempotency_key", "stamp"}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("This is not JSON.") from None
    if not isinstance(value, dict) or not all(isinstance(field, str | None) for field in value.values()):
        raise ValueError("A JSON object of texts is expected.")
    if unknown := sorted(set(value) - allowed):
        raise ValueError(
            f"Unknown fields: {', '.join(unknown)[:200]}. Known ones: {', '.join(sorted(allowed))}."
        )
    key = value.pop("idempotency_key", None)
    fields: dict[str, str] = {name: text for name, text in value.items() if text is not None}
    if key is not None:
        fields["token"] = key
        if feedback_of(fields, TRAP).token != key:
            raise ValueError("idempotency_key: 16 to 128 letters, digits, - and _ are expected.")
    return fields
