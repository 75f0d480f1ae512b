"""The page `Now`: what flows, who waits, what a person should look at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from listener.console.pages import page
from listener.console.roles import STAFF
from listener.console.section import Section
from listener.domain.errors import ListenerError

NAME = "now"
SHOWN_ALERTS = 12
T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """A stage or a sink.

    Attributes:
        waiting: records that it has not processed yet.
        per_minute: records that it processed lately; None until it was watched for some seconds.
    """

    name: str
    waiting: int
    per_minute: float | None


@dataclass(frozen=True)
class Flow:
    """How the stream is at a moment; `heard_per_minute` is of mentions, None as above."""

    heard_per_minute: float | None
    stages: Sequence[Stage]


@dataclass(frozen=True)
class QueueNow:
    """The cases of a queue that wait for us; `oldest_case` is the one that does longest, since `oldest_since`."""

    queue: str
    waiting: int
    overdue: int
    oldest_since: datetime | None
    oldest_case: str


@dataclass(frozen=True)
class AlertNow:
    """An alert that stands."""

    kind: str
    severity: str
    subject: str
    due_at: datetime
    text: str


@dataclass(frozen=True)
class Alerts:
    """Those that stand: how many, and the gravest, the newest first."""

    count: int
    silent: int
    gravest: Sequence[AlertNow]


@dataclass(frozen=True)
class DeadGroup:
    """Open dead letters with the same stage, source and reason."""

    stage: str
    source: str | None
    reason: str
    letters: int
    newest: datetime


@dataclass(frozen=True)
class NowFigures:
    """What the page is made of. Each may block, and raise `ServiceError`; the page then shows the others."""

    flow: Callable[[], Flow]
    queues: Callable[[], Sequence[QueueNow]]
    alerts: Callable[[int], Alerts]
    dead: Callable[[], Sequence[DeadGroup]]
    now: Callable[[], datetime]


def now_section(figures: NowFigures) -> Section:
    """The section."""

    def show(request: Request) -> Response:
        flow, queues = _seen(figures.flow), _seen(figures.queues)
        alerts, dead = _seen(lambda: figures.alerts(SHOWN_ALERTS)), _seen(figures.dead)
        waiting = [queue for queue in queues.value or () if queue.oldest_since is not None]
        oldest = min(waiting, key=lambda queue: queue.oldest_since, default=None)
        return page(
            request,
            "now/now.html",
            flow=flow,
            queues=queues,
            alerts=alerts,
            dead=dead,
            oldest=oldest,
            at=figures.now(),
        )

    return Section(NAME, "Now", [Route(f"/{NAME}", show)], STAFF)


def flow_event(flow: Flow, alerts: int, dead: int) -> dict[str, Any]:
    """What open pages are told every other second."""
    return {
        "heard": flow.heard_per_minute,
        "stages": {stage.name: [stage.waiting, stage.per_minute] for stage in flow.stages},
        "counts": {NAME: alerts, "dead-letters": dead},
    }


@dataclass(frozen=True)
class _Seen:
    """A part of the page, or why it cannot be shown."""

    value: Any
    error: str | None


def _seen(look: Callable[[], T]) -> _Seen:
    try:
        return _Seen(look(), None)
    except ListenerError as error:
        return _Seen(None, str(error))
