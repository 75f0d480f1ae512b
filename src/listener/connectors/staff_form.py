"""The form on which staff take down what customers said in person or wrote in letters, as a web application.

    GET  /       the page
    POST /notes  the form; 201 with a receipt number once Kafka has it

It is meant for the company's own network. With a key each request names it as the password of HTTP's basic
authentication, under any user name, which is suggested as who takes it down. A form is taken only if the page
was given by this service, so that no other site can send one by the browser of somebody who is signed in.

Delivery: a form sent twice is one mention. Who took it down stands on the topic `audit`.
"""

import base64
import binascii
import hmac
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo

import anyio
from pydantic import Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from listener.connectors.feedback import MAX_CONTACT, MAX_MESSAGE, MAX_NAME
from listener.connectors.form_pages import PAGES, Headers, fields_of_form, plain_error, style
from listener.connectors.json_mapping import ZoneName
from listener.connectors.stamp import Stamps
from listener.connectors.taken_down import SOURCE_KIND, TakenDown, audit_of, mention_of, taken_down_of
from listener.domain.document import Document
from listener.domain.errors import ListenerError
from listener.domain.topics import AUDIT, RAW
from listener.metrics import FORM_REQUESTS
from listener.times import parse_zone
from listener.web import Counted, read_body

log = logging.getLogger(__name__)

KIND = SOURCE_KIND
MAX_BODY_BYTES = 256 * 1024
MIN_KEY_LENGTH = 16
REMEMBERED = 10_000
CHALLENGE = {"WWW-Authenticate": 'Basic realm="staff", charset="UTF-8"'}
Deliver = Callable[[str, str, bytes], None]
"""Takes topic, key and value; returns once the broker has acknowledged; may block; safe in several threads."""


class StaffFormOptions(Document):
    """How a source of the kind `staff-form` is configured."""

    company: str = Field(default="us", min_length=1, max_length=100)
    """Whom the customer spoke or wrote to."""
    zone: ZoneName = "UTC"
    """Time zone in which days begin and end."""


def staff_app(
    source: str,
    options: StaffFormOptions,
    *,
    deliver: Deliver,
    now: Callable[[], datetime],
    key: str | None = None,
) -> Starlette:
    """The application, ready to be served.

    Args:
        source: name of the configured source.
        now: stamps what comes in.
        key: without it whoever reaches this may use it.
    """
    form = _StaffForm(source, options, deliver, now, key)
    return Starlette(
        routes=[
            Route("/", form.show),
            Route("/notes", form.submit, methods=["POST"]),
            Route("/notes", form.show, methods=["GET"]),
            Route("/feedback.css", style),
        ],
        middleware=[Middleware(Headers), Middleware(Counted, FORM_REQUESTS)],
        exception_handlers={HTTPException: plain_error},
    )


class _StaffForm:
    def __init__(
        self,
        source: str,
        options: StaffFormOptions,
        deliver: Deliver,
        now: Callable[[], datetime],
        key: str | None,
    ) -> None:
        self._source = source
        self._options = options
        self._zone: tzinfo = parse_zone(options.zone)
        self._deliver = deliver
        self._now = now
        self._key = key
        self._stamps = Stamps()
        self._received: OrderedDict[str, datetime] = OrderedDict()

    async def show(self, request: Request) -> Response:
        """The empty form."""
        user = self._user(request)
        fields = {"day": self._today().isoformat(), "taken_by": user}
        # Whoever goes back to it must find the same token in it, so that sending again is no second message.
        kept = {"Cache-Control": "private, no-cache"}
        return self._page("staff_form.html", 200, headers=kept, taken=taken_down_of(fields))

    async def submit(self, request: Request) -> Response:
        """Takes a form."""
        self._user(request)
        body = await read_body(request, MAX_BODY_BYTES)
        if body is None:
            raise HTTPException(413)
        try:
            fields = fields_of_form(body)
        except ValueError:
            raise HTTPException(400) from None
        taken = taken_down_of(fields)
        if self._stamps.age_seconds(fields.get("stamp", ""), time.time()) is None:
            notice = "The page was open for too long, or did not come from here. Please send it once more."
            return self._page("staff_form.html", 403, taken=taken, notice=notice)
        if errors := taken.errors(self._today()):
            return self._page("staff_form.html", 422, taken=taken, errors=errors)
        try:
            await self._store(taken)
        except ListenerError as error:
            log.warning("receipt=%s not stored: %s", taken.receipt, error)
            notice = "Our system does not answer at the moment. Please send it again in half a minute."
            return self._page("staff_form.html", 503, {"Retry-After": "30"}, taken=taken, notice=notice)
        return self._page("staff_receipt.html", 201, receipt=taken.receipt)

    async def _store(self, taken: TakenDown) -> None:
        """Waits until the broker has it, and who took it down."""
        received_at = self._received.setdefault(taken.receipt, self._now())
        if len(self._received) > REMEMBERED:
            self._received.popitem(last=False)
        mention = mention_of(taken, self._source, self._zone, received_at)
        entry = audit_of(taken, mention)
        await anyio.to_thread.run_sync(self._deliver, RAW.name, mention.key, mention.to_json())
        await anyio.to_thread.run_sync(self._deliver, AUDIT.name, entry.actor, entry.to_json())
        log.info("stage=staff-form mention_id=%s source=%s stored", mention.mention_id, self._source)

    def _today(self) -> date:
        return self._now().astimezone(self._zone).date()

    def _user(self, request: Request) -> str:
        """Under which name somebody is signed in; empty where nobody has to be.

        Raises:
            HTTPException: the key is missing or wrong.
        """
        if self._key is None:
            return ""
        scheme, _, told = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(told, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user, password = "", ""
        if scheme.lower() != "basic" or not hmac.compare_digest(password.encode(), self._key.encode()):
            raise HTTPException(401, headers=CHALLENGE)
        return user

    def _page(
        self, name: str, status: int, headers: Mapping[str, str] | None = None, **values: object
    ) -> Response:
        limits = {"MAX_MESSAGE": MAX_MESSAGE, "MAX_NAME": MAX_NAME, "MAX_CONTACT": MAX_CONTACT}
        shown: dict[str, object] = {"errors": {}, "notice": None, "options": self._options, **limits}
        shown |= {"stamp": self._stamps.new(time.time()), "today": self._today().isoformat()}
        return HTMLResponse(PAGES.get_template(name).render(shown | values), status, headers=headers)
