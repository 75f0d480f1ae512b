"""How the matter of a case went, in a few figures that analysts need in nearly every question.

They follow from the snapshot alone, so a row needs no other one. A snapshot shows the first and the last 50
contacts and answers: what lies between them is not looked at.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from listener.domain.case import Case, CaseContact
from listener.domain.enriched import Need
from listener.domain.mention import Channel, Visibility
from listener.domain.response import Level

ONE_ATTEMPT = timedelta(minutes=30)
"""Contacts so soon after the first of an attempt belong to it."""


class Course(NamedTuple):
    """What became of a case.

    Attributes:
        asked_at: when the first contact that wants an answer was made; None where none does.
        channel, need, visibility, source: of that contact, else of the first; None where no contact is left.
        first_answer_at: when a person answered it first, in whatever channel.
        first_answer_channel, first_answer_level: of that answer.
        ended_at: since when it is resolved or declined; None while it is neither.
        private_attempts: private attempts to get an answer before the first public one; all, where none was.
        went_public_at: first public contact after a private one that the company failed.
        executive_answers: answers by executives.
    """

    asked_at: datetime | None = None
    channel: Channel | None = None
    need: Need | None = None
    visibility: Visibility | None = None
    source: str | None = None
    first_answer_at: datetime | None = None
    first_answer_channel: Channel | None = None
    first_answer_level: Level | None = None
    ended_at: datetime | None = None
    private_attempts: int = 0
    went_public_at: datetime | None = None
    executive_answers: int = 0


def courses_of(cases: Sequence[Case]) -> list[Course]:
    """The course of each case."""
    return [_course(case) for case in cases]


def _course(case: Case) -> Course:
    asking = [contact for contact in case.contacts if contact.needs_response]
    first = asking[0] if asking else case.contacts[0] if case.contacts else None
    if first is None:
        return Course()
    asked_at = first.effective_at if asking else None
    answer = next(
        (
            answer
            for answer in case.responses
            if answer.kind != "acknowledged" and asked_at is not None and answer.occurred_at >= asked_at
        ),
        None,
    )
    return Course(
        asked_at,
        first.channel,
        first.need,
        first.visibility,
        first.source,
        None if answer is None else answer.occurred_at,
        None if answer is None else answer.channel,
        None if answer is None else answer.level,
        _ended_at(case),
        _private_attempts(asking),
        _went_public_at(case.contacts),
        sum(answer.level == "executive" and answer.kind != "acknowledged" for answer in case.responses),
    )


def _ended_at(case: Case) -> datetime | None:
    """The answer that ended it; where a person closed it, when its last clock stopped."""
    if case.state not in ("resolved", "declined"):
        return None
    ended = [answer.occurred_at for answer in case.responses if answer.kind == case.state]
    stopped = [clock.stopped_at for clock in case.clocks if clock.stopped_at is not None]
    return ended[-1] if ended else max(stopped, default=case.last_at)


def _private_attempts(asking: Sequence[CaseContact]) -> int:
    attempts = 0
    begun: datetime | None = None
    for contact in asking:
        if contact.visibility == "public":
            break
        if begun is None or contact.effective_at - begun > ONE_ATTEMPT:
            attempts += 1
            begun = contact.effective_at
    return attempts


def _went_public_at(contacts: Sequence[CaseContact]) -> datetime | None:
    failed = False
    for contact in contacts:
        if contact.visibility == "public":
            if failed:
                return contact.effective_at
        elif contact.failed:
            failed = True
    return None
