"""The list of erased people: keyed hashes, and what they cover."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.domain.erasure import Erasure, Erasures, epoch_after
from listener.domain.errors import Rejected

AT = datetime(2026, 3, 1, tzinfo=UTC)
KEY = b"at least sixteen bytes"


def test_what_was_said_until_then_is_covered_and_nothing_else() -> None:
    erasures = Erasures(KEY)
    erasures.note("author", "net:ann", AT)
    assert erasures.covers("author", "net:ann", AT)
    assert erasures.covers("author", "net:ann", None)
    assert not erasures.covers("author", "net:ann", AT + timedelta(milliseconds=1))
    assert not erasures.covers("author", "net:bob", AT)
    assert not erasures.covers("customer", "net:ann", AT)


def test_the_latest_erasure_of_somebody_holds() -> None:
    erasures = Erasures(KEY)
    erasures.note("author", "net:ann", AT)
    erasures.note("author", "net:ann", AT - timedelta(days=1))
    assert erasures.covers("author", "net:ann", AT)


def test_an_entry_tells_nobody_who_it_is_and_another_key_finds_nobody() -> None:
    hashed = Erasures(KEY).hash_of("author", "net:ann")
    assert "ann" not in hashed
    other = Erasures(b"another key of sixteen bytes")
    other.put(hashed, Erasure(at=AT))
    assert not other.covers("author", "net:ann", AT)
    assert not other.is_made_with_this_key


def test_without_a_key_nobody_can_be_erased_and_everybody_is_heard() -> None:
    assert not Erasures().covers("author", "net:ann", AT)
    with pytest.raises(Rejected, match="LISTENER_ERASURE_KEY"):
        Erasures().note("author", "net:ann", AT)
    with pytest.raises(ValueError, match="16 bytes"):
        Erasures(b"short")


def test_a_new_history_begins_above_all_epochs_before_it() -> None:
    erasures = Erasures(KEY)
    assert erasures.first_epoch("net:ann") == 1
    erasures.note("author", "net:ann", AT)
    first = erasures.first_epoch("net:ann")
    assert first > 1_000_000
    later = epoch_after(int((AT + timedelta(seconds=10)).timestamp() * 1000))
    assert later > first
    assert later << 32 < 2**63
