"""Complaints by rules."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.domain.enriched import Complaint
from stream.enrichment.clean import clean
from stream.enrichment.complaint import PHRASES, UNSURE, complaint_elsewhere, complaint_in_english, denied
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


@pytest.mark.parametrize(
    ("none", "some"),
    [
        ("Two years with you and never a problem", "Two years with you and never a problem until yesterday"),
        ("We had no issues whatsoever", "You told us there were no issues, we have had three"),
        ("Not a single problem with the move", "Not a single problem was dealt with, but we still paid"),
        ("Without the slightest trouble", "Without the router I have trouble"),
        ("They have never let me down", "They have let me down"),
        ("I don't have any problems", "Please don't have any problems tomorrow"),
        ("There was nothing wrong", "There was something wrong"),
        ("No delays at all", "I hope for no delays, yours are famous"),
        ("Not bad", "Too bad"),
        ("Never had an issue in ten years", "Never had an issue in ten years and now my line is off"),
        ("No issues, ever", "I never had an issue with older versions"),
    ],
)
def test_a_problem_that_there_was_none_of_is_none(none: str, some: str) -> None:
    assert judge(none).probability < 0.35 < judge(some).probability


@pytest.mark.parametrize(
    "text",
    [
        "They have not solved my problem",
        "No answer to the problem",
        "Nobody sees this issue",
        "Not my mistake",
    ],
)
def test_who_denies_something_else_denies_no_problem(text: str) -> None:
    words = clean(text).words
    assert not denied(words, len(words) - 1)


@given(
    st.lists(st.sampled_from(["no", "never", "a", "the", "single", "my", "problem", "don't", "i", "until"]))
)
def test_nothing_is_denied_without_a_denial_before(words: list[str]) -> None:
    for place, word in enumerate(words):
        if word == "problem" and denied(words, place):
            assert {"no", "never", "don't"} & set(words[:place])
            assert "until" not in words


@pytest.mark.parametrize(
    ("warm", "cross"),
    [
        ("Really happy with it", "Really happy that I was charged twice"),
        ("Your crew is really kind", "Your crew is really something"),
        ("I still love this app", "I still have this app"),
        ("You are always so friendly, always great", "It is always me"),
        ("Really nice shirt", "Really nice shirt but the band is loose"),
        ("Really good", "Not really good"),
        ("I really appreciate it", "I would really appreciate it"),
    ],
)
def test_what_only_stresses_a_warm_word_is_no_sign(warm: str, cross: str) -> None:
    assert judge(warm).evidence == () != judge(cross).evidence


@pytest.mark.parametrize(
    ("passing", "lasting"),
    [
        ("See you in two weeks, so happy!", "Two weeks in bed with this cable"),
        ("Great flight with you a few weeks ago, love it", "I wrote a few weeks ago"),
        ("Two weeks with you and never a problem", "Two weeks with you and only problems"),
        ("Good morning, great day!", "Yes, since two days ago"),
        ("In 5 days we fly, so excited!", "In 5 days nobody called"),
    ],
)
def test_a_duration_alone_is_no_wait_among_warm_words(passing: str, lasting: str) -> None:
    assert judge(passing).probability < 0.3 < judge(lasting).probability


def test_a_duration_with_what_is_awaited_weighs_as_before() -> None:
    assert {"36 hours", "refund"} <= set(judge("36 hours for a refund").evidence)
    assert judge("Love it. 3 hours on hold, great").probability > judge("Love it. On hold, great").probability


def test_turns_of_phrase_mean_no_harm() -> None:
    for text in ("Keep up the good work", "Thanks again", "We just touched down", "Best airline, hands down"):
        assert judge(text).evidence == ()
    assert judge("My line is down again").evidence == ("down", "again")
    assert judge("I can't thank you enough").probability < 0.2
    assert judge("I can't recommend this company").probability > 0.5


def test_kind_words_behind_a_negation_are_not_kind() -> None:
    assert judge("It is sorted").probability < judge("It is not sorted").probability
    assert "not great" in judge("Not great").evidence


@pytest.mark.parametrize(
    "text",
    [
        "There is a payment that I don't recognise",
        "You renewed my contract without asking me",
        "My top-up has not gone through",
        "I missed my connection",
        "I wrote on Monday and heard nothing",
        "One hour wait, no driver",
        "Treated like a child by the man at the desk",
    ],
)
def test_what_is_told_without_a_cross_word(text: str) -> None:
    assert judge(text).probability > 0.5


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
