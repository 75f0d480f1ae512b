"""Repeats are told from news like a dictionary would tell them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.seen import Seen
from listener.domain.mention import Mention

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def _mention(number: int, revision: int = 0, text: str = "") -> Mention:
    return Mention(
        mention_id=f"k:{number}",
        revision=revision,
        source="s",
        source_kind="k",
        native_id=str(number),
        author="k:ann",
        channel="social",
        visibility="public",
        text=text,
        occurred_at=DAY,
        received_at=DAY,
    )


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.sampled_from(["a", "b"]))))
def test_as_a_dictionary_would(rows: list[tuple[int, int, str]]) -> None:
    seen, expected = Seen(), dict[tuple[int, int], str]()
    for number, revision, text in rows:
        sighting = seen.sighting(_mention(number, revision, text))
        before = expected.setdefault((number, revision), text)
        assert sighting.repeated == (len(expected) == len(seen))
        assert sighting.differs == (sighting.repeated and before != text)
        seen.add(sighting)
    assert len(seen) == len(expected)


def test_many() -> None:
    seen = Seen()
    for number in range(30_000):
        sighting = seen.sighting(_mention(number))
        assert not sighting.repeated
        seen.add(sighting)
    assert all(seen.sighting(_mention(number)).repeated for number in range(30_000))


def test_what_was_only_looked_at_is_not_remembered() -> None:
    seen = Seen()
    seen.sighting(_mention(1))
    assert not seen.sighting(_mention(1)).repeated


def test_another_time_is_another_content() -> None:
    seen = Seen()
    seen.add(seen.sighting(_mention(1)))
    later = _mention(1).model_copy(update={"occurred_at": DAY + timedelta(seconds=1)})
    assert seen.sighting(later).differs
