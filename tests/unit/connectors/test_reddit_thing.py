"""Things of Reddit become items: posts, comments, messages, edits, what is gone or broken, and real ones."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from listener.connectors.connector import NativeItem, Unreadable
from listener.connectors.reddit_thing import read_thing

OWN = frozenset({"acme"})
MADE = 1_750_000_000


def comment(**values: Any) -> dict[str, Any]:
    data = {"id": "c1", "author": "Ann", "body": "where is it?", "created_utc": float(MADE), "edited": False}
    return {"kind": "t1", "data": data | {"parent_id": "t3_p1", "link_id": "t3_p1", "score": 3} | values}


def post(**values: Any) -> dict[str, Any]:
    data = {"id": "p1", "author": "Ann", "title": "Lost", "selftext": "my parcel", "created_utc": MADE}
    return {"kind": "t3", "data": data | {"permalink": "/r/acme/comments/p1/lost/", "edited": False} | values}


def message(**values: Any) -> dict[str, Any]:
    data = {
        "id": "m2",
        "author": "Ann",
        "subject": "hello",
        "body": "hi",
        "created_utc": MADE,
        "dest": "Acme",
    }
    return {"kind": "t4", "data": data | {"parent_id": None, "first_message_name": None} | values}


def item(thing: Any) -> NativeItem:
    found = read_thing(thing, OWN).item
    assert isinstance(found, NativeItem)
    return found


def test_a_comment_a_post_and_a_message() -> None:
    said = item(comment())
    assert (said.native_id, said.author, said.author_name, said.direction) == (
        "t1_c1",
        "ann",
        "Ann",
        "inbound",
    )
    assert (said.reply_to, said.thread, said.visibility) == ("t3_p1", "t3_p1", "public")
    assert said.occurred_at == datetime.fromtimestamp(MADE, UTC)
    assert said.url == "https://www.reddit.com/comments/p1/_/c1/"
    posted = item(post())
    assert (posted.native_id, posted.title, posted.text, posted.thread) == (
        "t3_p1",
        "Lost",
        "my parcel",
        "t3_p1",
    )
    assert posted.url == "https://www.reddit.com/r/acme/comments/p1/lost/"
    assert item(post(selftext="", url="https://acme.test")).text == "https://acme.test"
    private = item(message())
    assert (private.visibility, private.title, private.thread) == ("private", "hello", "t4_m2")


def test_what_the_company_says() -> None:
    answer = item(comment(author="Acme"))
    assert (answer.direction, answer.reply_to, answer.answers) == ("outbound", "t3_p1", None), (
        "the base resolves it"
    )
    in_private = item(message(author="ACME", dest="Ann", parent_id="t4_m1", first_message_name="t4_m1"))
    assert (in_private.direction, in_private.answers, in_private.answers_author) == (
        "outbound",
        "t4_m1",
        "ann",
    )
    assert in_private.thread == "t4_m1"


def test_an_edit_is_a_revision() -> None:
    assert read_thing(comment(), OWN).revision == 0
    assert read_thing(comment(edited=MADE + 60.5), OWN).revision == (MADE + 60) * 1000 + 500
    assert read_thing(comment(edited=True), OWN).revision == 0, "of old ones no time is told"


@pytest.mark.parametrize(
    "thing",
    [
        comment(author="[deleted]", body="[deleted]"),
        comment(body="[removed]"),
        comment(body="[ Removed by Reddit ]"),
        post(author="[deleted]", selftext="[deleted]"),
        post(selftext="", removed_by_category="moderator"),
    ],
)
def test_what_is_deleted_or_removed_is_gone(thing: Any) -> None:
    assert read_thing(thing, OWN).item == "gone"


def test_what_an_account_has_said_stays_when_the_account_is_gone() -> None:
    assert item(comment(author="[deleted]")).author is None
    assert item(comment(body="[deleted]")).text == "[deleted]", "somebody wrote that"


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {"kind": "more", "data": {"id": "x"}},
        comment(id=None),
        comment(body=None),
        post(selftext=7),
        comment(created_utc="yesterday"),
        comment(created_utc=1e300),
        {"kind": "t1", "data": {"id": "c1", "body": "whose?", "created_utc": MADE}},
    ],
)
def test_what_cannot_be_read_says_why_and_keeps_the_original(broken: Any) -> None:
    found = read_thing(broken, OWN).item
    assert isinstance(found, Unreadable)
    assert json.loads(found.original) == broken


@pytest.mark.data
def test_real_things(real_data: Path) -> None:
    lines = (real_data / "api_payloads/reddit/things.jsonl").read_text(encoding="utf-8").splitlines()
    told = {each.key: each for each in (read_thing(json.loads(line), OWN) for line in lines)}
    assert len(told) == len(lines) == 500
    things = {f"{thing['kind']}_{thing['data']['id']}": thing["data"] for thing in map(json.loads, lines)}
    for name, data in things.items():
        found = told[name]
        if found.item == "gone":
            assert data["body"] in ("[deleted]", "[removed]")
            continue
        assert isinstance(found.item, NativeItem), name
        assert found.item.text == (data.get("body") or data["url"])
        assert found.item.occurred_at.timestamp() == data["created_utc"]
        assert found.item.reply_to == data.get("parent_id")
        assert (found.revision > 0) == isinstance(data["edited"], float)
