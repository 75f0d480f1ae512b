"""Danger, the law, and people who need care."""

import pytest

from stream.enrichment.clean import clean
from stream.enrichment.phrases import Phrases
from stream.enrichment.severity import Severities
from stream.enrichment.taxonomy import default_taxonomy

SEVERITIES = Severities(default_taxonomy())
PHRASES = Phrases(SEVERITIES.phrases)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("The charger caught fire!", ("safety",)),
        ("Next you will hear from my lawyer", ("legal_threat",)),
        ("My mother needs a wheelchair", ("vulnerable",)),
        ("He was injured, we will sue you", ("safety", "legal_threat")),
        ("my kid got hurt by your toaster", ("safety",)),
        ("Your lid slipped and I burnt my hand", ("safety",)),
        ("There was glass in my soup", ("safety",)),
        ("the brakes didn't work", ("safety",)),
        ("This is not a safety issue", ()),
        ("Nobody was hurt", ()),
        ("That hurt my feelings, and my wallet hurts too", ()),
        ("we are trapped in Houston without a flight", ()),
        ("No injuries, luckily", ()),
        ("What an issue, Sue was lovely, the fireworks too", ()),
    ],
)
def test_severity(text: str, severity: tuple[str, ...]) -> None:
    words = clean(text).words
    assert SEVERITIES.find(words, PHRASES.find(words)[0]) == severity
