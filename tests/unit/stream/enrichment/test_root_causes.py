"""Root causes by the words that point to them."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from listener.domain.enriched import RootCause
from stream.enrichment.clean import clean
from stream.enrichment.phrases import Phrases
from stream.enrichment.root_causes import MAX_CAUSES, RootCauses
from stream.enrichment.taxonomy import default_taxonomy, read_taxonomy

SHIPPED = RootCauses(default_taxonomy())
FINDER = Phrases(SHIPPED.phrases)


def found_in(
    words: Sequence[str], causes: RootCauses = SHIPPED, finder: Phrases = FINDER
) -> tuple[RootCause, ...]:
    [hits] = finder.find(words)
    return causes.find(hits)


def causes(text: str) -> list[str]:
    return [cause.node for cause in found_in(clean(text).words)]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("You lost my luggage", "lost-baggage"),
        ("flight delayed for 4 hours on the tarmac", "delay"),
        ("my flight was cancelled", "cancellation"),
        ("I was charged twice on my bill", "billing"),
        ("where is my refund", "refund"),
        ("locked out of my account, cannot log in", "login"),
        ("internet is down in my street", "outage"),
        ("my parcel never arrived", "delivery"),
        ("the vase arrived broken", "damaged-goods"),
        ("your staff was so rude", "rude-staff"),
        ("on hold for an hour, no one answers", "unreachable-service"),
        ("the app crashes after the latest update", "app"),
        ("somebody shared my personal data", "privacy"),
    ],
)
def test_the_shipped_taxonomy(text: str, cause: str) -> None:
    assert causes(text)[0] == cause


@pytest.mark.parametrize("text", ["", "hello there", "related, unbilled, cardigan"])
def test_none_of_these(text: str) -> None:
    assert causes(text) == []


def test_several_with_evidence_and_owner() -> None:
    found = found_in(clean("Flight delayed 3 hours and then you lost my bags, rude staff").words)
    assert {"delay", "lost-baggage", "rude-staff"} == {cause.node for cause in found}
    assert len(found) == MAX_CAUSES
    delay = next(cause for cause in found if cause.node == "delay")
    assert delay.owner == "operations"
    assert "delayed" in delay.evidence
    assert [cause.score for cause in found] == sorted((cause.score for cause in found), reverse=True)


def test_a_hint_needs_company() -> None:
    own = RootCauses(
        read_taxonomy(
            "nodes:\n  - {id: a, name: A, owner: o, keywords: [zebra], hints: [stripe*, black, white]}\n",
            "t.yaml",
        )
    )
    finder = Phrases(own.phrases)
    assert found_in(["black"], own, finder) == ()
    assert found_in(["black", "black"], own, finder) == ()
    assert found_in(["black", "white"], own, finder)[0].node == "a"
    assert found_in(["zebra"], own, finder)[0].score > found_in(["black", "white"], own, finder)[0].score


@pytest.mark.data
def test_agrees_with_the_reasons_of_real_complaints(real_data: Path) -> None:
    """On airline tweets, of the complaints for which a cause is named, two thirds have the labelled one first."""
    labels = {
        "Late Flight": {"delay"},
        "Cancelled Flight": {"cancellation"},
        "Lost Luggage": {"lost-baggage"},
        "Customer Service Issue": {"unreachable-service", "billing", "refund", "information", "access"},
        "Flight Attendant Complaints": {"rude-staff"},
        "Flight Booking Problems": {"booking", "app", "login", "price"},
        "Bad Flight": {"quality", "outage"},
        "Damaged Luggage": {"damaged-goods"},
        "longlines": {"queue"},
    }
    with (real_data / "airline_tweets/tweets.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["negativereason"] in labels]
    named = [(found[0], labels[row["negativereason"]]) for row in rows if (found := causes(row["text"]))]
    assert len(named) / len(rows) >= 0.7
    assert sum(cause in meant for cause, meant in named) / len(named) >= 0.65
