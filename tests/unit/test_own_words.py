"""What of a message is its writer's own; and that no text takes long."""

import time

import pytest

from listener.own_words import own_words

WORDS = "The refund never came."
QUOTED = {
    "gmail": WORDS + "\n\nOn Mon, 1 Nov 2026 at 10:00, Support <s@x.org> wrote:\n> Dear Ann,\n> soon.\n",
    "gmail, wrapped": WORDS + "\n\nOn Mon, 1 Nov 2026 at 10:00, Customer Support\n<s@x.org> wrote:\n> soon\n",
    "german": WORDS + "\n\nAm 01.11.2026 um 10:00 schrieb Support <s@x.org>:\n> bald\n",
    "french": WORDS + "\n\nLe lun. 1 nov. 2026 à 10:00, Support <s@x.org> a écrit :\n> oui\n",
    "outlook": WORDS + "\n\nFrom: Support <s@x.org>\nSent: Monday\nTo: Ann\nSubject: Re\n\nDear Ann\n",
    "outlook, german": WORDS + "\n\nVon: Support\nGesendet: Montag\nAn: Ann\n\nGuten Tag\n",
    "divider": WORDS + "\n\n-----Original Message-----\nDear Ann\n",
    "signature": WORDS + "\n-- \nAnn Lee\n+44 20 7946 0000\n",
    "signature without its space": WORDS + "\n--\nAnn Lee\n",
    "telephone": WORDS + "\n\nSent from my iPhone\n",
    "only marks": "> soon\n\n" + WORDS,
    "windows": WORDS + "\r\n\r\n\r\n-- \r\nAnn\r\n",
}


@pytest.mark.parametrize("text", QUOTED.values(), ids=QUOTED.keys())
def test_what_is_quoted_or_added_goes(text: str) -> None:
    assert own_words(text) == WORDS


def test_answers_between_the_lines_stay() -> None:
    assert own_words("> which order?\nNumber 17.\n> which day?\nMonday.\n") == "Number 17.\nMonday."


def test_a_mere_forward_is_kept_whole() -> None:
    text = "---------- Forwarded message ---------\nFrom: Ann\nDate: Monday\n\nMy parcel is lost."
    assert own_words(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "On my way home I wrote: nothing.",
        "From: the very beginning it was bad.\nThen it became worse.",
        "I sent the letter on Monday:\nit never came.",
        "10 - 2 = 8\n--- that is all ---",
    ],
)
def test_words_that_only_look_like_it_stay(text: str) -> None:
    assert own_words(text) == text


@pytest.mark.parametrize(
    "unit", ["On Mon, ", "\n", "> ", "From: ", "-", "_", "wrote: ", "On a\nwrote b\n", "a\n-- x\n"]
)
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    own_words(text)
    assert time.process_time() - started < 10
