"""Ids: the same for the same, different for the different, readable where they can be."""

import re

from hypothesis import given
from hypothesis import strategies as st

from listener.domain import ids

native = st.text(min_size=1, max_size=400)


@given(a=native, b=native)
def test_mentions_have_the_same_id_exactly_if_they_are_the_same(a: str, b: str) -> None:
    assert (ids.mention_id("chirp", a) == ids.mention_id("chirp", b)) == (a == b)


@given(native_id=native)
def test_ids_fit_into_their_field_and_one_line(native_id: str) -> None:
    made = ids.mention_id("chirp", native_id)
    assert 3 <= len(made) <= 300
    assert made.isprintable()
    assert made.isascii()


def test_usual_ids_stay_readable() -> None:
    assert ids.mention_id("chirp", "570306133677760513") == "chirp:570306133677760513"
    assert ids.author_id("mail", "jo@example.test") == "mail:jo@example.test"


@given(a=st.lists(native), b=st.lists(native))
def test_a_digest_knows_where_its_parts_end(a: list[str], b: list[str]) -> None:
    assert (ids.digest(*a) == ids.digest(*b)) == (a == b)


@given(anchor=native)
def test_case_ids_can_be_read_aloud(anchor: str) -> None:
    assert re.fullmatch(r"K-[A-Z2-7]{13}", ids.case_id(anchor))
