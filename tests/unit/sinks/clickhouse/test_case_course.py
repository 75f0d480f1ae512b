"""How a case went, from its snapshot alone."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from listener.domain.case import Case, CaseContact
from listener.domain.contract import Versioned
from listener.domain.response import Response
from listener.examples import examples
from sinks.clickhouse.rows.case_course import Course, courses_of

T = TypeVar("T", bound=Versioned)


def example(model: type[T]) -> T:
    found = examples()[model]
    assert isinstance(found, model)
    return found


CASE, ANSWER = example(Case), example(Response)
CONTACT = CASE.contacts[0]
BEGIN = CONTACT.effective_at


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def contact(minutes: float, visibility: str = "private", **changes: Any) -> CaseContact:
    told = {"effective_at": at(minutes), "visibility": visibility, "needs_response": True, "failed": False}
    return CONTACT.model_copy(update=told | changes)


def answer(minutes: float, kind: str = "answered", **changes: Any) -> Response:
    return ANSWER.model_copy(update={"occurred_at": at(minutes), "kind": kind, "level": "agent", **changes})


def course(*contacts: CaseContact, answers: tuple[Response, ...] = (), **changes: Any) -> Course:
    told = {"contacts": contacts, "responses": answers, "clocks": (), "state": "new", "last_at": at(500)}
    [found] = courses_of([CASE.model_copy(update=told | changes)])
    return found


def test_praise_asks_nothing_and_the_first_who_asks_counts() -> None:
    praise = contact(0, needs_response=False, channel="review", need="praise")
    found = course(praise, contact(5, channel="email", need="question"))
    assert (found.asked_at, found.channel, found.need) == (at(5), "email", "question")
    assert course(praise).need == "praise"
    assert course(contact(0, needs_response=False, channel="review")).asked_at is None
    assert course() == Course()


def test_an_acknowledgement_is_no_answer_and_neither_is_what_was_said_before() -> None:
    answers = (
        answer(-5),
        answer(1, "acknowledged", level="executive"),
        answer(9, channel="phone", level="executive"),
    )
    found = course(contact(0), answers=answers)
    assert (found.first_answer_at, found.first_answer_channel, found.first_answer_level) == (
        at(9),
        "phone",
        "executive",
    )
    assert found.executive_answers == 1


def test_it_ends_with_the_answer_that_resolved_it_else_with_its_last_clock() -> None:
    assert course(contact(0), state="resolved", answers=(answer(7, "resolved"),)).ended_at == at(7)
    assert course(contact(0), state="declined").ended_at == at(500)
    assert course(contact(0), answers=(answer(7, "resolved"),), state="reopened").ended_at is None


def test_attempts_in_private_end_with_the_first_public_one_and_minutes_apart_they_are_one() -> None:
    contacts = (contact(0), contact(29), contact(60), contact(90, "public"), contact(400))
    assert course(*contacts).private_attempts == 2
    assert course(contact(0, "public"), contact(60)).private_attempts == 0


def test_going_public_counts_only_after_a_private_contact_was_failed() -> None:
    assert course(contact(0), contact(5, "public")).went_public_at is None
    assert course(contact(0, failed=True), contact(5, "public")).went_public_at == at(5)
    assert course(contact(0, "public", failed=True), contact(5, "public")).went_public_at is None
