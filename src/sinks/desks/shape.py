"""What several desks' adapters do with drafts and with what desks answer."""

import html
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from listener.domain.desk import AnswerKind, DeskAnswers
from listener.domain.errors import Busy, ListenerError, Rejected, ServiceError
from sinks.desks.desk import Update
from sinks.desks.server import DeskServer

REFUSED_SECONDS = 5.0
SHORTENED = "\n(shortened)"
_END_OF_LINE = re.compile(r"<br\s*/?>|</(?:p|div|li|h[1-6]|tr)>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")


def step_of(priority: int, names: Sequence[str]) -> str:
    """The name of a priority where a desk knows only a few, evenly spread.

    Args:
        priority: 0 to 100, the most urgent.
        names: the least first.
    """
    return names[priority * len(names) // 101]


def ended_by(marks: Collection[str], declined: str, no_response: str) -> tuple[AnswerKind, str | None]:
    """How a ticket ended that people closed, and the tag or label that says so; None where none does.

    With both marks it was declined: somebody who asked is not to be taken for one who did not.

    Args:
        marks: those that it has.
        declined, no_response: what each is called there.
    """
    if declined in marks:
        return "declined", declined
    return ("needs_no_response", no_response) if no_response in marks else ("resolved", None)


def without_told(update: Update, said: Iterable[str]) -> Update:
    """An update without the entries that stand in a text of the ticket already."""
    texts = tuple(said)
    left = tuple(entry for entry in update.entries if not any(entry.mark in text for text in texts))
    return replace(update, entries=left)


def cut(text: str, max_bytes: int) -> str:
    """A text that fits, in UTF-8; where something had to go, the end says so."""
    raw = text.encode()
    if len(raw) <= max_bytes:
        return text
    return raw[: max_bytes - len(SHORTENED)].decode(errors="ignore") + SHORTENED


def plain_text(markup: str) -> str:
    """What HTML says, without empty lines."""
    text = html.unescape(_TAG.sub("", _END_OF_LINE.sub("\n", markup)))
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def rows(found: Any, *names: str) -> list[Mapping[str, Any]]:
    """The list of objects under a path of names.

    Raises:
        Busy: there is none, so this is not the answer that the documentation tells of.
    """
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise Busy(f"the desk answers without the list {'.'.join(names) or 'that was asked for'}")
    return found


def only(found: Any, *names: str) -> Mapping[str, Any]:
    """The object under a path of names.

    Raises:
        Busy: as `rows`.
    """
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise Busy(f"the desk answers without the object {'.'.join(names) or 'that was asked for'}")
    return found


def page_of(ask: Callable[[], DeskAnswers]) -> DeskAnswers:
    """A page of answers, for `AnsweringDesk.answers`.

    Raises:
        Busy: also where something is refused, such as what somebody deletes while it is read.
    """
    try:
        return ask()
    except Rejected as refused:
        raise Busy(str(refused), REFUSED_SECONDS) from None


def checked(server: DeskServer, path: str, what: str) -> Any:
    """What is at a path, for `Desk.check`.

    Args:
        what: for people: what is not there if this fails.

    Raises:
        ServiceError: it cannot be had.
    """
    try:
        return server.ask("GET", path)
    except ListenerError as error:
        raise ServiceError(f"{what}: {error}") from None
