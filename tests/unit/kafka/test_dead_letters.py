"""Dead letters keep the original as it came, or say where the whole of it is."""

from datetime import UTC, datetime
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from listener.domain.dead_letter import DeadLetter
from listener.domain.topics import MAX_DEAD_BYTES
from listener.kafka.dead_letters import KEPT_BYTES, MAX_ORIGINAL_BYTES, dead_letter_record

LETTER = DeadLetter(
    origin="mentions.raw[3]@17",
    reason="not-json",
    detail="line 1",
    stage="ledger",
    at=datetime(2026, 1, 2, tzinfo=UTC),
    size=0,
)


@given(key=st.none() | st.binary(max_size=50), original=st.none() | st.binary(max_size=500))
def test_the_original_and_its_key_are_unchanged(key: bytes | None, original: bytes | None) -> None:
    record_key, value, headers = dead_letter_record(LETTER, key, original)
    assert (record_key, value) == (key, original)
    assert DeadLetter.from_headers(headers) == LETTER.model_copy(update={"size": len(original or b"")})


def test_too_large_an_original_is_cut_and_told_apart_by_its_hash() -> None:
    original = bytes(range(256)) * (MAX_ORIGINAL_BYTES // 256 + 1)
    _, value, headers = dead_letter_record(LETTER, None, original)
    letter = DeadLetter.from_headers(headers)
    assert value == original[:KEPT_BYTES]
    assert (letter.size, letter.sha256) == (len(original), sha256(original).hexdigest())


def test_whatever_is_kept_fits_the_topic() -> None:
    letter = LETTER.model_copy(update={"detail": "x" * 10_000_000})
    key, value, headers = dead_letter_record(letter, b"k" * 10_000_000, b"v" * MAX_ORIGINAL_BYTES)
    assert key is not None
    assert value is not None
    assert len(key) + len(value) + sum(len(n) + len(v) for n, v in headers) < MAX_DEAD_BYTES - 16_384
