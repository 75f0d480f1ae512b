"""What is read of a feed, and what of it is news."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.connectors.connector import NativeItem, Source
from listener.connectors.feed import MAX_FORGOTTEN, Feed, Seen, Voice, news_of, read_feed
from listener.connectors.normalise import normalise
from listener.domain.errors import Rejected

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VOICE = Voice("forum-feed")


def atom(*entries: str) -> bytes:
    head = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">'
    return (
        head + "<title>t</title>" + "".join(f"<entry>{entry}</entry>" for entry in entries) + "</feed>"
    ).encode()


def rss(*items: str) -> bytes:
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>t</title>{body}</channel></rss>'.encode()


def items_of(body: bytes, voice: Voice = VOICE) -> list[NativeItem]:
    return news_of(read_feed(body, url="https://forum.example/feed").entries, {}, voice, NOW)[0]


ENTRY = """<id>tag:forum.example,2026:7</id><title type="html">Router &amp;lt;b&gt;dead&lt;/b&gt;</title>
<link href="/t/7"/><author><name>Ana</name><uri>https://forum.example/u/ana</uri></author>
<published>2026-02-01T10:00:00+01:00</published><updated>2026-02-01T10:00:00+01:00</updated>
<thr:in-reply-to ref="tag:forum.example,2026:6"/>
<content type="html">&lt;p&gt;It died &amp;amp; nobody answers.&lt;/p&gt;
&lt;script&gt;x&lt;/script&gt;</content>"""


def test_an_atom_entry_in_full() -> None:
    (item,) = items_of(atom(ENTRY))
    assert item.native_id == "tag:forum.example,2026:7"
    assert item.text == "It died & nobody answers."
    assert item.occurred_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert item.edited_at is None
    assert item.author == "https://forum.example/u/ana"
    assert item.author_name == "Ana"
    assert item.reply_to == "tag:forum.example,2026:6"
    assert item.url == "https://forum.example/t/7"
    assert b"tag:forum.example" in item.original


def test_an_rss_item_in_full() -> None:
    (item,) = items_of(
        rss(
            "<guid isPermaLink='false'>7</guid><link>https://shop.example/r/7</link><title>Never again</title>"
            "<author>bo@mail.example (Bo)</author><pubDate>Tue, 03 Feb 2026 08:00:00 EST</pubDate>"
            "<description>&lt;p&gt;Late&lt;br&gt;and broken&lt;/p&gt;</description>"
        )
    )
    assert item.native_id == "forum-feed/7", "an id that is no URI says nothing beyond its feed"
    assert item.author == "forum-feed/Bo"
    assert item.contactable is not None
    assert item.contactable.email == "bo@mail.example"
    assert item.occurred_at == datetime(2026, 2, 3, 13, tzinfo=UTC)
    assert (item.title, item.text) == ("Never again", "Late\nand broken")


def test_addresses_that_nobody_reads_are_no_evidence_of_a_person() -> None:
    (item,) = items_of(rss("<title>a</title><author>noreply@blog.example (Bo)</author>"))
    assert item.contactable is None
    assert item.author == "forum-feed/Bo"


@pytest.mark.parametrize(
    ("words", "name", "email"),
    [
        ("Ana", "Ana", None),
        ("Ana (Ops)", "Ana (Ops)", None),
        ("ana@mail.online", None, "ana@mail.online"),
        ("ana@mail.online (Ana)", "Ana", "ana@mail.online"),
        ("Ana &lt;ana@mail.online&gt;", "Ana", "ana@mail.online"),
        ("Ana (ana@mail.online)", "Ana", "ana@mail.online"),
    ],
)
def test_every_way_to_name_an_author(words: str, name: str | None, email: str | None) -> None:
    (item,) = items_of(rss(f"<title>a</title><author>{words}</author>"))
    assert item.author_name == name
    assert (item.contactable.email if item.contactable else None) == email


@pytest.mark.parametrize(
    "uri", ["https://forum.example/", "https://forum.example", "javascript:alert(1)", "http://[broken"]
)
def test_a_site_is_not_an_account(uri: str) -> None:
    (item,) = items_of(atom(f"<id>a:1</id><title>x</title><author><name>Ana</name><uri>{uri}</uri></author>"))
    assert item.author == "forum-feed/Ana"


def test_two_feeds_with_the_same_name_and_number_are_two_people_and_two_entries() -> None:
    body = rss("<guid isPermaLink='false'>1</guid><title>a</title><author>Ana</author>")
    (one,), (other,) = items_of(body, Voice("one")), items_of(body, Voice("two"))
    assert one.native_id != other.native_id
    assert one.author != other.author


def test_without_id_the_link_and_without_link_a_hash_of_the_content() -> None:
    linked, plain = items_of(rss("<title>a</title><link>https://x.example/1</link>", "<title>b</title>"))
    by_text = {linked.text: linked.native_id, plain.text: plain.native_id}
    assert by_text["a"] == "https://x.example/1"
    assert by_text["b"].startswith("forum-feed/#")
    assert [item.native_id for item in items_of(rss("<title>b</title>"))] == [by_text["b"]]


def test_without_author_the_configured_one_or_nobody() -> None:
    body = rss("<title>a</title>")
    assert items_of(body)[0].author is None
    (item,) = items_of(body, Voice("press", author="The Daily"))
    assert (item.author, item.author_name) == ("press/The Daily", "The Daily")


def test_without_date_it_was_said_when_first_seen_and_stays_there() -> None:
    feed = read_feed(rss("<title>a</title>"))
    items, seen = news_of(feed.entries, {}, VOICE, NOW)
    assert items[0].occurred_at == NOW
    assert news_of(feed.entries, seen, VOICE, NOW + timedelta(days=1)) == ([], seen)


@pytest.mark.parametrize("date", ["2026-02-01T10:00:00", "2026-02-01", "Sun, 01 Feb 2026 10:00:00"])
def test_a_date_without_zone_is_refused_unless_the_zone_is_configured(date: str) -> None:
    body = rss(f"<title>a</title><pubDate>{date}</pubDate>")
    assert read_feed(body).problems == ("dates without a time zone",)
    (item,) = items_of(body)
    with pytest.raises(Rejected, match="naive-time"):
        normalise(item, Source("f", "rss"), NOW)
    mention = normalise(item, Source("f", "rss", zone=ZoneInfo("Europe/Berlin")), NOW)
    assert mention.occurred_at == (item.occurred_at - timedelta(hours=1)).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "date",
    [
        "2026-02-01T10:00:00Z",
        "2026-02-01T10:00:00z",
        "2026-02-01T12:00:00+02:00",
        "2026-02-01T10:00:00.123Z",
        "Sun, 01 Feb 2026 10:00:00 GMT",
        "Sun, 01 Feb 2026 10:00:00 UT",
        "Sun, 01 Feb 2026 12:00:00 +0200",
        "Sun, 01 Feb 2026 05:00:00 EST",
        "Sun, 01 Feb 2026 02:00:00 PST",
    ],
)
def test_every_way_to_write_a_zone(date: str) -> None:
    (item,) = items_of(rss(f"<title>a</title><pubDate>{date}</pubDate>"))
    assert item.occurred_at == datetime(2026, 2, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("date", ["yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", ""])
def test_an_impossible_date_is_no_date(date: str) -> None:
    (item,) = items_of(rss(f"<title>a</title><pubDate>{date}</pubDate>"))
    assert item.occurred_at == NOW


class TestEdits:
    def versions(self, *updated: str, published: bool) -> list[list[NativeItem]]:
        seen: dict[str, Seen] = {}
        news = []
        for moment in updated:
            dates = "<published>2026-02-01T00:00:00Z</published>" if published else ""
            body = atom(f"<id>a:1</id><title>v</title>{dates}<updated>{moment}</updated>")
            items, seen = news_of(read_feed(body).entries, seen, VOICE, NOW)
            news.append(items)
        return news

    @pytest.mark.parametrize("published", [True, False])
    def test_a_later_update_is_an_edit_at_the_same_time_of_saying(self, published: bool) -> None:
        first, again, edited = self.versions(
            "2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", published=published
        )
        assert again == []
        assert first[0].edited_at is None
        assert edited[0].edited_at == datetime(2026, 2, 2, tzinfo=UTC)
        assert edited[0].occurred_at == first[0].occurred_at == datetime(2026, 2, 1, tzinfo=UTC)
        assert normalise(edited[0], Source("f", "rss"), NOW).revision == 1769990400000

    def test_an_older_update_is_nothing(self) -> None:
        assert self.versions("2026-02-02T00:00:00Z", "2026-02-01T00:00:00Z", published=True)[1] == []

    def test_what_was_edited_before_we_came_says_so(self) -> None:
        ((item,),) = self.versions("2026-02-02T00:00:00Z", published=True)
        assert item.edited_at == datetime(2026, 2, 2, tzinfo=UTC)

    def test_naive_dates_keep_their_meaning(self) -> None:
        first, edited = self.versions("2026-02-01T00:00:00", "2026-02-02T00:00:00", published=False)
        assert edited[0].occurred_at == first[0].occurred_at == datetime(2026, 2, 1)  # noqa: DTZ001 - is the point

    def test_of_two_versions_in_one_feed_the_newer(self) -> None:
        old, new = (
            f"<id>a:1</id><title>{day}</title><published>2026-02-01T00:00:00Z</published>"
            f"<updated>2026-02-0{day}T00:00:00Z</updated>"
            for day in (1, 2)
        )
        for body in (atom(old, new), atom(new, old)):
            assert [item.text for item in items_of(body)] == ["2"]


class TestSharedIds:
    """A careless feed gives every answer the link of its thread and no id."""

    def post(self, day: int) -> str:
        return (
            f"<title>post {day}</title><link>https://f.example/thread</link>"
            f"<pubDate>Sun, 0{day} Feb 2026 00:00:00 GMT</pubDate>"
        )

    def test_none_is_lost_and_each_keeps_its_id_while_others_come_and_go(self) -> None:
        seen: dict[str, Seen] = {}
        heard: list[NativeItem] = []
        for days in ([1], [2, 1], [3, 2, 1], [3, 2], [3], [4, 3], [4]):
            items, seen = news_of(read_feed(rss(*map(self.post, days))).entries, seen, VOICE, NOW)
            heard += items
        assert [item.text for item in heard] == ["post 1", "post 2", "post 3", "post 4"]
        assert len({item.native_id for item in heard}) == 4


def test_news_comes_oldest_first() -> None:
    days = ["03", "01", "02"]
    body = atom(*(f"<id>a:{d}</id><title>{d}</title><updated>2026-02-{d}T00:00:00Z</updated>" for d in days))
    assert [item.text for item in items_of(body)] == sorted(days)


def test_memory_is_bounded_and_keeps_what_is_shown() -> None:
    old = {f"old{number}": Seen(number, number) for number in range(MAX_FORGOTTEN + 10)}
    feed = read_feed(rss("<title>a</title>"))
    _, seen = news_of(feed.entries, old, VOICE, NOW)
    assert len(seen) == MAX_FORGOTTEN + 1
    assert "old9" not in seen
    assert news_of(feed.entries, seen, VOICE, NOW)[0] == []


def test_bytes_that_name_a_file_are_not_opened(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("feed") / "secret.xml"
    path.write_bytes(rss("<title>secret</title>"))
    assert read_feed(str(path).encode()).entries == ()


def test_external_entities_are_not_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("feed") / "secret.txt"
    path.write_text("secret")
    body = f'<!DOCTYPE r [<!ENTITY e SYSTEM "file://{path}">]>'.encode() + rss("<title>a &e;</title>")
    assert "secret" not in repr(read_feed(body))


@pytest.mark.parametrize("body", [b"", b"<html><body>Bad gateway</body></html>", b"\x00\xff" * 50, b"{}"])
def test_what_is_no_feed_is_not_taken_for_an_empty_one(body: bytes) -> None:
    feed = read_feed(body)
    assert not feed.recognised
    assert feed.entries == ()
    assert feed.problems


def test_a_feed_that_breaks_off_gives_what_came_and_says_so() -> None:
    whole = atom(ENTRY, ENTRY.replace("2026:7", "2026:8"))
    feed = read_feed(whole[:-200])
    assert not feed.complete
    assert feed.entries[0].entry_id.endswith(":7")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 900), st.integers(0, 60))
def test_no_bytes_break_it(noise: bytes, at: int, cut: int) -> None:
    body = atom(ENTRY, ENTRY.replace("2026:7", "2026:8"))
    feed: Feed = read_feed(body[:at] + noise + body[at + cut :])
    items, seen = news_of(feed.entries, {}, VOICE, NOW)
    for item in items:
        try:
            normalise(item, Source("f", "rss"), NOW).to_json().decode()
        except Rejected as error:
            assert error.reason == "naive-time"  # noqa: PT017 - any other reason would be a fault of ours
    assert news_of(feed.entries, seen, VOICE, NOW)[0] == []
