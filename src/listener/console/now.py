"""The page `Now`: what flows, what waits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from listener.console.pages import page
from listener.console.roles import STAFF
from listener.console.section import Section

NAME = "now"


@dataclass(frozen=True)
class Flow:
    """How the stream is at a moment.

    Attributes:
        waiting: stage or sink to the records that it has not processed yet.
    """

    at: datetime
    waiting: Mapping[str, int]


def now_section(look: Callable[[], Flow]) -> Section:
    """The section.

    Args:
        look: the newest figures; may block.
    """

    def show(request: Request) -> Response:
        return page(request, "now/now.html", flow=look())

    return Section(NAME, "Now", [Route(f"/{NAME}", show)], STAFF)
