"""Texts as an encoder reads them."""

from hypothesis import given
from hypothesis import strategies as st

from listener.models.encoder_text import as_read


def test_names_and_addresses_become_words_and_emoji_what_they_show() -> None:
    assert (
        as_read("@Acme see https://acme.example/x?y=1 😡👍🏽")
        == "user see http  pouting face  thumbs up sign "
    )
    assert as_read("write to me@acme.example") == "write to me@acme.example"


def test_other_scripts_stay() -> None:
    assert as_read("Где мой заказ? 我的訂單 naïve") == "Где мой заказ? 我的訂單 naïve"


@given(st.text(max_size=200))
def test_any_text_is_read_and_reading_again_changes_nothing_but_spaces(text: str) -> None:
    once = as_read(text)
    assert as_read(once).split() == once.split()
