"""Complaints by rules."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.domain.enriched import Complaint
from stream.enrichment.clean import clean
from stream.enrichment.complaint import PHRASES, UNSURE, complaint_elsewhere, complaint_in_english
from stream.enrichment.phrases import Phrases
from stream.enrichment.sentiment import Vader

VADER = Vader()
FINDER = Phrases(PHRASES)


def judge(text: str, rating: float | None = None) -> Complaint:
    cleaned = clean(text)
    [hits] = FINDER.find(cleaned.words)
    return complaint_in_english(cleaned.words, hits, VADER.sentiment(cleaned.text), rating)


@pytest.mark.parametrize(
    "text",
    [
        "Still waiting for my refund after 3 weeks",
        "why is my internet down again?",
        "I can't log in and nobody answers the phone",
        "The driver was rude and the parcel arrived damaged.",
        "My card doesn't work abroad",
    ],
)
def test_complaints(text: str) -> None:
    assert judge(text).probability > 0.5


@pytest.mark.parametrize(
    "text",
    [
        "What time do you open on Sunday?",
        "Thank you, the crew was great!",
        "On my way to Boston",
        "I love this song",
    ],
)
def test_no_complaints(text: str) -> None:
    assert judge(text).probability < 0.5


def test_evidence_is_what_stands_in_the_text() -> None:
    text = "Still waiting, no response in 3 weeks. Unacceptable!"
    evidence = judge(text).evidence
    assert {"still waiting", "no response", "3 weeks", "unacceptable"} <= set(evidence)


def test_rating_speaks_in_any_language() -> None:
    assert complaint_elsewhere(None) == UNSURE
    assert complaint_elsewhere(0.6) == UNSURE
    assert complaint_elsewhere(0.2).probability > 0.9
    assert complaint_elsewhere(0.2).evidence == ("rated 0.2 of 1",)
    assert complaint_elsewhere(1.0).probability < 0.1
    assert judge("the room", rating=0.0).probability > 0.5 > judge("the room").probability


@given(st.text(), st.none() | st.floats(0, 1))
def test_always_a_probability(text: str, rating: float | None) -> None:
    assert 0 <= judge(text, rating).probability <= 1


@pytest.mark.data
def test_on_real_complaints(real_data: Path) -> None:
    """Macro-F1 on the complaints of Preotiuc-Pietro et al.; VADER's negative label alone reaches 0.63."""
    with (real_data / "complaints_acl2019/complaints-data.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row[1], row[2] == "1") for row in csv.reader(file)]
    judged = [(judge(text).probability > 0.5, label) for text, label in rows]
    assert macro_f1(judged) >= 0.75


def macro_f1(judged: list[tuple[bool, bool]]) -> float:
    scores = []
    for side in (True, False):
        hit = sum(said == side == label for said, label in judged)
        scores.append(
            2 * hit / (sum(said == side for said, _ in judged) + sum(label == side for _, label in judged))
        )
    return sum(scores) / 2
