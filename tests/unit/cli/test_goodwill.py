"""Goodwill gestures as people write them."""

import click
import pytest

from listener.cli.goodwill import GoodwillWords
from listener.domain.response import Goodwill


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("25 EUR: late parcel", Goodwill(amount=25, currency="EUR", reason="late parcel")),
        ("25EUR", Goodwill(amount=25, currency="EUR")),
        (" 7.50 gbp : tea: two cups ", Goodwill(amount=7.5, currency="GBP", reason="tea: two cups")),
        ("0,5 EUR", Goodwill(amount=0.5, currency="EUR")),
    ],
)
def test_what_people_write_is_understood(words: str, meant: Goodwill) -> None:
    assert GoodwillWords().convert(words, None, None) == meant


@pytest.mark.parametrize(
    "words", ["", "25", "EUR 25", "-5 EUR", "1.000 EUR", "25 EURO", "25 EUR late", "9" * 20 + " EUR"]
)
def test_what_is_unclear_is_refused(words: str) -> None:
    with pytest.raises(click.UsageError):
        GoodwillWords().convert(words, None, None)


def test_a_long_reason_is_refused() -> None:
    with pytest.raises(click.UsageError, match="reason"):
        GoodwillWords().convert("25 EUR: " + "x" * 350, None, None)
