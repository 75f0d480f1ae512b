"""The course of a case: when it was open, and when it waited for the customer."""

from collections.abc import Iterable
from dataclasses import dataclass

from stream.triage.events import Act, Answer, Event, Said
from stream.triage.life import Life


@dataclass(slots=True)
class Wait:
    """From when on we waited for the customer, and until when; None: still."""

    from_ms: int
    until_ms: int | None = None


@dataclass(slots=True)
class Matter:
    """A time in which the case was open.

    Attributes:
        opened_by: a contact, or the command by which a person reopened it.
        ended_by: what resolved, declined or closed it; None: it is open.
    """

    opened_by: Said | Act
    ended_by: Event | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """Both by time."""

    matters: tuple[Matter, ...]
    waits: tuple[Wait, ...]


def course_of(events: Iterable[Event]) -> Course:
    """Follows a case through its events, by time, as its state does."""
    life = Life()
    matters: list[Matter] = []
    waits: list[Wait] = []
    is_open = waited = False
    for event in events:
        life.take(event)
        if is_open and not life.is_open:
            matters[-1].ended_by, is_open = event, False
        elif not is_open and not isinstance(event, Answer) and _asks(event):
            matters.append(Matter(event))
            is_open = True
        waiting = is_open and life.state == "waiting_for_customer"
        if waiting and not waited:
            waits.append(Wait(event.at_ms))
        elif waited and not waiting:
            waits[-1].until_ms = event.at_ms
        waited = waiting
    return Course(tuple(matters), tuple(waits))


def _asks(event: Said | Act) -> bool:
    return event.row.needs_response if isinstance(event, Said) else event.row.action == "reopen"
