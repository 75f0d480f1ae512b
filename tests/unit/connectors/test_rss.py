"""The connector against a real HTTP server that misbehaves on request."""

import gzip
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from fakes.feed_server import FeedServer, atom_feed, serving
from listener.connectors.connector import NativeItem
from listener.connectors.rss import RssConnector, RssOptions
from listener.domain.errors import Busy, UsageError
from listener.http.backoff import retry_after_seconds

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as state:
        yield state


def connector(server: FeedServer, **options: object) -> RssConnector:
    made = RssConnector(
        "forum",
        RssOptions.model_validate({"url": server.url, "timeout_seconds": 5} | options),
        now=lambda: NOW,
        uniform=lambda low, high: high,
    )
    made.open(None)
    return made


def texts(made: RssConnector) -> list[str]:
    return [item.text for item in made.poll().items if isinstance(item, NativeItem)]


def test_new_entries_once_and_edits_again(server: FeedServer) -> None:
    made = connector(server)
    server.body = atom_feed(2, 1)
    assert sorted(texts(made)) == ["post 1", "post 2"]
    server.body = atom_feed(3, 2, 1)
    assert texts(made) == ["post 3"]
    assert texts(made) == []
    server.body = atom_feed(1, updated="2026-02-02T00:00:00Z")
    (edited,) = made.poll().items
    assert isinstance(edited, NativeItem)
    assert edited.edited_at == datetime(2026, 2, 2, tzinfo=UTC)


def test_another_process_goes_on_where_the_cursor_stands(server: FeedServer) -> None:
    server.body = atom_feed(2, 1)
    position = connector(server).poll().position
    server.body = atom_feed(3, 2)
    resumed = connector(server)
    resumed.open(position)
    assert texts(resumed) == ["post 3"]


def test_nothing_new_moves_nothing(server: FeedServer) -> None:
    made = connector(server, poll_seconds=7)
    server.body = atom_feed(1)
    assert made.poll().position is not None
    quiet = made.poll()
    assert (list(quiet.items), quiet.position, quiet.wait_seconds) == ([], None, 7)


def test_an_unchanged_feed_is_not_sent_again(server: FeedServer) -> None:
    server.body = atom_feed(1)
    server.headers = {"ETag": '"v1"', "Last-Modified": "Sun, 01 Feb 2026 00:00:00 GMT"}
    made = connector(server)
    position = made.poll().position
    resumed = connector(server)
    resumed.open(position)
    assert texts(resumed) == []
    assert server.asked[-1]["if-none-match"] == '"v1"'
    assert server.asked[-1]["if-modified-since"] == "Sun, 01 Feb 2026 00:00:00 GMT"


def test_a_feed_that_broke_off_is_asked_for_whole(server: FeedServer) -> None:
    whole = atom_feed(2, 1)
    server.headers = {"ETag": '"v1"'}
    server.body = whole[: whole.index(b"a:1") - 4]
    made = connector(server)
    assert texts(made) == ["post 2"]
    server.body = whole
    assert texts(made) == ["post 1"]


def test_another_address_or_zone_in_the_configuration_reads_anew(server: FeedServer) -> None:
    server.headers = {"ETag": '"v1"'}
    server.body = atom_feed(1)
    position = connector(server).poll().position
    assert position is not None
    other_zone = connector(server, zone="Europe/Berlin")
    other_zone.open(position)
    assert texts(other_zone) == ["post 1"], "what was refused for want of a zone can be read now"
    moved = connector(server, url=server.url + "?new")
    moved.open(position)
    assert texts(moved) == [], "the same entries elsewhere are the same entries"
    assert "if-none-match" not in server.asked[-1]


def test_a_cursor_of_another_connector_is_refused_in_words(server: FeedServer) -> None:
    with pytest.raises(UsageError, match="forum"):
        connector(server).open({"offset": 7, "zone": None})


@pytest.mark.parametrize("status", [404, 410, 429, 500, 503, 204])
def test_an_answer_that_is_no_feed_means_wait_and_lose_nothing(server: FeedServer, status: int) -> None:
    made = connector(server, poll_seconds=10)
    server.body = atom_feed(1)
    texts(made)
    server.status = status
    with pytest.raises(Busy, match=str(status)):
        made.poll()
    server.status, server.body = 200, atom_feed(2, 1)
    assert texts(made) == ["post 2"]


def test_the_wait_doubles_up_to_an_hour_and_starts_anew_after_success(server: FeedServer) -> None:
    made = connector(server, poll_seconds=1000)
    server.status = 500
    waits = []
    for _ in range(4):
        with pytest.raises(Busy) as busy:
            made.poll()
        waits.append(busy.value.retry_after_seconds)
    assert waits == [1000, 2000, 3600, 3600]
    server.status, server.body = 200, atom_feed(1)
    made.poll()
    server.status = 500
    with pytest.raises(Busy) as busy:
        made.poll()
    assert busy.value.retry_after_seconds == 1000


