"""Posts of Bluesky: what is heard of them, and what they say."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.bluesky_post import POSTS, Change, Wanted, item_of
from listener.connectors.connector import NativeDeletion, NativeItem, Source
from listener.connectors.normalise import normalise
from listener.connectors.words import Words
from listener.domain.errors import Rejected

OWN = frozenset({"did:plc:brand"})
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
BRAND_POST = f"at://did:plc:brand/{POSTS}/1"
WANTED = Wanted(OWN, True, frozenset({"did:plc:critic"}), frozenset({"acmefail"}), Words(["acme phone"]))
TEXT = st.text(st.characters(), max_size=5)  # halves of characters, too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def change(did: str = "did:plc:ann", **record: Any) -> Change:
    whole = {"text": "hello", "createdAt": "2026-11-02T11:59:00Z", **record}
    return Change(did, "k", "create", whole, AT)


def facet(**feature: str) -> dict[str, Any]:
    return {"facets": [{"features": [feature]}]}


def test_what_is_heard() -> None:
    quoted = {"record": {"uri": BRAND_POST}}
    for wanted in (
        change("did:plc:brand"),
        change("did:plc:critic"),
        change(text="My Acme Phone is dead"),
        change(tags=["AcmeFail"]),
        change(**facet(tag="acmefail")),
        change(**facet(did="did:plc:brand")),
        change(reply={"parent": {"uri": f"at://did:plc:ben/{POSTS}/2"}, "root": {"uri": BRAND_POST}}),
        change(embed=quoted),
        change(embed={"record": quoted, "media": {}}),
    ):
        assert WANTED.has(wanted), wanted
    for passed_over in (
        change(),
        change(text="acme phones"),
        change(**facet(did="did:plc:ben")),
        change(embed={"record": {"uri": "at://did:plc:brand/app.bsky.feed.generator/1"}}),
    ):
        assert not WANTED.has(passed_over), passed_over


def test_an_answer_names_whom_it_answers() -> None:
    asked = f"at://did:plc:ann/{POSTS}/9"
    reply = {"parent": {"uri": asked}, "root": {"uri": BRAND_POST}}
    answer = item_of(change("did:plc:brand", reply=reply), OWN, "acme.example")
    assert isinstance(answer, NativeItem)
    assert (answer.direction, answer.answers, answer.answers_author) == ("outbound", asked, "did:plc:ann")
    assert (answer.thread, answer.reply_to) == (BRAND_POST, asked)
    follow_up = item_of(change("did:plc:brand", reply={"parent": {"uri": BRAND_POST}}), OWN, None)
    assert isinstance(follow_up, NativeItem)
    assert (follow_up.answers, follow_up.reply_to) == (None, BRAND_POST)


def test_a_deletion_is_of_what_was_heard() -> None:
    item = item_of(Change("did:plc:ann", "k", "delete", None, AT), OWN, None)
    assert isinstance(item, NativeDeletion)
    assert (item.author, item.only_if_heard) == ("did:plc:ann", True)


@given(
    JSON, st.dictionaries(st.sampled_from(["text", "createdAt", "reply", "embed", "facets", "tags"]), JSON)
)
def test_nothing_that_a_stranger_writes_is_an_error_of_ours(whole: Any, parts: dict[str, Any]) -> None:
    for one in (Change("did:plc:ann", "k", "create", whole, AT), change(**parts)):
        WANTED.has(one)
        item = item_of(one, OWN, None)
        if isinstance(item, NativeItem):
            with suppress(Rejected):
                normalise(item, Source("posts", "bluesky"), AT)
