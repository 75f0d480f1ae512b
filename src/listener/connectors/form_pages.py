"""What the pages with forms share: templates, style, protective headers, reading what a form sends."""

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

MAX_FIELDS = 20
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_HERE = Path(__file__).parent
_STYLE = (_HERE / "static" / "feedback.css").read_text(encoding="utf-8")
PAGES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Headers:
    """Adds the protective headers to every answer."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Answers one request."""

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.lower().encode() not in there
                    ),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def style(request: Request) -> Response:
    """The style sheet."""
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=300"})


async def plain_error(request: Request, error: Exception) -> Response:
    """In a few words, for pages that are not there and the like."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "There is no such page here. The form is at /", 405: "That cannot be done here."}
    headers = error.headers if isinstance(error, HTTPException) else None
    return PlainTextResponse(words.get(status, "Something went wrong.") + "\n", status, headers=headers)


def fields_of_form(body: bytes) -> dict[str, str]:
    """The fields of ``application/x-www-form-urlencoded`` in UTF-8; the last of a name counts.

    Raises:
        ValueError: more fields than any form of ours has.
    """
    try:
        text = body.decode("ascii", errors="replace")
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise ValueError(f"There are more than {MAX_FIELDS} fields.") from None
    return dict(pairs)
