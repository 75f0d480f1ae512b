"""All steps together, and what the author wants."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.domain.enriched import Enrichment
from listener.domain.mention import Mention
from stream.enrichment.pipeline import Enricher, whole_text

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENRICHER = Enricher()


def mention(text: str, **fields: Any) -> Mention:
    return Mention.model_validate(
        {
            "mention_id": "twitter:1",
            "source": "tw",
            "source_kind": "twitter",
            "native_id": "1",
            "author": "twitter:42",
            "channel": "social",
            "visibility": "public",
            "text": text,
            "occurred_at": NOW,
            "received_at": NOW,
        }
        | fields
    )


def enrich(text: str, **fields: Any) -> Enrichment:
    return ENRICHER.enrich([mention(text, **fields)])[0]


@pytest.mark.parametrize(
    ("text", "need", "needs_response"),
    [
        ("Three hours on hold and then you hung up on me, unacceptable", "complaint", True),
        ("your app ate my data", "complaint", True),
        ("your update wiped my phone", "complaint", True),
        ("What time does the lounge open?", "question", True),
        ("Please send me an invoice", "request", True),
        ("Thank you for the wonderful service!", "praise", False),
        ("thanks", "praise", False),
        ("ok", "mention", False),
        ("Flying to Boston with @delta", "mention", False),
        ("Thanks for nothing @delta", "unsure", True),
        ("Thanks for the quick answer, but the seat was dirty", "unsure", True),
        ("GIVEAWAY! Follow us and retweet to win https://example.org", "spam", False),
        ("@acme tired of your job? Work from home, earn money, link in bio", "spam", False),
        ("RT @jane: my bag is lost and nobody picks up the phone", "copy", False),
        ("RT @jane: the charger burnt my hand", "unsure", True),
        ("Me too! RT @jane: what a nice day", "unsure", True),
        ("Ich warte seit drei Wochen auf mein Geld", "unsure", True),
        ("😀", "unsure", True),
    ],
)
def test_need(text: str, need: str, needs_response: bool) -> None:
    found = enrich(text)
    assert (found.need, found.needs_response) == (need, needs_response)
    assert found.need_reasons


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("Great crew on the way to Leeds, they made our trip", "praise"),
        ("On the way to work your driver was rude", "complaint"),
        ("Way to lose a customer", "complaint"),
        ("Wow. Way to go!", "unsure"),
        ("Big shout out to Ann at the desk, so helpful!", "praise"),
        ("Cancelled without a word, so helpful, great", "unsure"),
        ("Thank you so much for the quick reply", "praise"),
        ("Thank you so much for ruining our trip", "unsure"),
        ("So much for the new timetable", "unsure"),
        ("Thanks for all your help!", "praise"),
        ("Thanks in advance for your help", "request"),
        ("Thanks. I need help", "request"),
        ("I would like to thank the crew of this morning", "praise"),
        ("I would like to book the crew of this morning, thanks", "request"),
        ("Thank you, my refund was there the next day!", "praise"),
        ("Thank you, when will my refund be fixed", "unsure"),
        ("Thanks, when will it be sorted", "unsure"),
        ("This flight is the best, thanks", "praise"),
        ("Thanks, it is not fixed", "unsure"),
        ("Cheers, that didn't work", "unsure"),
        ("Great, 5 days and counting", "unsure"),
        ("My router works again, thanks", "praise"),
        ("Finally. You are a star, Ann", "praise"),
        ("A month with you and no issues whatsoever", "praise"),
        ("A month with you and no issues whatsoever until today", "complaint"),
        ("Does anyone remember the old jingle?", "mention"),
        ("Does anyone remember the old jingle? And when do you open?", "question"),
        ("Does anyone remember how to restart the box?", "question"),
        ("Your staff were not helpful", "complaint"),
        ("Couldn't be happier", "praise"),
        ("Can't thank you enough", "praise"),
        ("Hot crypto tip, 300% in 6 weeks, ask me how", "spam"),
        ("Do something. The stop has no roof", "request"),
        ("We should do something together", "mention"),
        ("Just checking whether somebody reads this", "request"),
    ],
)
def test_the_same_words_may_want_an_answer_or_not(text: str, need: str) -> None:
    assert enrich(text).need == need


def test_stars_beside_kind_words_need_no_warmth() -> None:
    words = "Finally someone who listens, well done"
    assert enrich(words, rating=1.0).need == "praise"
    assert enrich("The parcel came on Monday", rating=1.0).need == "unsure"


def test_severity_wants_an_answer_whatever_the_need() -> None:
    found = enrich(
        "Thank you for the wonderful service when my grandmother came in her wheelchair, love you all!"
    )
    assert found.severity == ("vulnerable",)
    assert found.needs_response


def test_other_languages_are_not_scored_as_english() -> None:
    found = enrich("Das ist die schlimmste Airline, die ich kenne. Nie wieder!")
    assert found.language.code == "de"
    assert found.sentiment is None
    assert found.complaint.probability == 0.5


def test_stars_speak_in_any_language() -> None:
    assert enrich("Nie wieder, alles war kaputt und schmutzig", rating=0.0).need == "complaint"
    assert enrich("Sehr schöne Zimmer und nette Leute", rating=1.0).need == "praise"


def test_copies_by_different_authors_share_their_key() -> None:
    words = "My bag has been lost for nine days and nobody picks up the phone"
    first, pasted = (
        enrich(f"@acme {words}"),
        enrich(f"{words.upper()} https://example.org", author="twitter:7"),
    )
    passed_on = enrich(f"RT @jane: {words}")
    assert first.copy_of is not None
    assert first.copy_of == pasted.copy_of == passed_on.copy_of
    assert (first.need, pasted.need, passed_on.need) == ("complaint", "complaint", "copy")
    outbound = enrich(words, direction="outbound", answers_author="twitter:7")
    assert (outbound.copy_of, outbound.copy_marks) == (None, ())


def test_the_companys_own_words_are_no_complaint() -> None:
    found = enrich(
        "We are sorry that your flight was cancelled, this is terrible",
        direction="outbound",
        answers_author="twitter:7",
    )
    assert (found.need, found.needs_response, found.complaint.probability) == ("mention", False, 0.0)
    assert found.root_causes == ()
    assert found.language.code == "en"


def test_the_title_is_read_too() -> None:
    assert enrich("See attached.", title="Lost luggage").root_causes[0].node == "lost-baggage"
    assert whole_text(mention("Lost luggage and more", title="Lost luggage")) == "Lost luggage and more"


def test_every_step_names_its_version() -> None:
    assert set(enrich("hello there").versions) == {
        "clean",
        "reach_claims",
        "passed_on",
        "copies",
        "language",
        "sentiment",
        "complaint",
        "need",
        "severity",
        "root_causes",
    }


@settings(deadline=500)
@given(st.lists(st.text(max_size=200), max_size=4), st.none() | st.floats(0, 1))
def test_same_order_same_result_alone_or_together(texts: list[str], rating: float | None) -> None:
    texts = [text.encode(errors="ignore").decode() for text in texts]
    mentions = [mention(text, rating=rating) for text in texts]
    together = ENRICHER.enrich(mentions)
    assert together == [ENRICHER.enrich([one])[0] for one in mentions]
    assert [Enrichment.read(found.to_json()) for found in together] == together


def test_what_a_machine_sent_asks_for_nothing() -> None:
    text = "I am out of office until Monday. This is terrible, please help, where is my refund?"
    told = mention(text)
    [by_person, by_machine] = Enricher().enrich([told, told.model_copy(update={"automatic": True})])
    assert by_person.needs_response
    assert (by_machine.need, by_machine.needs_response) == ("mention", False)
    assert by_machine.need_reasons == ("sent by a machine",)
