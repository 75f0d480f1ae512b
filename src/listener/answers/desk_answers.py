"""Asking a desk what people answered there, and publishing it.

    1. The desk is asked what there is since the position.
    2. Each answer becomes a `Response` to its case, or commands about it where it says that nobody has to answer;
       the broker acknowledges them all.
    3. Only then the position moves, on `connector.cursors`.

A crash in between reads the same again, and an answer that comes again is the same response, or the same commands.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from threading import Event
from typing import Any

from listener.answers.case_index import CaseIndex, Place
from listener.desks import AnsweredThere
from listener.domain.command import CaseCommand
from listener.domain.connector_state import Cursor
from listener.domain.contact import shorten
from listener.domain.desk import DeskAnswer, DeskAnswers, told_at
from listener.domain.errors import Busy
from listener.domain.governance import AuditEntry
from listener.domain.ids import digest
from listener.domain.response import Response
from listener.domain.topics import AUDIT, COMMANDS, CURSORS, RESPONSES
from listener.kafka.publish import Outlet
from listener.metrics import DESK_ANSWERS

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 60.0
MAX_REASON = 1000
MAX_BY = 200
"""Characters of a name that a command takes."""
UNKNOWN = "unknown_case"
"""Kind, for the metrics, of an answer whose case nobody knows."""

Ask = Callable[[Mapping[str, Any] | None], DeskAnswers]
Audit = Callable[[CaseCommand, str], AuditEntry]
"""The entry that says who did what to which case."""


def cursor_key(desk: str) -> str:
    """The key of a desk's position; no source has such a name."""
    return f"desk:{desk}"


class DeskAnswersLoop:
    """Asks one desk again and again.

    Args:
        desk: its name.
        ask: as `AnsweringDesk.answers`.
        counted: how what is answered there counts.
        cases: whose each case is.
        audit: makes the entry of a command.
        outlet: takes responses, commands and positions.
        position: where to go on; None at the very first start.
        now: stamps what comes in.

    Attributes:
        well: whether the desk answered the last time.
    """

    def __init__(
        self,
        desk: str,
        ask: Ask,
        counted: AnsweredThere,
        cases: CaseIndex,
        audit: Audit,
        outlet: Outlet,
        position: Mapping[str, Any] | None,
        now: Callable[[], datetime],
    ) -> None:
        self.well = True
        self._desk = desk
        self._ask = ask
        self._counted = counted
        self._cases = cases
        self._audit = audit
        self._outlet = outlet
        self._position = position
        self._now = now

    def run(self, every_seconds: float, stop: Event, beat: Callable[[], None] = lambda: None) -> None:
        """Asks until it is told to stop.

        Raises:
            ServiceError: Kafka does not take what was answered; the position stands before it.
        """
        wait_seconds = 0.0
        while not _stopped_within(wait_seconds, stop, beat):
            try:
                wait_seconds = 0.0 if self.ask_once() else every_seconds
                self.well = True
            except Busy as busy:
                self.well = False
                wait_seconds = min(LONGEST_WAIT_SECONDS, max(busy.retry_after_seconds, every_seconds))
                log.warning("desk=%s answers wait=%.1fs: %s", self._desk, wait_seconds, busy)

    def ask_once(self) -> bool:
        """Reads one page; whether there is more already.

        Raises:
            Busy: the desk is away.
            ServiceError: as `run`.
        """
        page = self._ask(self._position)
        for answer in page.answers:
            self._tell(answer)
        self._outlet.flush()
        if page.position != self._position:
            position = dict(page.position)
            key = cursor_key(self._desk)
            self._outlet.publish(
                CURSORS.name, key, Cursor(source=key, position=position, at=self._now()).to_json()
            )
            self._outlet.flush()
            self._position = position
        return page.more

    def _tell(self, answer: DeskAnswer) -> None:
        place = self._cases.find(answer.case_id)
        if place is None:
            DESK_ANSWERS.labels(self._desk, UNKNOWN).inc()
            log.warning(
                "desk=%s answer=%s passed over: its case_id=%s is not known",
                self._desk,
                answer.answer_id,
                answer.case_id,
            )
            return
        if answer.kind == "needs_no_response":
            for command in commands_of(answer, self._desk, place, self._now()):
                entry = self._audit(command, place.case_id)
                self._outlet.publish(COMMANDS.name, command.author, command.to_json())
                self._outlet.publish(AUDIT.name, entry.actor, entry.to_json())
        if answer.kind != "needs_no_response" or answer.text:
            response = response_of(
                answer, self._desk, self._counted, place.contact, place.author, self._now()
            )
            self._outlet.publish(RESPONSES.name, response.author, response.to_json())
        DESK_ANSWERS.labels(self._desk, answer.kind).inc()
        log.info(
            "desk=%s case_id=%s answer=%s%s %s",
            self._desk,
            place.case_id,
            told_at(self._desk),
            answer.answer_id,
            answer.kind,
        )


def commands_of(answer: DeskAnswer, desk: str, place: Place, now: datetime) -> Iterator[CaseCommand]:
    """What goes on the topic where nobody has to answer.

    What else was said in the case by then would wait on, as a case named after another contact, though its ticket
    is closed: that contact's case is closed, first, while both are one. Where there is none, nothing is closed, so
    that whoever takes the word back later has a case that waits.

    Args:
        now: no command counts as given later.
    """
    at = min(answer.at, now)
    about = [("needs_no_response", place.contact, place.author)]
    if place.second is not None and place.second.at <= at:
        about.insert(0, ("close", place.second.contact, place.second.author))
    for action, contact, author in about:
        yield CaseCommand.model_validate(
            {
                "command_id": f"cmd:{digest('desk', desk, answer.answer_id, action)}",
                "action": action,
                "author": author,
                "contacts": (contact,),
                "by": answer.by[:MAX_BY],
                "at": at,
                "reason": shorten(answer.reason or answer.text, MAX_REASON),
            }
        )


def response_of(
    answer: DeskAnswer, desk: str, counted: AnsweredThere, contact: str, author: str, now: datetime
) -> Response:
    """What goes on the topic. Its times are the desk's, so that a repeat makes the same record.

    What was said to a customer who needs no response was an answer all the same.

    Args:
        contact, author: what is answered, and whose it is.
        now: no answer counts as given later.
    """
    at = min(answer.at, now)
    reason = answer.reason or answer.text or "no reason was given there"
    return Response(
        response_id=f"{told_at(desk)}{answer.answer_id}",
        contact=contact,
        author=author,
        channel=counted.channel,
        by=answer.by[:300],
        level=counted.level_of(answer.by),
        kind="answered" if answer.kind == "needs_no_response" else answer.kind,
        reason=shorten(reason, MAX_REASON) if answer.kind == "declined" else None,
        excerpt=shorten(answer.text),
        occurred_at=at,
        received_at=at,
    )


def _stopped_within(seconds: float, stop: Event, beat: Callable[[], None]) -> bool:
    """Waits; whether it was told to stop meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        beat()
        left = deadline - time.monotonic()
        if stop.wait(max(0.0, min(1.0, left))):
            return True
        if left <= 1.0:
            return stop.is_set()
