"""Claims of reach go, and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor_time import times_as_long
from stream.enrichment.clean import clean
from stream.enrichment.reach_claims import MAX_CLAIM, MAX_CLAIMS, apart_from_reach_claims


def rest(text: str) -> str:
    return apart_from_reach_claims(clean(text))[0].text


@pytest.mark.parametrize(
    ("text", "remains"),
    [
        ("My bag is lost, and I have 2 million followers.", "My bag is lost"),
        ("I'll tell my 50k followers that my kid was hurt", "that my kid was hurt"),
        ("hm I have 2 million followers", "hm"),
        ("Fix it (I have 2M followers)!", "Fix it !"),
        ("Fix it or I'll let my followers know", "Fix it"),
        ("Love the app, but (this is going viral) it crashes", "Love the app, but it crashes"),
        ("Please RT! My bag is gone", "My bag is gone"),
        ("As a travel blogger with 100,000 followers on Instagram I find this awful", "I find this awful"),
        ("3,000 people have retweeted this already", ""),
    ],
)
def test_what_remains(text: str, remains: str) -> None:
    assert rest(text) == remains


@pytest.mark.parametrize(
    "text",
    [
        "I have 2 million reasons to leave",
        "buy followers now",
        "I lost all my followers after your app deleted my account",
        "why can't I see my followers?",
        "Follow us and retweet to win",
        "please retweet to win a phone",
        "please share this info with me",
        "share this with my manager please",
        "the fans in your laptop are broken",
        "a viral infection put me in hospital",
        "I've got a lot of problems on Twitter",
        "verified my account, still locked",
        "my account has 5 people on it",
        "my channel has no sound",
        "I reach 2 people and none can help",
        "I have 50 on Facebook",
        "the page has 3,000 errors",
        "this will be in the news section",
        "I will write a review about this",
    ],
)
def test_what_is_no_claim(text: str) -> None:
    cleaned = clean(text)
    assert apart_from_reach_claims(cleaned) == (cleaned, ())


def test_what_else_was_recognised_stays() -> None:
    cleaned, _ = apart_from_reach_claims(clean("@acme see https://t.co/x #fail this is going viral"))
    assert (cleaned.handles, cleaned.urls, cleaned.hashtags) == (("acme",), ("https://t.co/x",), ("fail",))
    assert cleaned.words == ("see", "fail")


words = st.sampled_from(
    [
        "i",
        "have",
        "i'll",
        "tell",
        "my",
        "2",
        "million",
        "followers",
        "viral",
        "going",
        "this",
        "and",
        "(",
        "!",
        "on x",
    ]
)


@given(st.lists(words, max_size=25).map(" ".join))
def test_never_more_than_was_there(text: str) -> None:
    left = rest(text).split()
    remaining = iter(clean(text).text.split())
    assert all(word in remaining for word in left)


@pytest.mark.parametrize(
    "text",
    [
        "i have a a a a " * 300 + "followers",
        "followers viral retweet " + "this is already just totally so now be definitely going " * 60,
        "followers " + "1" * 4000,
        "followers " + "and and and " * 300,
        "my all of my about 50k " * 180 + "followers",
        "please rt " * 400,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    cleaned = clean(text)
    limit = 10  # some twenty milliseconds where this was written
    taken = times_as_long(lambda: apart_from_reach_claims(cleaned), lambda: sum(range(100_000)), enough=limit)
    assert taken < limit


def test_what_was_claimed_is_kept_as_evidence() -> None:
    _, claims = apart_from_reach_claims(
        clean("Fix it (I have 2M followers)! This is going viral, please RT.")
    )
    assert set(claims) == {"I have 2M followers", "This is going viral", "please RT"}
    _, claims = apart_from_reach_claims(clean("This is going viral. " * 50))
    assert len(claims) == MAX_CLAIMS
    assert all(len(claim) <= MAX_CLAIM for claim in claims)
