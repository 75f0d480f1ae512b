"""The pages `Dead letters`: what could not be processed and why; look at it, replay it, drop it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from listener.console.audit import saw
from listener.console.pages import page
from listener.console.roles import STAFF
from listener.console.section import Section
from listener.domain.errors import UsageError

NAME = "dead-letters"
SHOWN = 50
AT_ONCE = 1000
"""Letters that are replayed or dropped at once, so that the page that asks can name each."""


_DONE = re.compile(r"\d{1,4} (?:replayed|dropped)", re.ASCII)
"""What a page says was done; whoever sends somebody a link has it say nothing else."""


@dataclass(frozen=True)
class DeadFilter:
    """Which letters are meant; what is empty does not narrow."""

    reason: str = ""
    stage: str = ""
    source: str = ""
    topic: str = ""
    resolved: bool = False

    def query(self, **more: str) -> str:
        """As the end of an address."""
        told = {"reason": self.reason, "stage": self.stage, "source": self.source, "topic": self.topic}
        told |= {"resolved": "1" if self.resolved else ""} | more
        return urlencode({name: value for name, value in told.items() if value})


@dataclass(frozen=True)
class DeadRow:
    """A letter in a list."""

    id: str
    at: datetime
    state: str
    stage: str
    source: str | None
    reason: str
    detail: str
    origin: str
    topic: str | None
    size: int
    attempt: int


@dataclass(frozen=True)
class DeadPage:
    """Some letters of a filter, the newest first.

    Attributes:
        count: how many it holds for in all.
        older: id of the last one, if there are more.
        choices: name of a filter's field to the values that there are.
    """

    rows: Sequence[DeadRow]
    count: int
    older: str | None
    choices: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class DeadShown:
    """A letter with its original: as text, or as hex where it is no text; every odd character as an escape."""

    row: DeadRow
    resolution: str | None
    key: str | None
    sha256: str | None
    original: str
    is_hex: bool
    left_out: int
    whole: bool


@dataclass(frozen=True)
class DeadPlanned:
    """What a replay would do with a letter; `obstacle` is why it cannot be, in words."""

    id: str
    origin: str
    topic: str | None
    attempt: int
    obstacle: str | None


class DeadLetterBox(Protocol):
    """The dead letters. Each may block.

    Raises:
        UsageError: an id is none, or its letter is not open any more.
        ServiceError: Kafka does not answer, or a letter is gone.
    """

    def find(self, wanted: DeadFilter, after: str | None, most: int) -> DeadPage:
        """Letters behind the one with the id `after`."""

    def show(self, letter_id: str) -> DeadShown:
        """One with its original."""

    def plan(self, ids: Sequence[str]) -> Sequence[DeadPlanned]:
        """What a replay would do. Publishes nothing."""

    def replay(self, ids: Sequence[str], by: str) -> int:
        """Publishes the originals of those without an obstacle; how many there were."""

    def drop(self, ids: Sequence[str], why: str, by: str) -> int:
        """Says that nothing is to be done about them; how many there were."""


def dead_letters_section(box: DeadLetterBox) -> Section:
    """The section."""
    pages = _Pages(box)
    routes = [
        Route(f"/{NAME}", pages.find),
        Route(f"/{NAME}/plan", pages.plan, methods=["POST"]),
        Route(f"/{NAME}/do", pages.do, methods=["POST"]),
        Route(f"/{NAME}/{{letter}}", pages.show),
    ]
    return Section(NAME, "Dead letters", routes, STAFF)


class _Pages:
    def __init__(self, box: DeadLetterBox) -> None:
        self._box = box

    def find(self, request: Request) -> Response:
        """Those of a filter."""
        wanted = _filter(request.query_params)
        found = self._box.find(wanted, request.query_params.get("after"), SHOWN)
        told = request.query_params.get("done", "")
        done = told if _DONE.fullmatch(told) else ""
        older = f"/{NAME}?{wanted.query(after=found.older)}" if found.older else None
        return page(request, "dead_letters/list.html", found=found, wanted=wanted, older=older, done=done)

    def show(self, request: Request) -> Response:
        """One; its original may hold what a customer said, so that a look is written down."""
        _require_admin(request)
        letter = self._box.show(request.path_params["letter"])
        saw(request, "dead_letter", letter.row.id)
        return page(request, "dead_letters/show.html", letter=letter)

    def plan(self, request: Request) -> Response:
        """What would be done: the page that asks whether to."""
        _require_admin(request)
        form: FormData = request.state.form
        action = _action(form)
        ids, more = self._meant(form)
        if not ids:
            raise UsageError("No letter is chosen, or none is open any more. Go back and choose some.")
        planned = self._box.plan(ids) if action == "replay" else []
        ready = [one.id for one in planned if one.obstacle is None] if action == "replay" else ids
        return page(
            request,
            "dead_letters/plan.html",
            action=action,
            planned=planned,
            ready=ready,
            more=more,
            why="",
            error="",
        )

    def do(self, request: Request) -> Response:
        """Does it."""
        _require_admin(request)
        form: FormData = request.state.form
        action, by = _action(form), request.state.person.name
        ids = str(form.get("ids", "")).split()[:AT_ONCE]
        why = str(form.get("why", "")).strip()[:1000]
        if action == "drop" and not why:
            told: dict[str, Any] = {"action": action, "planned": [], "ready": ids, "more": 0, "why": why}
            error = "Say why nothing is to be done: it goes to the audit log."
            return page(request, "dead_letters/plan.html", 422, **told, error=error)
        count = self._box.replay(ids, by) if action == "replay" else self._box.drop(ids, why, by)
        done = "replayed" if action == "replay" else "dropped"
        return RedirectResponse(f"/{NAME}?{urlencode({'done': f'{count} {done}'})}", 303)

    def _meant(self, form: FormData) -> tuple[list[str], int]:
        """Ids, and how many more the filter holds for than are done at once."""
        if form.get("which") != "all":
            return [str(one) for one in form.getlist("letter")][:AT_ONCE], 0
        wanted = _filter(QueryParams(str(form.get("filter", ""))))
        found = self._box.find(wanted, None, AT_ONCE)
        return [row.id for row in found.rows if row.state == "open"], max(0, found.count - AT_ONCE)


def _filter(told: QueryParams) -> DeadFilter:
    return DeadFilter(
        reason=told.get("reason", ""),
        stage=told.get("stage", ""),
        source=told.get("source", ""),
        topic=told.get("topic", ""),
        resolved=told.get("resolved", "") == "1",
    )


def _action(form: FormData) -> str:
    action = form.get("action")
    if action not in ("replay", "drop"):
        raise UsageError("Say whether to replay or to drop.")
    return str(action)


def _require_admin(request: Request) -> None:
    if not request.state.person.may("administer"):
        raise HTTPException(
            403, "Originals hold what customers said: admins look at them, replay and drop them."
        )
