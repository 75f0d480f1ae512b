"""Whether a text has a word that a source is to hear."""

from listener.connectors.words import Words


def test_whole_words_in_any_case() -> None:
    words = Words(["acme", "road runner"])
    assert words
    assert all(words.among(text) for text in ("ACME!", "a Road Runner", "about #acme"))
    assert not words.among("acmeology")


def test_without_words_no_text_has_one() -> None:
    assert not Words([])
    assert not Words([]).among("acme")
