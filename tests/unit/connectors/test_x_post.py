"""Posts of X become items: edits, replies, the company's own, reposts, what cannot be read, and real ones."""

import html
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from listener.connectors.connector import NativeItem, Unreadable
from listener.connectors.x_post import Includes, Own, Told, moment_of, read_post
from listener.times import parse_time

OWN = Own.of(["@Acme", "4711"])
FIRST, EDITED = "1490000000000000000", "1490000000900000000"


def post(**values: Any) -> dict[str, Any]:
    return {
        "id": FIRST,
        "text": "where is it?",
        "author_id": "12",
        "edit_history_tweet_ids": [FIRST],
    } | values


def read(value: Any, includes: Includes | None = None) -> Told:
    told = read_post(value, includes or Includes(), OWN)
    assert told is not None
    return told


def item(value: Any, includes: Includes | None = None) -> NativeItem:
    found = read(value, includes).item
    assert isinstance(found, NativeItem)
    return found


def test_an_edit_is_a_revision_of_the_first() -> None:
    before, edited = read(post()), read(post(id=EDITED, edit_history_tweet_ids=[FIRST, EDITED], text="found"))
    assert isinstance(before.item, NativeItem)
    assert isinstance(edited.item, NativeItem)
    assert (before.key, before.revision) == (FIRST, 0)
    assert edited.key == FIRST
    assert edited.item.native_id == before.item.native_id
    assert edited.item.occurred_at == before.item.occurred_at
    assert edited.item.edited_at == moment_of(EDITED)
    assert edited.revision > 0


def test_a_reply_names_the_first_version_of_what_it_replies_to() -> None:
    referenced = {"id": EDITED, "edit_history_tweet_ids": [FIRST, EDITED]}
    reply = post(id="1500000000000000000", edit_history_tweet_ids=["1500000000000000000"])
    reply["referenced_tweets"] = [{"type": "quoted", "id": "3"}, {"type": "replied_to", "id": EDITED}]
    assert item(reply, Includes.read({"tweets": [referenced]})).reply_to == FIRST
    assert item(reply).reply_to == EDITED


@pytest.mark.parametrize("author", ["4711", "99"])
def test_an_answer_of_the_company_names_whom_it_answers(author: str) -> None:
    answer = post(author_id=author, in_reply_to_user_id="12")
    answer["referenced_tweets"] = [{"type": "replied_to", "id": "7"}]
    users = [{"id": "99", "username": "ACME"}, {"id": "12", "username": "ann", "verified": True}]
    includes = Includes.read({"users": users})
    found = item(answer, includes)
    assert (found.direction, found.answers, found.answers_author) == ("outbound", "7", "12")
    own_thread = item(answer | {"in_reply_to_user_id": "99"}, includes)
    assert (own_thread.direction, own_thread.reply_to, own_thread.answers) == ("outbound", "7", None)
    asked = item(post(), includes)
    assert asked.direction == "inbound"
    assert asked.contactable is not None
    assert asked.contactable.handle == "ann"
    assert asked.reach is not None
    assert asked.reach.verified is True


def test_a_repost_says_nothing_and_a_long_post_all_of_it() -> None:
    assert read_post(post(referenced_tweets=[{"type": "retweeted", "id": "7"}]), Includes(), OWN) is None
    assert item(post(note_tweet={"text": "R&amp;D, at length"})).text == "R&D, at length"


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "text",
        post(id=7),
        post(id="٣"),
        post(text=None),
        post(author_id=None),
        post(id="20", edit_history_tweet_ids=["20"]),
        post(id="20", edit_history_tweet_ids=["20"], created_at="once"),
    ],
)
def test_what_cannot_be_read_says_why_and_keeps_the_original(broken: Any) -> None:
    found = read(broken).item
    assert isinstance(found, Unreadable)
    assert json.loads(found.original) == broken


def test_values_of_another_type_than_is_documented_are_passed_over() -> None:
    odd = post(public_metrics=[], referenced_tweets="x", edit_history_tweet_ids={}, conversation_id=7)
    found = item(odd, Includes.read({"users": [{"id": "12", "public_metrics": 3, "name": []}], "tweets": 5}))
    assert (found.native_id, found.reply_to, found.thread) == (FIRST, None, None)


@pytest.mark.data
def test_real_posts_of_a_filtered_stream(real_data: Path) -> None:
    lines = (
        (real_data / "api_payloads/x_api_v2/filtered_stream.jsonl").read_text(encoding="utf-8").splitlines()
    )
    posts = [json.loads(line)["data"] for line in lines]
    found = [item(each) for each in posts]
    assert len({each.native_id for each in found}) == len(posts) == 20
    for each, told in zip(posts, found, strict=True):
        assert told.author == each["author_id"]
        assert told.text == html.unescape(each["text"])
        assert abs(told.occurred_at - parse_time(each["created_at"])) < timedelta(seconds=1)
        assert told.reach is not None
        assert told.reach.reposts == each["public_metrics"]["retweet_count"]
    assert any("&" in each.text for each in found)
    assert not any("&amp;" in each.text for each in found)
