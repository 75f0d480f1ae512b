"""Originals on a terminal: readable, bounded, and without power over it."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from listener.dead_letters.describe import SHOWN_BYTES, describe
from listener.dead_letters.readable import neutral
from unit.dead_letters.letters import letter


def harmless(text: str) -> bool:
    return all(
        char in "\n\t\u200c\u200d" or unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp"}
        for char in text
    )


@given(original=st.binary(max_size=200) | st.text(max_size=200).map(str.encode), detail=st.text(max_size=50))
def test_nothing_that_a_letter_holds_commands_the_terminal(original: bytes, detail: str) -> None:
    assert harmless(describe(letter(original=original, key=original, detail=detail, origin=detail or "x")))


def test_control_and_reordering_characters_are_shown_as_escapes() -> None:
    assert neutral("a\x1b[2Jb\u202ec\x9b\U000e0001") == r"a\x1b[2Jb\u202ec\x9b\U000e0001"
    assert neutral("नमस्ते 👩\u200d👩 ok") == "नमस्ते 👩\u200d👩 ok"


def test_text_is_shown_as_text_and_other_bytes_as_hex() -> None:
    assert '{\n\t"text": "größer"}\n' in describe(letter(original='{\n\t"text": "größer"}'.encode()))
    assert "Not UTF-8; as hex:\n00000000  ff 00 41\n" in describe(letter(original=b"\xff\x00A"))
    assert "tombstone" in describe(letter(original=None))


def test_a_long_original_is_cut_with_a_mark_and_between_characters() -> None:
    shown = describe(letter(original=b"x" + "é".encode() * SHOWN_BYTES))
    assert f"… {SHOWN_BYTES + 1} more bytes; --raw writes them all" in shown
    assert "\ufffd" not in shown


def test_what_was_not_kept_whole_says_where_the_whole_is() -> None:
    cut = letter(original="é".encode()[:1], size=20_000_000)
    assert "Only the first 1 of 20000000 bytes were kept; the whole is at mentions.raw[3]@17." in describe(
        cut
    )
    assert "hex" not in describe(cut)  # a character cut at the end does not make it other than text
