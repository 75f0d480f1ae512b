"""Letters read from records, whatever the records hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.dead_letters.letter import FOREIGN, letter_id, parse_letter_id, read_letter
from listener.domain.dead_letter import DeadLetterResolution
from listener.kafka.dead_letters import MAX_ORIGINAL_BYTES, dead_letter_record
from unit.dead_letters.letters import NOON, WHY


@dataclass
class Read:
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    key: bytes | None = None
    topic: str = "mentions.dead"
    partition: int = 3
    offset: int = 17
    timestamp: int = int(NOON.timestamp() * 1000)


@pytest.mark.parametrize("original", [b"text", b"", None])
def test_what_was_written_is_read_back(original: bytes | None) -> None:
    key, value, headers = dead_letter_record(WHY, b"k", original)
    found = read_letter(Read(value, headers, key), {})
    assert (found.id, found.key, found.original, found.state, found.whole) == (
        "3@17",
        b"k",
        original,
        "open",
        True,
    )
    assert found.why == WHY.model_copy(update={"size": len(original or b"")})


def test_an_original_that_was_cut_is_not_whole() -> None:
    key, value, headers = dead_letter_record(WHY, b"k", bytes(MAX_ORIGINAL_BYTES + 1))
    assert not read_letter(Read(value, headers, key), {}).whole


@given(headers=st.lists(st.tuples(st.sampled_from(["listener-at", "listener-attempt", "x"]), st.binary())))
def test_a_record_that_is_not_ours_is_a_letter_that_says_so(headers: list[tuple[str, bytes]]) -> None:
    found = read_letter(Read(b"\xff", headers, timestamp=-1), {})
    assert (found.why.reason, found.why.topic, found.whole) == (FOREIGN, None, True)


def test_what_was_done_holds_only_for_the_letter_it_was_done_about() -> None:
    done = DeadLetterResolution(letter="3@17", produced_at=NOON, resolution="dropped", by="me", at=NOON)
    _, value, headers = dead_letter_record(WHY, None, b"text")
    assert read_letter(Read(value, headers), {"3@17": done}).state == "dropped"
    earlier = done.model_copy(update={"produced_at": NOON - timedelta(days=3)})
    assert read_letter(Read(value, headers), {"3@17": earlier}).state == "open"  # the topic was made anew
    assert read_letter(Read(value, headers, offset=18), {"3@17": done}).state == "open"


@given(partition=st.integers(0, 10**9 - 1), offset=st.integers(0, 10**18 - 1))
def test_an_id_names_partition_and_offset(partition: int, offset: int) -> None:
    assert parse_letter_id(letter_id(partition, offset)) == (partition, offset)


@pytest.mark.parametrize("text", ["", "3", "3@", "@17", "3@17 ", "-1@2", "3@x", "٣@1", "mentions.dead[3]@17"])
def test_anything_else_is_not_an_id(text: str) -> None:
    with pytest.raises(ValueError, match="not the id of a dead letter"):
        parse_letter_id(text)
