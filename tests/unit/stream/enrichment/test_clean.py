"""A text as the later steps want it, whatever came in."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processor_time import times_as_long
from stream.enrichment import clean as clean_module
from stream.enrichment.clean import CUT_MARK, MAX_TEXT, clean

MILLION = 1_000_000
PLAIN = "the quick brown fox " * (MILLION // 20)
"""Takes a millisecond or less on the slowest machine that was tried."""
LIMIT = 7.0
"""Times what a plain text as long takes; so none takes more than five milliseconds or so."""


def lots_of(*characters: str) -> str:
    chosen = random.Random(1)
    return "".join(chosen.choice(characters) for _ in range(30_000))


HOSTILE = {
    "emoji": "😀" * MILLION,
    "emoji apart": "😀 😡" * MILLION,
    "zalgo": "e" + "\u0301\u0327\u0316" * MILLION,
    "zalgo words": ("e" + "\u0316\u0301" * 40) * 9_999,
    "right to left": "\u202e\u05d0" * MILLION,
    "one letter": "a" * MILLION,
    "two letters": "ab" * MILLION,
    "ten letters": "abcdefghij" * MILLION,
    "open tags": "<" * MILLION,
    "half tags": "<a " * MILLION,
    "unclosed scripts": "<p>" + "<script>" * MILLION,
    "unclosed comments": "<p>" + "<!--" * MILLION,
    "attributes": "<b " + "x='" * MILLION,
    "entities": "&amp;" * MILLION,
    "half entities": "&#" * MILLION,
    "addresses": "a@a." * MILLION,
    "handles": "@a@a." * MILLION,
    "at signs": "@" * MILLION,
    "hosts": "www." * MILLION,
    "hashes": "#1" * MILLION,
    "lone surrogates": "x\udfff" * MILLION,
    "mojibake": "Ã©â€™" * MILLION,
    "nulls": "\0" * MILLION,
    "spaces": " " * MILLION,
    "apostrophes": "a'" * MILLION,
    "expands in NFC": "\ufb2c" * MILLION,
    "hangul": "\u1100\u1161\u11a8" * MILLION,
    "latin 1": lots_of(*map(chr, range(128, 256))),
    "greek": lots_of(*map(chr, range(0x370, 0x460))),
    "mojibake in lines": "Ã©ÿ \n" * MILLION,
    "mojibake in parts": lots_of(*"ÃÂâ€™©®Å¡ÿ中 a"),
    "mojibake of mojibake": ("é".encode().decode("latin-1").encode().decode("latin-1") + "ÿ ") * MILLION,
    "marks": lots_of("\u0316", "\u0301", "a"),
    "quoted lines": "> a\n" * MILLION,
    "headers of quotations": "On a\nwrote b:\n" * MILLION,
    "headers of messages": "From: a\nSent b\n" * MILLION,
    "blocks of quotations": "<blockquote>" * MILLION,
    "empty lines": "\n>" * MILLION,
    "styled letters": "\U0001d400" * MILLION,
    "everything": lots_of(*map(chr, range(33, 0x2FFF))),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_takes_long(text: str) -> None:
    assert times_as_long(lambda: clean(text), lambda: clean(PLAIN), enough=LIMIT) < LIMIT


pieces = st.sampled_from(
    ["<", ">", "</p>", "<script>", "&", "&#x", "@", "://", "www.", "😀", "\u0301", "\ud800", "aa", "!", "#"]
)
hostile_texts = st.lists(st.one_of(pieces, st.text(max_size=8)), max_size=60).map("".join)


@settings(deadline=200)
@given(hostile_texts)
def test_any_text_becomes_one_bounded_line(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.text == " ".join(cleaned.text.split())
    assert len(cleaned.text) <= MAX_TEXT + len(CUT_MARK)
    cleaned.text.encode()
    assert not cleaned.cut


def test_a_long_text_is_cut_with_a_mark() -> None:
    cleaned = clean("so many words " * 1000)
    assert cleaned.cut
    assert cleaned.text.endswith(CUT_MARK)


def _whole_patterns(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """What `_apart` finds, by the pattern for all sorts, whatever is in the text."""
    if not ("@" in text or "://" in text or "www." in text):
        return text, (), ()
    found = list(clean_module._NOT_WORDS.finditer(text))
    urls = (match[0].rstrip(clean_module._AFTER_URL) for match in found if match.lastgroup == "url")
    handles = (match[0][1:] for match in found if match.lastgroup == "handle")
    return clean_module._NOT_WORDS.sub(" ", text), tuple(urls), tuple(handles)


addresses = st.lists(
    st.sampled_from(
        [
            "@",
            " @",
            "@x",
            "a@b.c",
            "@x@y.z",
            "www.",
            "WWW.a",
            "http://",
            "HTTPS://q",
            "://",
            " ",
            "a",
            ".",
            "é",
        ]
    ),
    max_size=12,
).map("".join)


@given(addresses)
def test_cheaper_looks_find_the_same_addresses(text: str) -> None:
    assert clean_module._apart(text) == _whole_patterns(text)


repeats = st.lists(
    st.tuples(st.sampled_from(["a", "é", "!", "1", "ab", "1,", "abcdef", "😀", " "]), st.integers(1, 9)),
    max_size=8,
).map(lambda runs: "".join(piece * times for piece, times in runs))


@given(repeats)
def test_cheaper_looks_find_the_same_repeats(text: str) -> None:
    expected = clean_module._LETTER_RUN.sub(r"\1\1\1", text)
    expected = clean_module._SIGN_RUN.sub(r"\1\1\1\1", expected)
    expected = " ".join(clean_module._CHUNK_RUN.sub(r"\1\1\1", part) for part in expected.split(" "))
    assert clean_module.collapse(text) == clean_module._EMOJI_RUN.sub(r"\1", expected)


@given(st.text(st.sampled_from("ab1_' -éñ\u0301\u093f\u200d"), max_size=20))
def test_words_are_letters_digits_and_marks(text: str) -> None:
    plain = re.compile(rf"(?:[^\W_]|[{clean_module._MARKS}])+(?:'[^\W_]+)*")
    cleaned = clean(text)
    assert cleaned.words == tuple(plain.findall(cleaned.plain))


@pytest.mark.parametrize(
    ("dirty", "text"),
    [
        ("Das ist schÃ¶n", "Das ist schön"),
        ("e\u0301te\u0301", "été"),
        ("  two\n lines\t", "two lines"),
        ("zero\u200bwidth \u202eturned\u202c", "zerowidth turned"),
        ("sooooooo bad!!!!!!!!", "sooo bad!!!!"),
        ("hahahahahahaha", "hahaha"),
        ("order 1000000000", "order 1000000000"),
        ("😀" * 50 + " ok", "😀😀😀😀 ok"),
        ("<p>Hello<br>world &amp; <b>all</b></p><style>x{}</style><!-- no -->!", "Hello world & all !"),
        ("<html><head><title>T</title></head><body>text<script>alert(1)", "text"),
        ("I &lt;3 you", "I <3 you"),
        ("<p>Hello</p><blockquote>you <b>said</b> so</blockquote><p>world</p>", "Hello world"),
        ("<blockquote>all of it</blockquote>", "all of it"),
        ("My bag\n> we are sorry\nis gone", "My bag is gone"),
        ("Gone.\n\nOn Mon, 1 Nov 2026, Ann <a@example.org> wrote:\n> Dear Jo", "Gone."),
        (">:( where\nis it", ">:( where is it"),
        ("𝓛𝓸𝓼𝓽 ＢＡＧ", "Lost BAG"),
        ("price < 5 and > 3", "price < 5 and > 3"),
        ("", ""),
    ],
)
def test_what_cleaning_does(dirty: str, text: str) -> None:
    assert clean(dirty).text == text


def test_what_is_recognised() -> None:
    cleaned = clean(
        "“@JetBlue: hi” it’s @jane@example.social! see https://t.co/x, mail a.b@example.org #Fail #1"
    )
    assert cleaned.handles == ("JetBlue", "jane@example.social")
    assert cleaned.urls == ("https://t.co/x",)
    assert cleaned.hashtags == ("Fail",)
    assert cleaned.words == ("hi", "it's", "see", "mail", "fail", "1")
