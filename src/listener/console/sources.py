"""The page `Sources`: each configured source, whether it is read, when something was heard last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from listener.console.pages import page
from listener.console.roles import STAFF
from listener.console.section import Section

NAME = "sources"
State = Literal["well", "silent", "paused", "never heard", "not configured"]


@dataclass(frozen=True)
class SourceNow:
    """A source.

    Attributes:
        kind: as it is configured; of one that is not, the kind of its mentions.
        state: not configured: it is known by its mentions alone, such as imported files.
        why: what is wrong, in words; None where nothing is.
        heard_at: when something was heard last.
        read_at: when its connector last moved on; None of sources that others tell.
        last_hour, last_day, total: mentions received.
        dead: its open dead letters.
        page: the name of its page of the manual.
    """

    name: str
    kind: str
    state: State
    why: str | None
    heard_at: datetime | None
    read_at: datetime | None
    last_hour: int
    last_day: int
    total: int
    dead: int
    silence_hours: float | None
    lawful_basis: str | None
    page: str | None


@dataclass(frozen=True)
class SourceDesk:
    """What the section shows and does. Each may block, and raise `ServiceError`.

    Attributes:
        resume: lets a source go on that pauses, in the name of a person; how many alerts were withdrawn.
        manual: a page of the manual as safe HTML; None where there is none of that name.
    """

    sources: Callable[[], Sequence[SourceNow]]
    resume: Callable[[str, str], int]
    manual: Callable[[str], str | None]


def sources_section(desk: SourceDesk) -> Section:
    """The section."""

    def show(request: Request) -> Response:
        resumed = request.query_params.get("resumed")
        return page(request, "sources/sources.html", sources=desk.sources(), resumed=resumed)

    def resume(request: Request) -> Response:
        person = request.state.person
        if not person.may("administer"):
            raise HTTPException(403, "An admin lets a source go on.")
        source = str(request.state.form.get("source", ""))
        if not desk.resume(source, person.name):
            raise HTTPException(
                409, f"The source {source} does not pause: somebody was faster, or it went on by itself."
            )
        return RedirectResponse(f"{request.url.path.removesuffix('/resume')}?resumed=1", 303)

    def manual(request: Request) -> Response:
        text = desk.manual(request.path_params["name"])
        if text is None:
            raise HTTPException(404)
        return page(request, "sources/manual.html", text=text)

    routes = [
        Route(f"/{NAME}", show),
        Route(f"/{NAME}/resume", resume, methods=["POST"]),
        Route(f"/{NAME}/manual/{{name}}", manual),
    ]
    return Section(NAME, "Sources", routes, STAFF)
