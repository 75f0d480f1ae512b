"""What was told lately is told apart from news."""

from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.recent import DELETED, Recent

told = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), max_size=40)


@given(told)
def test_it_knows_the_highest_revision_of_each(entries: list[tuple[str, int]]) -> None:
    recent = Recent()
    highest: dict[str, int] = {}
    for key, revision in entries:
        assert recent.is_news(key, revision) == (revision > highest.get(key, -1))
        recent.add(key, revision)
        highest[key] = max(revision, highest.get(key, -1))
    assert dict(recent.kept()) == highest


@given(told, st.integers(1, 4))
def test_what_is_kept_and_what_was_dropped_are_all(entries: list[tuple[str, int]], kept: int) -> None:
    recent = Recent(max_kept=kept)
    dropped = [recent.add(key, revision) for key, revision in entries]
    assert {key for key, _ in entries} == {key for key, _ in recent.kept()} | {*filter(None, dropped)}
    assert len(recent.kept()) <= kept


def test_another_process_goes_on_with_what_was_kept() -> None:
    recent = Recent(max_kept=2)
    for key in "abc":
        recent.add(key)
    resumed = Recent(recent.kept())
    assert resumed.is_news("a")
    assert not resumed.is_news("c")


def test_it_forgets_the_oldest() -> None:
    recent = Recent(max_remembered=2, max_kept=1)
    for key in "abc":
        recent.add(key)
    assert "a" not in recent
    assert "b" in recent


def test_nothing_is_news_of_what_was_deleted() -> None:
    recent = Recent()
    recent.add("a", DELETED)
    assert not recent.is_news("a", 2**53 - 1)
