"""How one clock stands: running, paused, met, breached or withdrawn; and the clock as it is published.

A clock is met exactly if a valid stop occurred by `due_at`; so neither the order of arrival nor a restart
changes what became of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from listener.domain.clock import Clock, ClockFamily, ClockState
from listener.domain.quick_read import maker
from stream.moments import from_ms
from stream.triage.course import Wait
from stream.triage.due import Pause
from stream.triage.events import Event
from stream.triage.policy import Policy

T = TypeVar("T")

_make_clock = maker(Clock)


class Reckoning(Protocol):
    """When a clock is due, and when it warns, for pauses that have ended."""

    def __call__(self, pauses: Sequence[Pause], /) -> tuple[int, int]: ...


@dataclass(slots=True)
class Start:
    """What a clock rests on.

    Attributes:
        kept: whether any of it is still there at its source.
        live: whether any of it was heard as it happened.
    """

    anchor: str
    at_ms: int
    kept: bool
    live: bool


class Standing(NamedTuple):
    """How a clock stands."""

    state: ClockState
    due_ms: int
    warn_ms: int
    paused_ms: int | None


def stand(
    start: Start, stop_ms: int | None, waits: Sequence[Wait], reckon: Reckoning, now_ms: int
) -> Standing:
    """What became of a clock.

    Args:
        stop_ms: time of its first valid stop.
        waits: when it is paused, by time.
    """
    pauses: list[Pause] = []
    paused_ms: int | None = None
    for wait in waits:
        begin = max(wait.from_ms, start.at_ms)
        end = stop_ms if wait.until_ms is None else wait.until_ms
        if stop_ms is not None and end is not None:
            end = min(end, stop_ms)
        if end is None:
            paused_ms = begin
        elif end > begin:
            pauses.append((begin, end))
    due_ms, warn_ms = reckon(pauses)
    if paused_ms is not None and paused_ms >= due_ms:
        paused_ms = None
    if stop_ms is not None and stop_ms <= due_ms:
        return Standing("met", due_ms, warn_ms, None)
    if not start.kept:
        return Standing("withdrawn", due_ms, warn_ms, None)
    if stop_ms is not None:
        return Standing("breached", due_ms, warn_ms, None)
    if paused_ms is not None:
        return Standing("paused", due_ms, warn_ms, paused_ms)
    return Standing("breached" if now_ms > due_ms else "running", due_ms, warn_ms, None)


def clock_of(
    kind: str,
    start: Start,
    stop: Event | None,
    standing: Standing,
    policy: Policy,
    now_ms: int,
    *,
    family: ClockFamily = "promise",
    jurisdiction: str | None = None,
    hole_ms: int | None = None,
) -> Clock:
    return _make_clock(
        kind=kind,
        family=family,
        jurisdiction=jurisdiction,
        anchor=start.anchor,
        started_at=from_ms(start.at_ms),
        due_at=from_ms(standing.due_ms),
        warn_at=from_ms(standing.warn_ms),
        warned=standing.state == "running" and now_ms >= standing.warn_ms,
        stopped_at=None if stop is None else from_ms(stop.at_ms),
        stopped_by=None if stop is None else stop.name,
        paused_at=None if standing.paused_ms is None else from_ms(standing.paused_ms),
        black_hole_at=None if hole_ms is None else from_ms(hole_ms),
        state=standing.state,
        historical=not start.live,
        policy_hash=policy.hash,
    )


def ends(items: Sequence[T]) -> Sequence[T]:
    """The first and the last."""
    return items if len(items) <= 2 else (items[0], items[-1])
