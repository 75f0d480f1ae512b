"""What an author only passes on is told from what they say."""

import pytest

from stream.enrichment.clean import clean
from stream.enrichment.passed_on import passed_on

BAG = "my bag has been lost for nine days"


@pytest.mark.parametrize(
    ("text", "by", "own", "only", "joins_in"),
    [
        (f"RT @jane: {BAG}", "jane", "", True, False),
        (f"rt @jane {BAG}", "jane", "", True, False),
        (f"RT @ann: RT @jane@example.social: {BAG}", "jane@example.social", "", True, False),
        (f"So sad. RT @jane: {BAG}", "jane", "So sad.", True, False),
        (f"Same here! RT @jane: {BAG}", "jane", "Same here!", False, True),
        (
            f"They should really be ashamed RT @jane: {BAG}",
            "jane",
            "They should really be ashamed",
            False,
            False,
        ),
        (f"“@jane: {BAG}” wow", "jane", "wow", True, False),
        (
            f'"@jane: {BAG}" and the same thing happened to me',
            "jane",
            "and the same thing happened to me",
            False,
            True,
        ),
    ],
)
def test_passed_on(text: str, by: str, own: str, only: bool, joins_in: bool) -> None:
    found = passed_on(clean(text))
    assert found is not None
    assert (found.by, found.own.text, found.only, found.joins_in) == (by, own, only, joins_in)
    assert found.words.text == BAG


@pytest.mark.parametrize(
    "text", [f"@jane {BAG}", BAG, "I was part @ the start", "“quoted” @jane said", "please RT", "RT @jane:"]
)
def test_words_of_the_authors_own(text: str) -> None:
    assert passed_on(clean(text)) is None


def test_what_others_may_say_as_well_is_the_longer_part() -> None:
    long = passed_on(clean(f"{BAG} and nobody at all picks up the phone RT @jane: what a day today"))
    short = passed_on(clean(f"So sad. RT @jane: {BAG}"))
    assert long is not None
    assert short is not None
    assert long.repeated == long.own
    assert short.repeated == short.words
