"""VADER, equal to the original."""

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

from stream.enrichment.sentiment import Vader

ORIGINAL = SentimentIntensityAnalyzer()
VADER = Vader()

turning = [
    "no",
    "or",
    "nor",
    "least",
    "at",
    "very",
    "so",
    "this",
    "never",
    "without",
    "doubt",
    "but",
    "kind",
    "of",
]
plain = ["the", "a", "service", ":)", "!", "??", "😀", "❤", "GREAT", "BAD", "Good,", "'bad'", "it."]
loaded = ["good", "bad", "great", "worst", "love", "hate", "kind", "lol", "sucks", "thanks", "delay"]
words = st.one_of(
    st.sampled_from([*turning, *plain, *loaded]),
    st.sampled_from([*BOOSTER_DICT, *NEGATE, *SPECIAL_CASES]),
    st.sampled_from(sorted(ORIGINAL.lexicon)),
)
shouted = st.tuples(words, st.booleans()).map(lambda pair: pair[0].upper() if pair[1] else pair[0])


@given(st.lists(shouted, max_size=25).map(" ".join), st.sampled_from(["", "!", "!!!!!", "??", "????"]))
def test_equal_to_the_original(text: str, end: str) -> None:
    assert VADER.compound(text + end) == ORIGINAL.polarity_scores(text + end)["compound"]


@given(st.text())
def test_equal_to_the_original_on_any_text(text: str) -> None:
    assert VADER.compound(text) == ORIGINAL.polarity_scores(text)["compound"]


def test_time_is_linear() -> None:
    began = time.thread_time()
    VADER.compound("good but bad not kind of great " * 1000)
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "label"), [("great service", "positive"), ("worst ever", "negative"), ("a flight", "neutral")]
)
def test_label(text: str, label: str) -> None:
    assert VADER.sentiment(text).label == label


@pytest.mark.data
def test_equal_to_the_original_on_real_tweets(real_data: Path) -> None:
    with (real_data / "airline_tweets/tweets.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)][:3000]
    different = [text for text in texts if VADER.compound(text) != ORIGINAL.polarity_scores(text)["compound"]]
    assert different == []
