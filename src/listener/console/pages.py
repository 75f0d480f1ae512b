"""Pages from templates: what each of them is given, and how they are written."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from listener.console.csrf import FIELD

HERE = Path(__file__).parent
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "listener-theme"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)")


@cache
def environment() -> Environment:
    """Templates of the console, in which every text is only ever text; compiled once in a process."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"iso": iso, "utc": utc, "grouped": grouped, "moments_apart": moments_apart}
    made.tests["web_address"] = is_web_address
    return made


def page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page.

    Args:
        template: such as ``cases/list.html``; extends ``layout.html``.
        context: what it shows, beside `person`, `sections`, `section`, `csrf`, `theme` and `request`.
    """
    state = request.app.state
    templates: Environment = state.templates
    person = getattr(request.state, "person", None)
    shown: dict[str, Any] = {
        "request": request,
        "person": person,
        "section": getattr(request.state, "section", None),
        "sections": [s for s in state.sections if person and s.label and person.role in s.seen_by],
        "csrf_field": FIELD,
        "csrf": getattr(request.state, "csrf", ""),
        "theme": theme_of(request),
        "assets": state.assets,
    }
    return HTMLResponse(templates.get_template(template).render(shown | context), status)


def theme_of(request: Request) -> str:
    """Which theme a person chose; ``auto`` follows their system."""
    chosen = request.cookies.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def iso(moment: datetime) -> str:
    """For machines: ``2026-01-31T23:59:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(moment: datetime) -> str:
    """For people without scripts: ``31 Jan 2026, 23:59 UTC``."""
    return moment.astimezone(UTC).strftime("%-d %b %Y, %H:%M UTC")


def moments_apart(text: str) -> list[str | datetime]:
    """The parts of a text that was written for machines, too: the moments in it, and the words between them."""
    parts: list[str | datetime] = []
    for place, part in enumerate(_MOMENT.split(text)):
        try:
            parts.append(datetime.fromisoformat(part) if place % 2 else part)
        except ValueError:  # it only looks like one
            parts.append(part)
    return parts


def grouped(number: float) -> str:
    """A number with narrow spaces between thousands: 12 345."""
    return f"{number:,}".replace(",", "\u202f")


def is_web_address(text: str | None) -> bool:
    """Whether a link may lead there."""
    return text is not None and text.startswith(("https://", "http://"))
