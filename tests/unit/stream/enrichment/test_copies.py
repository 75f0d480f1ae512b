"""Copies share a key, near-copies a mark; other texts neither, whoever looks at them and when."""

import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.enrichment.clean import clean
from stream.enrichment.copies import MIN_WORDS, Copy, CopyIndex, copy_marks, words_of

ORIGINAL = "My bag has been lost for nine days and nobody at the desk in Boston picks up the phone"
WORDS = tuple(ORIGINAL.lower().split())
VOCABULARY = tuple(f"word{number}" for number in range(2_000))


def copy_of(text: str) -> Copy:
    [found] = copy_marks([words_of(clean(text))])
    assert found is not None
    return found


@pytest.mark.parametrize(
    "copied",
    [
        ORIGINAL.upper() + "!!!",
        f"{ORIGINAL} https://example.org/1",
        f"@acme {ORIGINAL} @jane",
        f"“{ORIGINAL}”",
        f"{ORIGINAL} #fail #acme https://example.org/1",
        f"#acme {ORIGINAL} 😡😡😡",
        ORIGINAL.replace(" and", ",\nand"),
    ],
)
def test_copies_share_the_key(copied: str) -> None:
    assert copy_of(copied) == copy_of(ORIGINAL)


def test_a_short_text_is_nobodys_copy() -> None:
    assert copy_marks([("thank", "you", "so", "much"), ()]) == [None, None]


@pytest.mark.parametrize("edit", ["change", "cut"])
def test_near_copies_share_a_mark_mostly(edit: str) -> None:
    chosen = random.Random(1)
    texts = [tuple(chosen.choices(VOCABULARY, k=20)) for _ in range(300)]
    edited = []
    for words in texts:
        place = chosen.randrange(len(words))
        changed = (*words[:place], "other", *words[place + 1 :])
        edited.append(changed if edit == "change" else words[:16])
    found = zip(copy_marks(texts), copy_marks(edited), strict=True)
    alike = [not set(one.marks).isdisjoint(other.marks) for one, other in found if one and other]
    assert sum(alike) / len(alike) > 0.93


def test_other_texts_share_no_mark() -> None:
    chosen = random.Random(2)
    texts = [tuple(chosen.choices(VOCABULARY, k=chosen.randint(MIN_WORDS, 30))) for _ in range(3_000)]
    marks = [mark for found in copy_marks(texts) if found for mark in set(found.marks)]
    assert len(marks) - len(set(marks)) <= 3


texts_of_words = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(tuple), max_size=6)


@given(texts_of_words)
def test_alone_or_together_is_the_same(texts: list[tuple[str, ...]]) -> None:
    assert copy_marks(texts) == [copy_marks([text])[0] for text in texts]


def test_another_process_finds_the_same() -> None:
    said = f"from stream.enrichment.copies import copy_marks; print(copy_marks([{WORDS!r}]))"
    found = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == repr(copy_marks([WORDS]))


def test_an_index_joins_near_copies_to_the_first_and_forgets_the_oldest() -> None:
    near = copy_of(ORIGINAL.replace("nine", "ten"))
    other = copy_of("I would like to know when the lounge in Denver opens on Sundays")
    index = CopyIndex(most=9)
    assert index.copy_of(copy_of(ORIGINAL)) == copy_of(ORIGINAL).key
    assert index.copy_of(near) == copy_of(ORIGINAL).key
    assert index.copy_of(other) == other.key
    assert index.copy_of(near) == near.key
