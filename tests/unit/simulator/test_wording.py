"""What simulated people say."""

import random
import re
from dataclasses import replace

from listener.simulator.company import CAUSES
from listener.simulator.people import People, Style
from listener.simulator.wording import phrases
from listener.simulator.wording.causes import WORDS
from listener.simulator.wording.noise import roughen
from listener.simulator.wording.writer import MAX_SOCIAL, Before, Writer
from unit.simulator.worlds import settings, world

TIDY = Style(typos=0, lower_case=False, shouts=False, slang=False, emoji=0)
PERSON = replace(People(settings()).customer(3), style=TIDY, language="en")
WRITER = Writer(settings())
FACTS = Writer.facts(random.Random(1), PERSON, "refund")


def test_every_cause_has_words_in_every_language() -> None:
    assert set(WORDS) == {cause.node for cause in CAUSES}
    for words in WORDS.values():
        assert (
            set(words.others)
            == {"es", "de", "fr", "hi"}
            == set(phrases.OTHER_WORDS)
            == set(phrases.OTHER_RETURNS)
        )
        assert len(words.plain) >= 8
        assert len(words.veiled) >= 4


def test_no_slot_is_left_open_and_posts_are_short() -> None:
    said = world(settings(customers=1000, days=30)).inbound.values()
    assert not [mention.text for mention in said if re.search(r"[{}]", mention.text + (mention.title or ""))]
    assert all(mention.text.strip() for mention in said)
    posts = [
        mention for mention in said if mention.channel == "social" and not mention.text.startswith("RT ")
    ]
    assert max(len(mention.text) for mention in posts) <= MAX_SOCIAL


def test_severity_that_is_told_stands_in_the_text() -> None:
    for seed in range(60):
        written = WRITER.about(
            random.Random(seed), PERSON, "social", "refund", "complaint", FACTS, ("vulnerable",)
        )
        if written.severity:
            told = " ".join(phrases.VULNERABLE).lower()
            assert sum(word in told for word in written.text.lower().split()) >= 3
    question = WRITER.about(random.Random(1), PERSON, "social", "refund", "question", FACTS, ("vulnerable",))
    assert question.severity == ()


def test_later_contacts_speak_of_what_was_before() -> None:
    before = Before(2, "web_feedback", "unanswered")
    texts = [
        WRITER.about(random.Random(s), PERSON, "email", "delay", "complaint", FACTS, (), before).text
        for s in range(40)
    ]
    assert sum("form" in text for text in texts) > 3


def test_typing_errors_leave_handles_numbers_and_addresses_whole() -> None:
    hasty = Style(typos=0.5, lower_case=True, shouts=False, slang=True, emoji=0)
    text = "@Brambleway please refund £135.27 for BW123456 to ada@post.example.test because you promised it"
    for seed in range(50):
        rough = roughen(random.Random(seed), text, hasty, 1.0, slang=True)
        assert {"@Brambleway", "£135.27", "BW123456", "ada@post.example.test"} <= set(rough.split())
    assert roughen(random.Random(1), text, hasty, 1.0, slang=True) != text


def test_without_habits_nothing_is_changed() -> None:
    assert (
        roughen(random.Random(1), "You are late, please explain.", TIDY, 1.0, slang=True)
        == "You are late, please explain."
    )


def test_a_matter_is_about_the_same_whenever_it_comes_back() -> None:
    asked = {
        WRITER.about(random.Random(seed), PERSON, "letter", None, "request", FACTS).text for seed in range(20)
    }
    assert all(FACTS["asked"][1:] in text for text in asked)
    before = Before(1, "email", "unanswered")
    again = [
        WRITER.about(random.Random(s), PERSON, "letter", "refund", "complaint", FACTS, (), before)
        for s in range(40)
    ]
    amounts = {
        amount for written in again for amount in re.findall(r"[$£]\d[\d.]*\d|\d+ euros", written.text)
    }
    assert amounts <= {FACTS["amount"]}
