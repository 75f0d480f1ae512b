"""What an author says about their reach changes no decision: through enrichment and all stages."""

import random
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listener.domain.customer import Customer
from listener.domain.document import read_document
from listener.domain.ids import hash64
from listener.domain.mention import Mention, MentionDeleted, Reach
from listener.domain.response import Response
from listener.simulator import Event, simulate
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher
from stream.ledger.ledger import Ledger, Recorded
from stream.offline import AllStages
from stream.triage.policy import DEFAULT, Policy, default_policy
from stream.triage.policy_strategy import ReachRules
from stream.triage.triage import Triage
from unit.simulator.worlds import ENDS_AT
from unit.simulator.worlds import settings as simulated
from unit.stream.worlds import at, customers, deletion, mention, put_all

ENRICHER = Enricher()
DECISION = (
    "queue",
    "level",
    "owner",
    "priority",
    "due_at",
    "reasons",
    "severity",
    "root_cause",
    "needs_response",
    "failed_contacts",
    "state",
    "clocks",
)

SIMULATED = sorted(
    {
        event.value.text
        for event in simulate(simulated(customers=60, days=20))
        if isinstance(event, Event)
        and isinstance(event.value, Mention)
        and event.value.direction == "inbound"
    },
    key=lambda text: hash64(text),
)
TEXTS = (
    "@acme",
    "hm",
    "",
    "Thanks!",
    "ok",
    "😀",
    "My bag is lost and nobody answers",
    "@acme why is my internet down AGAIN?!",
    "The charger caught fire and burnt my hand.",
    "Can you tell me when the lounge opens?",
    "Please send me an invoice",
    "Thank you, the crew was great!",
    "Thanks for nothing @acme :(",
    "I have been on hold for 3 hours, this is unacceptable!!!",
    "You will hear from my lawyer about the refund (order 4711)",
    "My mother needs a wheelchair; none was there",
    "Follow us and retweet to win an iphone https://example.org",
    "Flying to Boston with @delta",
    "Ich warte seit drei Wochen auf mein Geld",
    "mera paisa wapas nahi aaya bhai",
    "Love the new app, but it crashes",
)
FOLLOWERS = (
    "I have 2 million followers",
    "I have 2 million followers on Instagram",
    "i've got over 50k followers here",
    "We have 1,200,000 subscribers on YouTube and Twitch",
    "I’ve got a huge following",
    "I have a lot of followers who will hear about this",
    "I HAVE 2M TWITTER FOLLOWERS",
    "my 50k followers will hear about this",
    "my followers should know about this",
    "as an influencer with 300,000 followers",
    "I'm a travel blogger",
    "I am a verified, popular youtuber",
    "I have a blue check mark",
    "Ich habe 2 Millionen Follower",
    "tengo 50.000 seguidores",
    "I run a food blog with 40k subscribers",
    "25,000 people follow me",
    "my insta following is massive",
    "as someone with 100k followers",
    "I have over two million followers",
    "I've 120K on TikTok",
    "I have 80k on Instagram",
    "My account has 300,000 followers",
    "My channel has 1.2 million subscribers",
    "my YouTube channel has 500k subs",
    "I reach 3 million people every week",
    "my posts reach 100k people",
    "my newsletter goes out to 40,000 subscribers",
    "my blog has 10k readers",
    "I'm followed by 30k people",
    "half a million people follow me on X",
    "I have a podcast with 50,000 listeners",
    "my mum has 2 million followers",
    "my reach is 2 million",
    "2 million followers here",
    "2M followers and counting",
    "I have two thousand five hundred followers",
    "as a verified user",
    "I have a blue tick on twitter",
    "I am a journalist at a national newspaper",
    "I'm a celebrity with 3 million fans",
    "with my 2M followers I can make noise",
)
SPREADING = (
    "I'll tell my 50k followers",
    "I will tell all of my followers about this",
    "im going to let my twitter followers know",
    "telling my 10,000 subscribers about you",
    "I'll share this with my audience",
    "this is going viral",
    "This will go viral soon",
    "my tweet is already going viral on Twitter",
    "let's make this go viral",
    "my post has 3,000 likes already",
    "this tweet already got 12k retweets",
    "3,000 people have retweeted this",
    "over 1 million people have already seen this video",
    "please retweet",
    "Pls RT this",
    "please share this far and wide",
    "the whole internet will know about this",
    "I will post this all over social media",
    "I'll make sure all my followers hear about this",
    "my followers won't like this",
    "this thread is blowing up",
    "let's get this trending",
    "spread the word",
    "the press will love this",
    "do you really want 60,000 people to hear about this?",
    "you don't want me to post this to my 90k followers",
    "wait until my followers see this",
    "my followers are watching",
    "I'm live streaming this to thousands",
    "this will be on the news tonight",
    "I'm going to tweet about this to my 20k followers",
    "I will make a TikTok about this",
    "I'll make a video about this for my 2 million subscribers",
    "my videos get millions of views",
    "share if you agree",
    "everyone please share",
    "please like and share",
    "can we make this trend",
    "let's make them famous",
)
WITHIN = ("{}", "({})", "btw {}", "by the way, {},")
SENTENCES = ("{}.", "{}!!!", "FYI: {}.", "Just so you know, {}!", "And {}.", "oh, {} btw.", "Remember, {}...")
AT_THE_END = (", and {}", " but {}!", ", so {}.", " because {}", "; just fyi, {}")


