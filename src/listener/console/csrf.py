"""No other site sends a form in the name of somebody who is signed in: each carries a token of their session."""

import hmac

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from listener.console.roles import Person
from listener.web import read_body

FIELD = "csrf"
HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY_BYTES = 1024 * 1024
MAX_FIELDS = 1000


def csrf_token(key: bytes, person: Person) -> str:
    """What the forms of a person carry."""
    return hmac.digest(key, f"csrf\0{person.session}\0{person.name}".encode(), "sha256").hex()


async def read_form(request: Request, key: bytes, person: Person) -> FormData:
    """What a form sends, once it is certain that it came from a page of ours.

    Raises:
        HTTPException: it did not, or is too large, or does not come, or is no form.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "This form was sent by another site.")
    body = await read_body(request, MAX_BODY_BYTES)
    if body is None:
        raise HTTPException(413, f"More than {MAX_BODY_BYTES // 1024} kB are not taken.")
    form = await Request(request.scope, _once(body)).form(max_fields=MAX_FIELDS, max_files=1)
    told = request.headers.get(HEADER) or form.get(FIELD)
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), csrf_token(key, person).encode()):
        raise HTTPException(
            403,
            "The page was open for too long, or did not come from here. Go back, reload it, and send it again.",
        )
    return form


def _once(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
