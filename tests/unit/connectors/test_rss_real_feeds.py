"""The mapping over the feeds, well- and ill-formed, that feed readers are tested with."""

import os
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.connectors.connector import Source
from listener.connectors.feed import Feed, Voice, news_of, read_feed
from listener.connectors.normalise import normalise
from listener.domain.errors import Rejected
from listener.domain.mention import Mention

ARCHIVE = (
    Path(__file__).resolve().parents[4]
    / "shared/data/api_payloads/rss_atom/feedparser_wellformed_illformed.tar.gz"
)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
SOURCE = Source("feed", "rss", channel="forum")

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def bodies() -> dict[str, bytes]:
    if not ARCHIVE.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{ARCHIVE} is missing")
        pytest.skip("the real data are not beside the checkout")
    with tarfile.open(ARCHIVE) as archive:
        files = ((member.name, archive.extractfile(member)) for member in archive if member.isfile())
        return {name: file.read() for name, file in files if file is not None}


@pytest.fixture(scope="module")
def feeds(bodies: dict[str, bytes]) -> dict[str, Feed]:
    return {name: read_feed(body, url="https://example.org/feed") for name, body in bodies.items()}


def mentions(feed: Feed) -> list[Mention]:
    items, _ = news_of(feed.entries, {}, Voice("feed"), NOW)
    found = []
    for item in items:
        try:
            found.append(normalise(item, SOURCE, NOW))
        except Rejected as error:
            assert error.reason == "naive-time", item.origin  # noqa: PT017 - no other is the feed's fault
    return found


def test_every_feed_is_read_and_what_it_says_becomes_mentions(feeds: dict[str, Feed]) -> None:
    found = [mention for feed in feeds.values() for mention in mentions(feed)]
    assert len(feeds) > 1000
    assert len(found) > 450
    assert sum(feed.recognised for feed in feeds.values()) > 0.98 * len(feeds)
    for mention in found:
        assert Mention.read_at_edge(mention.to_json()) == mention
        assert mention.text
        assert mention.url is None or mention.url.startswith("http")


def test_no_entry_is_news_twice(feeds: dict[str, Feed]) -> None:
    for name, feed in feeds.items():
        _, seen = news_of(feed.entries, {}, Voice("feed"), NOW)
        assert news_of(feed.entries, seen, Voice("feed"), NOW) == ([], seen), name


def test_ids_do_not_depend_on_when_it_is_read(bodies: dict[str, bytes], feeds: dict[str, Feed]) -> None:
    for name, feed in feeds.items():
        ids = [item.native_id for item in news_of(feed.entries, {}, Voice("feed"), NOW)[0]]
        other = read_feed(bodies[name], url="https://example.org/feed")
        later = [
            item.native_id for item in news_of(other.entries, {}, Voice("feed"), NOW.replace(year=2027))[0]
        ]
        assert sorted(ids) == sorted(later), name


def test_no_script_of_a_feed_survives(feeds: dict[str, Feed]) -> None:
    sanitised = {name: feed for name, feed in feeds.items() if "/sanitize/" in name}
    assert len(sanitised) > 100
    for name, feed in sanitised.items():
        for entry in feed.entries:
            assert "<script" not in entry.text.lower(), name
