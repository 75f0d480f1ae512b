"""A log is read by many: one line an event, and nothing of what people wrote."""

import logging
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from listener.domain.case import Case
from listener.domain.errors import Rejected, ServiceError
from listener.logs import LineFormatter

WORDS = "my card number is 4929"


def formatted(message: str, action: Callable[[], object] | None = None) -> str:
    """What stands in the log about an error of the action."""
    record = logging.LogRecord("stream.worker", logging.ERROR, __file__, 1, message, (), None)
    if action is not None:
        try:
            action()
        except Exception as error:  # noqa: BLE001  # whatever it raises
            record.exc_info = (type(error), error, error.__traceback__)
    return LineFormatter().format(record)


def refuse() -> None:
    Case.model_validate({"case_id": WORDS, "summary": WORDS})


def wrap() -> None:
    try:
        refuse()
    except ValidationError as error:
        raise ServiceError("the case of K-1 cannot be made") from error


def test_an_exception_is_told_without_the_text_that_it_quotes() -> None:
    with pytest.raises(ValidationError, match=WORDS):
        refuse()
    told = formatted("stage=triage: folding failed", refuse)
    assert WORDS not in told
    assert "in refuse" in told
    assert told.endswith("ValidationError")


def test_our_own_errors_are_told_with_their_words_and_their_cause() -> None:
    told = formatted("stage=triage", wrap)
    assert WORDS not in told
    assert told.endswith("ServiceError: the case of K-1 cannot be made")
    assert "ValidationError\n" in told, "the cause comes first"


def test_an_error_that_hides_its_cause_is_told_alone() -> None:
    def hide() -> None:
        try:
            refuse()
        except ValidationError:
            raise Rejected("invalid", "case_id: too long") from None

    assert "ValidationError" not in formatted("x", hide)


def test_what_is_in_an_id_makes_no_second_line() -> None:
    assert formatted("mention_id=a\r\nERROR b").endswith(r"mention_id=a\r\nERROR b")
