"""Finding many phrases at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.enrichment.phrases import Hit, Phrases


def test_longest_of_a_label_at_each_place() -> None:
    phrases = Phrases({"late": ["late", "late flight*", "# hours", "delay", "delay*"], "other": ["flights"]})
    [hits] = phrases.find(["late", "flights", "3", "hours", "delay", "delayed", "relay"])
    assert hits == [
        Hit("late", "late flights", 0, 2),
        Hit("other", "flights", 1, 2),
        Hit("late", "3 hours", 2, 4),
        Hit("late", "delay", 4, 5),
        Hit("late", "delayed", 5, 6),
    ]


@pytest.mark.parametrize("phrase", ["", "Big", "a  b", "a(b", "*", "a b-c"])
def test_what_is_no_phrase(phrase: str) -> None:
    with pytest.raises(ValueError, match="not a phrase"):
        Phrases({"x": [phrase]})


def test_sets_are_found_each_for_itself() -> None:
    one, other = {"x": ["a b", "a"], "y": ["a*"]}, {"x": ["b c"], "z": ["a b c"]}
    words = ["a", "b", "c", "ab"]
    together = Phrases(one, other).find(words)
    assert together == [*Phrases(one).find(words), *Phrases(other).find(words)]
    assert together[1] == [Hit("z", "a b c", 0, 3), Hit("x", "b c", 1, 3)]


words = st.sampled_from(["a", "ab", "abc", "b", "12"])
patterns = st.sampled_from(["a", "ab", "a*", "b", "ab*", "#"])


@given(
    st.lists(st.lists(patterns, min_size=1, max_size=3).map(" ".join), max_size=6),
    st.lists(words, max_size=10),
)
def test_same_as_looking_for_each(phrases: list[str], text: list[str]) -> None:
    def fits(pattern: str, word: str) -> bool:
        if pattern == "#":
            return word.isdecimal()
        return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern

    expected: dict[int, int] = {}
    for phrase in phrases:
        parts = phrase.split()
        for start in range(len(text) - len(parts) + 1):
            if all(map(fits, parts, text[start : start + len(parts)])):
                expected[start] = max(expected.get(start, 0), start + len(parts))
    [found] = Phrases({"x": phrases}).find(text)
    assert [(hit.start, hit.end) for hit in found] == sorted(expected.items())