@st.composite
def claimed(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and the same with a claim between two of its words, two of its sentences, or at its end."""
    text = draw(st.sampled_from([*TEXTS, *SIMULATED]))
    claim = draw(st.sampled_from(FOLLOWERS + SPREADING))
    form = draw(st.sampled_from(WITHIN + SENTENCES + (AT_THE_END if text[-1:].isalnum() else ())))
    said = form.format(claim)
    if form in AT_THE_END:
        return text, text + said
    words = text.split(" ")
    places = [
        place
        for place in range(len(words) + 1)
        if form in WITHIN or place in (0, len(words)) or words[place - 1].endswith((".", "!", "?"))
    ]
    place = draw(st.sampled_from(places))
    return text, " ".join([*words[:place], said, *words[place:]]).strip()


def decisions(*mentions: Mention, author: str | None = None) -> list[dict[str, Any]]:
    """What is decided a while later, case by case; of one author's cases, if named."""
    index = customers()
    both = AllStages(Ledger(ENRICHER, index), Triage(default_policy(), index), lambda: at(30))
    put_all(both, mentions).drain()
    cases = sorted(both.cases.values(), key=lambda case: case.case_id)
    return [
        {part: getattr(case, part) for part in DECISION}
        for case in cases
        if author in (None, case.anchor_author)
    ]


@settings(deadline=None, max_examples=100)
@given(claimed(), st.sampled_from([1.0, 29.0]), st.none() | st.floats(0, 1))
def test_claims_of_reach_change_no_decision(
    texts: tuple[str, str], hours: float, rating: float | None
) -> None:
    plain, loud = (decisions(mention("1", text, hours, rating=rating)) for text in texts)
    assert loud == plain


@settings(deadline=None, max_examples=40)
@given(claimed(), st.integers(0, 10**9), st.booleans(), st.sampled_from(["public", "private"]))
def test_nor_does_reach_that_is_real(
    texts: tuple[str, str], count: int, verified: bool, visibility: Any
) -> None:
    reach = Reach(followers=count, likes=count, reposts=count, verified=verified)
    plain = decisions(mention("1", texts[0], 1, visibility="private"))
    assert decisions(mention("1", texts[1], 1, visibility=visibility, reach=reach)) == plain


@settings(deadline=None, max_examples=20)
@given(claimed(), st.integers(1, 5))
def test_nor_do_copies(texts: tuple[str, str], copies: int) -> None:
    """Each who copies it is a party of their own; the first one's case stays as it is."""
    text, loud = texts
    others = [mention(f"copy{n}", loud, 2, f"x:copier{n}") for n in range(copies)]
    assert decisions(mention("1", loud, 1), *others, author="x:a") == decisions(mention("1", text, 1))


@pytest.mark.parametrize("claim", FOLLOWERS + SPREADING)
def test_each_claim_is_invisible_to_the_whole_enrichment_of_simulated_texts(claim: str) -> None:
    """Also language, sentiment and evidence are those of the text without the claim, which is kept as claimed."""
    texts = SIMULATED[:60]
    plain = ENRICHER.enrich([mention("1", text, 1) for text in texts])
    for loud in ((f"{claim}. {text}" for text in texts), (f"{text} {claim}!" for text in texts)):
        found = ENRICHER.enrich([mention("1", text, 1) for text in loud])
        assert all(
            len(each.reach_claims) > len(other.reach_claims) for each, other in zip(found, plain, strict=True)
        )
        assert [each.model_copy(update={"reach_claims": ()}) for each in found] == [
            each.model_copy(update={"reach_claims": ()}) for each in plain
        ]


LADDER = read_document(
    Policy,
    DEFAULT.read_text()
    + """
levels: {manager: {owners: [{name: Bea, causes: [refund, delivery]}, {name: Max}]}, executive: {capacity: 5}}
depth: {front_line: manager, manager: executive}
contested: {front_line: manager}
segments: {plus: {priority: 5}}
""",
    "ladder.yaml",
)
"""Uses whatever may decide, and looks at nobody's reach."""
CHANNELS = (
    "social",
    "forum",
    "review",
    "email",
    "phone",
    "chat",
    "in_person",
    "partner",
    "letter",
    "executive",
)


@cache
def company(seed: int) -> tuple[tuple[Customer, ...], tuple[Recorded, ...]]:
    """Customers of a simulated company, and all that was said and answered."""
    said = simulate(simulated(customers=40, days=20, seed=seed))
    events = [event.value for event in said if isinstance(event, Event)]
    return (
        tuple(value for value in events if isinstance(value, Customer)),
        tuple(value for value in events if isinstance(value, Mention | MentionDeleted | Response)),
    )


def louder(value: Recorded, chance: random.Random) -> Recorded:
    """The same, with any reach, any visibility, through any channel; and with a claim between two sentences."""
    if not isinstance(value, Mention) or value.direction == "outbound":
        return value
    claim = chance.choice(SENTENCES).format(chance.choice(FOLLOWERS + SPREADING))
    sentences = re.split(r"(?<=[.!?]) ", value.text)
    ended = [place for place, before in enumerate(sentences, start=1) if before[-1:] in ".!?"]
    place = chance.choice([0, *ended])
    reach = Reach(
        followers=chance.randrange(10**7),
        likes=chance.randrange(10**5),
        reposts=chance.randrange(10**5),
        verified=chance.random() < 0.5,
    )
    return value.model_copy(
        update={
            "text": " ".join([*sentences[:place], claim, *sentences[place:]]),
            "reach": reach,
            "visibility": chance.choice(["public", "private"]),
            "channel": chance.choice(CHANNELS),
        }
    )


def whole(known: Sequence[Customer], values: Sequence[Recorded]) -> dict[str, dict[str, Any]]:
    """What is decided about every case of a company."""
    index = CustomerIndex()
    for customer in known:
        index.put(customer)
    both = AllStages(Ledger(ENRICHER, index), Triage(LADDER, index), lambda: ENDS_AT)
    put_all(both, values).drain()
    return {name: {part: getattr(case, part) for part in DECISION} for name, case in both.cases.items()}


@settings(deadline=None, max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([1, 2, 3]), st.integers(0, 2**32))
def test_a_whole_company_decides_the_same_however_loud_its_customers_are(seed: int, more: int) -> None:
    """Same need, same treatment: in whatever channel, with whatever reach; who they are stays as it was."""
    known, values = company(seed)
    chance = random.Random(more)
    plain, loud = whole(known, values), whole(known, [louder(value, chance) for value in values])
    assert {case["level"] for case in plain.values()} >= {"front_line", "manager", "executive"}
    assert loud == plain


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("visibility", ["public", "private"])
def test_the_channel_decides_nothing_where_targets_do_not_differ_by_it(channel: Any, visibility: Any) -> None:
    """A letter to the executives is a contact like any other; only the advice tells where others can read."""
    for text in (
        "My bag is lost and nobody answers",
        "Thanks for nothing @acme :(",
        "Please send me an invoice",
    ):
        plain = decisions(mention("1", text, 1, channel="social", visibility="public"))
        assert decisions(mention("1", text, 1, channel=channel, visibility=visibility)) == plain


def test_what_was_claimed_goes_with_a_deleted_text_and_is_shown_as_claimed_before() -> None:
    shown = LADDER.model_copy(update={"reach": ReachRules(show=True)})
    said = mention("1", "My bag is lost. I have 2 million followers.", 1, reach=Reach(followers=12))
    gone = deletion("1", "x:a", 2)
    orders: tuple[list[Recorded], ...] = ([said], [said, gone], [gone, said])
    for values in orders:
        index = customers()
        both = AllStages(Ledger(ENRICHER, index), Triage(shown, index), lambda: at(30))
        for value in values:
            put_all(both, [value]).drain()
        [case] = both.cases.values()
        told = [(reach.basis, reach.followers, reach.words) for reach in case.reach]
        if len(values) == 1:
            assert told == [("verified", 12, None), ("claimed", None, "I have 2 million followers")]
            continue
        assert told == []
        written = [output.value.to_json() for output in both.published if output.value is not None]
        assert b"million" not in written[-1]
        assert any(b"million" in value for value in written) == (values[0] is said)