def test_what_the_server_asks_for_is_respected(server: FeedServer) -> None:
    server.status, server.headers = 429, {"Retry-After": "4000"}
    with pytest.raises(Busy) as busy:
        connector(server, poll_seconds=10).poll()
    assert busy.value.retry_after_seconds == 4000


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("-1", None),
        ("soon", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@pytest.mark.parametrize("packed", [False, True])
def test_a_feed_without_end_is_refused(server: FeedServer, packed: bool) -> None:
    server.body = atom_feed(1) + b" " * 2_000_000
    if packed:
        server.body = gzip.compress(server.body)
        server.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(Busy, match="max_bytes"):
        connector(server, max_bytes=100_000).poll()


def test_a_feed_that_drips_is_given_up(server: FeedServer) -> None:
    server.body, server.drip_seconds = atom_feed(*range(20)), 0.1
    started = time.monotonic()
    with pytest.raises(Busy, match="not read within"):
        connector(server, timeout_seconds=0.5).poll()
    assert time.monotonic() - started < 3


def test_redirects_are_followed_and_not_for_ever(server: FeedServer) -> None:
    server.body = atom_feed(1)
    assert texts(connector(server, url=server.url.replace("/feed", "/moved"))) == ["post 1"]
    with pytest.raises(Busy, match="redirects"):
        connector(server, url=server.url.replace("/feed", "/round")).poll()


@pytest.mark.parametrize("body", [b"", b"<html><body>Maintenance</body></html>"])
def test_a_page_in_the_place_of_the_feed_is_not_an_empty_atom_feed(server: FeedServer, body: bytes) -> None:
    server.body = body
    with pytest.raises(Busy, match="no entry"):
        connector(server).poll()


def test_nobody_at_that_address() -> None:
    made = RssConnector("gone", RssOptions(url="http://127.0.0.1:1/feed"), now=lambda: NOW)
    made.open(None)
    with pytest.raises(Busy, match="ConnectError"):
        made.poll()


def test_secrets_in_an_address_are_not_told() -> None:
    url = "http://reader:hunter2@127.0.0.1:1/feed?token=abc"
    made = RssConnector("gone", RssOptions(url=url), now=lambda: NOW)
    made.open(None)
    with pytest.raises(Busy) as told:
        made.poll()
    assert "http://127.0.0.1:1/feed: ConnectError" in str(told.value)
    assert not any(secret in str(told.value) for secret in ("reader", "hunter2", "abc"))


def test_broken_compression(server: FeedServer) -> None:
    server.body, server.headers = b"not gzip", {"Content-Encoding": "gzip"}
    with pytest.raises(Busy):
        connector(server).poll()


@pytest.mark.parametrize(
    "options",
    [
        {"url": "file:///etc/passwd"},
        {"url": "https://a.example/feed", "zone": "Mars/Phobos"},
        {"url": "https://a.example/feed", "zone": "/etc/localtime"},
        {"url": "https://a.example/feed", "channel": "telepathy"},
        {"url": "https://a.example/feed", "colour": "red"},
        {"url": "https://a.example/feed", "poll_seconds": 0},
        {},
    ],
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RssOptions.model_validate(options)


def test_what_is_sent_says_who_asks(server: FeedServer) -> None:
    server.body = atom_feed(1)
    connector(server).poll()
    assert server.asked[0]["user-agent"].startswith("Listener")
    assert server.asked[0]["accept"].startswith("application/atom+xml")


def test_the_companys_own_entries_are_outbound(server: FeedServer) -> None:
    entries = [
        f"<entry><id>a:{n}</id><title>post {n}</title><updated>2026-02-01T00:00:00Z</updated>"
        f"<author>{a}</author></entry>"
        for n, a in enumerate(
            [
                "<name>Acme Support</name>",
                "<name>Help</name><email>help@acme.test</email>",
                "<uri>https://forum.test/u/acme</uri>",
                "<name>Ann</name><email>ann@acme.test</email>",
            ]
        )
    ]
    server.body = f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>'.encode()
    accounts = frozenset({"acme support", "Help@acme.test", "https://forum.test/u/acme"})
    made = RssConnector("forum", RssOptions(url=server.url), accounts, now=lambda: NOW)
    said = [item for item in made.poll().items if isinstance(item, NativeItem)]
    assert sorted((item.text, item.direction) for item in said) == [
        ("post 0", "outbound"),
        ("post 1", "outbound"),
        ("post 2", "outbound"),
        ("post 3", "inbound"),
    ]
