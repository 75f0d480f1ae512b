"""What the headers of a dead letter, and of a record that was published again, say."""

import pytest

from listener.domain.dead_letter import DeadLetter, attempt_of
from listener.examples import examples


@pytest.mark.parametrize(
    ("headers", "attempt"),
    [
        (None, 1),
        ((), 1),
        ([("other", b"7")], 1),
        ([("other", b"7"), ("listener-attempt", b"3")], 3),
        ([("listener-attempt", b"0")], 1),
        ([("listener-attempt", b"-2")], 1),
        ([("listener-attempt", b"two")], 1),
        ([("listener-attempt", b"")], 1),
        ([("listener-attempt", b"\xff")], 1),
        ([("listener-attempt", b"9" * 5000)], 1),
    ],
)
def test_a_record_is_the_first_attempt_unless_a_header_of_ours_says_otherwise(
    headers: list[tuple[str, bytes]] | None, attempt: int
) -> None:
    assert attempt_of(headers) == attempt


def test_a_header_without_a_value_is_as_if_it_were_not_there() -> None:
    letter = examples()[DeadLetter]
    assert isinstance(letter, DeadLetter)
    headers = [(name, None if name == "listener-source" else value) for name, value in letter.to_headers()]
    assert DeadLetter.from_headers(headers) == letter.model_copy(update={"source": None})
