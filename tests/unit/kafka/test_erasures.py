"""The key of the list of erased people: another one is told, also where the list came after the start."""

from datetime import UTC, datetime

import pytest

from listener.domain.erasure import Erasure, Erasures
from listener.kafka.erasures import wrong_key

KEY, OTHER = b"at least sixteen bytes", b"another one of that size"
AT = Erasure(at=datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(("key", "right"), [(KEY, True), (OTHER, False), (None, False)])
def test_another_key_than_the_lists_is_noticed(key: bytes | None, right: bool) -> None:
    erasures = Erasures(key)
    assert wrong_key(erasures, key) is None
    made = Erasures(KEY)
    for hashed in (made.proof, made.hash_of("author", "net:ann")):
        erasures.put(hashed, AT)
    assert (wrong_key(erasures, key) is None) == right
