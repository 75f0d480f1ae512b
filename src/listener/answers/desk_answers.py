"""Asking a desk what people answered there, and publishing it.

    1. The desk is asked what there is since the position.
    2. Each answer becomes a `Response` to its case; the broker acknowledges them all.
    3. Only then the position moves, on `connector.cursors`.

A crash in between reads the same again, and an answer that comes again is the same response.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Event
from typing import Any

from listener.answers.case_index import CaseIndex
from listener.desks import AnsweredThere
from listener.domain.connector_state import Cursor
from listener.domain.contact import shorten
from listener.domain.desk import DeskAnswer, DeskAnswers, told_at
from listener.domain.errors import Busy
from listener.domain.response import Response
from listener.domain.topics import CURSORS, RESPONSES
from listener.kafka.publish import Outlet
from listener.metrics import DESK_ANSWERS

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 60.0
MAX_REASON = 1000
UNKNOWN = "unknown_case"
"""Kind, for the metrics, of an answer whose case nobody knows."""

Ask = Callable[[Mapping[str, Any] | None], DeskAnswers]


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
        outlet: takes responses and positions.
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
        outlet: Outlet,
        position: Mapping[str, Any] | None,
        now: Callable[[], datetime],
    ) -> None:
        self.well = True
        self._desk = desk
        self._ask = ask
        self._counted = counted
        self._cases = cases
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
        response = response_of(answer, self._desk, self._counted, place.contact, place.author, self._now())
        self._outlet.publish(RESPONSES.name, response.author, response.to_json())
        DESK_ANSWERS.labels(self._desk, answer.kind).inc()
        log.info(
            "desk=%s case_id=%s response_id=%s %s",
            self._desk,
            place.case_id,
            response.response_id,
            answer.kind,
        )


def response_of(
    answer: DeskAnswer, desk: str, counted: AnsweredThere, contact: str, author: str, now: datetime
) -> Response:
    """What goes on the topic. Its times are the desk's, so that a repeat makes the same record.

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
        kind=answer.kind,
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
