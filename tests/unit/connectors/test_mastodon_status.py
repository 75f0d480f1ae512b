"""From a status to an item: recorded ones, and those that other servers send."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.connector import NativeItem, Source, Unreadable
from listener.connectors.mastodon_status import Server, in_order, newest, read_status
from listener.connectors.normalise import normalise

RECORDED = Path(__file__).resolve().parents[4] / "shared/data/api_payloads/mastodon/statuses.derived.jsonl"
NOW = datetime(2026, 9, 1, tzinfo=UTC)
SERVER = Server("web.social.test", "social.test", frozenset({"acme@social.test"}))
STATUS = {
    "id": "117",
    "created_at": "2026-08-01T13:52:44.180Z",
    "content": "<p>It <b>broke</b> &amp; burns</p><p>again</p>",
    "account": {"id": "7", "acct": "Ann@Far.test", "display_name": "Ann", "followers_count": 3},
}


def item(**fields: Any) -> NativeItem:
    told = read_status(STATUS | fields, SERVER)
    assert told is not None
    assert isinstance(told.item, NativeItem)
    return told.item


def test_the_least_that_a_server_says_is_enough() -> None:
    said = item()
    assert (said.native_id, said.text) == ("web.social.test/117", "It broke & burns\nagain")
    assert (said.author, said.author_name) == ("ann@far.test", "Ann")
    assert (said.visibility, said.direction, said.reply_to) == ("public", "inbound", None)
    assert said.contactable is not None
    assert said.contactable.handle == "ann@far.test"
    assert said.reach is not None
    assert said.reach.followers == 3
    assert json.loads(said.original) == STATUS


@pytest.mark.parametrize(
    ("visibility", "seen_by"),
    [("public", "public"), ("unlisted", "public"), ("private", "private"), ("direct", "private")],
)
def test_who_may_see_it(visibility: str, seen_by: str) -> None:
    assert item(visibility=visibility).visibility == seen_by


def test_an_edit_has_the_time_of_the_edit_as_its_revision() -> None:
    told = read_status(STATUS | {"edited_at": "2026-08-01T14:00:00.001Z"}, SERVER)
    assert told is not None
    assert told.revision == 1785592800001
    assert isinstance(told.item, NativeItem)
    assert told.item.occurred_at == datetime(2026, 8, 1, 13, 52, 44, 180000, UTC)


def test_the_companys_reply_names_whom_it_answers() -> None:
    acme = {"id": "1", "acct": "Acme"}
    mentions = [{"id": "8", "acct": "ben"}, {"id": "7", "acct": "ann@far.test"}]
    reply = item(account=acme, in_reply_to_id="116", in_reply_to_account_id="7", mentions=mentions)
    assert (reply.direction, reply.reply_to) == ("outbound", "web.social.test/116")
    assert (reply.answers, reply.answers_author) == ("web.social.test/116", "ann@far.test")
    to_itself = item(account=acme, in_reply_to_id="116", in_reply_to_account_id="1", mentions=mentions)
    assert (to_itself.answers, to_itself.answers_author) == (None, None), "the base follows the thread"
    assert item(account=acme | {"bot": True}).automatic


def test_a_boost_says_nothing() -> None:
    assert read_status(STATUS | {"reblog": STATUS}, SERVER) is None


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "a status is expected"),
        (STATUS | {"id": 117}, "id: "),
        (STATUS | {"content": None}, "content: "),
        (STATUS | {"account": []}, "account.acct: "),
        (STATUS | {"created_at": "yesterday"}, "not a time"),
    ],
)
def test_what_cannot_be_read_says_why(status: Any, words: str) -> None:
    told = read_status(status, SERVER)
    assert told is not None
    assert isinstance(told.item, Unreadable)
    assert words in told.item.detail
    assert json.loads(told.item.original) == status


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_strange_fields_are_no_crash(strange: Any) -> None:
    for name in (*STATUS, "mentions", "in_reply_to_id", "edited_at", "spoiler_text", "visibility", "url"):
        read_status(STATUS | {name: strange}, SERVER)


def test_ids_in_the_order_of_the_server() -> None:
    assert sorted(["100", "99", "1000"], key=in_order) == ["99", "100", "1000"]
    assert newest(["99", None, "100"], "98") == "100"
    assert newest([None]) is None


@pytest.mark.data
def test_recorded_statuses_are_mentions() -> None:
    if not RECORDED.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{RECORDED} is missing")
        pytest.skip("the real data are not beside the checkout")
    lines = RECORDED.read_text().splitlines()
    told = [read_status(json.loads(line), SERVER) for line in lines]
    mentions = [
        normalise(each.item, Source("m", "mastodon"), NOW)
        for each in told
        if each is not None and isinstance(each.item, NativeItem)
    ]
    assert len(mentions) == len(lines) == 98
    assert sum(mention.visibility == "private" for mention in mentions) == 3
    assert sum(mention.revision > 0 for mention in mentions) == 2
    assert not any("<" in mention.text for mention in mentions)
