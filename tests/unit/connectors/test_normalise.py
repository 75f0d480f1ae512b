"""Items become mentions with ids that do not depend on when or how often they are seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from listener.connectors.connector import NativeDeletion, NativeItem, Source
from listener.connectors.normalise import normalise, normalise_deletion
from listener.domain.errors import Rejected

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = Source("shop", "reviews", channel="review")
ITEM = NativeItem(
    native_id="7",
    text="broken again",
    occurred_at=datetime(2026, 2, 1, 9, 30, tzinfo=timezone(timedelta(hours=2))),
    author="ann",
    reply_to="5",
    thread="4",
    origin="x",
)


def test_ids_begin_with_the_kind_and_times_are_utc() -> None:
    mention = normalise(ITEM, SOURCE, NOW)
    assert mention.mention_id == "reviews:7"
    assert mention.author == mention.key == "reviews:ann"
    assert (mention.reply_to, mention.thread) == ("reviews:5", "reviews:4")
    assert mention.occurred_at == datetime(2026, 2, 1, 7, 30, tzinfo=UTC)
    assert (mention.channel, mention.visibility, mention.revision) == ("review", "public", 0)
    assert not mention.historical


def test_the_channel_says_how_visible_it_is_unless_the_item_does() -> None:
    letter = replace(ITEM, channel="letter")
    assert normalise(letter, SOURCE, NOW).visibility == "private"
    assert normalise(replace(letter, visibility="public"), SOURCE, NOW).visibility == "public"


def test_an_edit_is_the_same_mention_with_a_higher_revision() -> None:
    edited = replace(ITEM, text="fixed", edited_at=datetime(2026, 2, 2, 0, 0, 0, 5000, tzinfo=UTC))
    mention = normalise(edited, SOURCE, NOW)
    assert mention.mention_id == "reviews:7"
    assert mention.revision == 1769990400005
    assert mention.occurred_at == normalise(ITEM, SOURCE, NOW).occurred_at


def test_without_author_nobody_else_shares_it() -> None:
    mention = normalise(replace(ITEM, author=None), SOURCE, NOW)
    assert mention.author == "reviews:anon-7"


def test_a_naive_time_is_refused_unless_the_source_gives_its_zone() -> None:
    naive = replace(ITEM, occurred_at=datetime(2026, 7, 1, 12))  # noqa: DTZ001 - what is tested
    with pytest.raises(Rejected) as refused:
        normalise(naive, SOURCE, NOW)
    assert refused.value.reason == "naive-time"
    berlin = replace(SOURCE, zone=ZoneInfo("Europe/Berlin"))
    assert normalise(naive, berlin, NOW).occurred_at == datetime(2026, 7, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "item",
    [
        replace(ITEM, native_id=""),
        replace(ITEM, text="x" * 1_000_001),
        replace(ITEM, text="\ud800"),
        replace(ITEM, rating=5.0),
        replace(ITEM, occurred_at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9)))),
    ],
    ids=["no id", "too long", "half a character", "rating above 1", "before the calendar begins"],
)
def test_what_breaks_the_contract_is_rejected(item: NativeItem) -> None:
    with pytest.raises(Rejected):
        normalise(item, SOURCE, NOW)


def test_long_names_are_cut_and_a_long_address_is_left_out() -> None:
    long = replace(ITEM, author_name="n" * 400, title="t" * 3000, url="https://example.org/" + "u" * 5000)
    mention = normalise(long, SOURCE, NOW)
    assert mention.author_name == "n" * 300
    assert mention.title == "t" * 2000
    assert mention.url is None


def test_whom_an_answer_answers_is_for_outbound_only() -> None:
    item = replace(ITEM, answers="5", answers_author="bob", automatic=True)
    inbound = normalise(item, SOURCE, NOW)
    assert (inbound.answers, inbound.answers_author, inbound.automatic) == (None, None, True)
    outbound = normalise(replace(item, direction="outbound"), SOURCE, NOW)
    assert (outbound.answers, outbound.key, outbound.automatic) == ("reviews:5", "reviews:bob", True)


def test_a_deletion_names_its_author_or_one_whom_nobody_shares() -> None:
    gone = NativeDeletion(native_id="7", deleted_at=NOW, author="ann", origin="x")
    assert normalise_deletion(gone, SOURCE, NOW).key == "reviews:ann"
    assert normalise_deletion(replace(gone, author=None), SOURCE, NOW).key == "reviews:anon-7"
