"""What a person sends, its receipt and its mention."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.feedback import MAX_MESSAGE, MAX_NAME, Feedback, feedback_of, mention_of, new_token
from listener.domain.mention import Mention

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
TOKEN = "t" * 24


def feedback(**fields: str) -> Feedback:
    return feedback_of({"message": "Help", "token": TOKEN, **fields}, "website")


def test_the_mention_is_private_feedback_of_somebody_new() -> None:
    sent = feedback(name=" Ana  Lee ", contact="ana@example.org", page="https://shop.example/cart")
    mention = mention_of(sent, "web-form", NOW)
    assert (mention.channel, mention.visibility, mention.direction) == ("web_feedback", "private", "inbound")
    assert mention.mention_id == f"form:{sent.receipt}"
    assert mention.author == f"form:anon-{sent.receipt}"
    assert mention.contactable is not None
    assert (mention.contactable.name, mention.contactable.email) == ("Ana Lee", "ana@example.org")
    assert mention.contactable.phone is None
    assert mention.url == "https://shop.example/cart"
    assert (mention.source, mention.source_kind) == ("web-form", "form")


def test_nothing_but_a_message_is_needed() -> None:
    mention = mention_of(feedback(), "web-form", NOW)
    assert mention.contactable is None
    assert mention.author_name is None
    assert mention.url is None


@pytest.mark.parametrize(
    "phone",
    [
        "+44 20 7946 0018",
        "020 7946 0018",
        "(020) 7946-0018",
        "+1 212.555.0100 ext 7",
        "０２０７９４６００１８",
    ],
)
def test_telephone_numbers(phone: str) -> None:
    assert feedback(contact=phone).phone == phone
    assert feedback(contact=phone).errors() == {}


@pytest.mark.parametrize(
    "contact", ["ana", "ana@", "@example.org", "12", "call me", "a@b", "a b@c.de", "1" * 65]
)
def test_what_nobody_could_be_reached_at_is_said(contact: str) -> None:
    assert "contact" in feedback(contact=contact).errors()


def test_an_empty_or_endless_message_is_said() -> None:
    assert "message" in feedback(message=" \n ").errors()
    assert feedback(message="x" * MAX_MESSAGE).errors() == {}
    assert "20,001" in feedback(message="x" * (MAX_MESSAGE + 1)).errors()["message"]
    assert "name" in feedback(name="n" * (MAX_NAME + 1)).errors()


def test_the_receipt_is_short_to_read_aloud_and_follows_from_what_was_sent() -> None:
    receipt = feedback().receipt
    assert re.fullmatch(r"R(-[0-9A-HJKMNP-TV-Z]{4}){4}", receipt)
    assert feedback().receipt == receipt
    others = [
        feedback(message="Help!"),
        feedback(name="A"),
        feedback(contact="a@b.cd"),
        feedback(token="u" * 24),
    ]
    assert len({receipt, *(other.receipt for other in others)}) == 5


def test_a_token_that_could_be_guessed_is_not_used() -> None:
    assert len({feedback(token="1").receipt for _ in range(20)}) == 20
    assert len({new_token() for _ in range(1000)}) == 1000


def test_what_fell_for_the_trap_is_kept_and_can_be_told_apart() -> None:
    mention = mention_of(feedback(website="http://spam.example"), "web-form", NOW)
    assert mention.source == "web-form-suspect"
    assert mention.text == "Help"


@pytest.mark.parametrize(
    "page", ["javascript:alert(1)", "data:text/html,x", "ftp://x", "https://" + "x" * 5000]
)
def test_a_page_that_is_no_web_address_is_left_out(page: str) -> None:
    assert feedback(page=page).page == ""


@given(st.text(max_size=300), st.text(max_size=50), st.text(max_size=50))
def test_whatever_can_be_sent_is_a_mention(message: str, name: str, contact: str) -> None:
    sent = feedback(message=message, name=name, contact=contact)
    if not sent.errors():
        mention = mention_of(sent, "web-form", NOW)
        assert Mention.read_at_edge(mention.to_json()) == mention
        assert mention.text.split() == message.translate(CONTROLS).split()


CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(127, 160), 65279])
