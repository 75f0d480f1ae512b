"""What can be configured, and what is read then. Its ways with a server are shown by the conformance suite."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from listener.connectors.connector import Setup
from listener.connectors.mastodon import (
    MastodonConnector,
    MastodonOptions,
    Position,
    build,
    instance,
    streams,
    timelines,
)
from listener.connectors.recent import Recent
from listener.domain.errors import Busy, UsageError

URL = "https://social.test"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "url"),
        ({"url": "social.test"}, "url"),
        ({"url": f"{URL}/@acme"}, "url"),
        ({"url": URL, "mentions": False}, "nothing to read"),
        ({"url": URL, "hashtags": ["two words"]}, "not a hashtag"),
        ({"url": URL, "words": ["acme"]}, "set public"),
        ({"url": URL, "public": "all", "words": [" "]}, "empty word"),
        ({"url": URL, "public": "everything"}, "public"),
        ({"url": URL, "poll_seconds": 0}, "poll_seconds"),
        ({"url": URL, "token": "abc"}, "token"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        MastodonOptions.model_validate(options)


def test_without_a_token_it_says_what_to_write() -> None:
    with pytest.raises(UsageError, match=r"sources\.acme\.secrets\.token"):
        build(Setup("acme", {"url": URL}))


def test_what_is_read_has_a_stream_that_tells_its_news() -> None:
    options = MastodonOptions(url=URL, hashtags=("#AcmeFail",), public="local", words=("acme",))
    read = timelines(options, "1/2")
    assert [each.path for each in read] == [
        "/api/v1/notifications",
        "/api/v1/accounts/1%2F2/statuses",
        "/api/v1/timelines/tag/acmefail",
        "/api/v1/timelines/public",
    ]
    assert {each.stream for each in read} == streams(options).keys()
    assert streams(options)["public"] == ("/api/v1/streaming/public/local", {})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, ("social.test", URL)),
        (None, ("social.test", URL)),
        (
            {"domain": "Test.org", "configuration": {"urls": {"streaming": "wss://stream.test.org"}}},
            ("test.org", "https://stream.test.org"),
        ),
        (
            {"uri": "https://test.org", "urls": {"streaming_api": "wss://test.org"}},
            ("test.org", "https://test.org"),
        ),
        ({"uri": 7, "urls": {"streaming_api": "file:///etc/passwd"}}, ("social.test", URL)),
        ({"configuration": {"urls": []}}, ("social.test", URL)),
    ],
)
def test_where_its_streams_are(found: Any, expected: tuple[str, str]) -> None:
    assert instance(found, URL) == expected


def test_the_cursor_goes_on_with_the_same_server_only() -> None:
    position = Position(URL, {"mentions": "7"}, Recent(), beyond="3")
    for status_id in ("5", "6"):
        position.remember(status_id, 1)
    resumed = Position.resumed(position.to_cursor(), URL)
    assert (resumed.since, resumed.recent.kept(), resumed.beyond) == (
        {"mentions": "7"},
        [("5", 1), ("6", 1)],
        "3",
    )
    assert Position.resumed(position.to_cursor(), "https://other.test").since == {}


def test_what_is_dropped_from_the_cursor_is_never_told_again() -> None:
    position = Position(URL, {}, Recent(max_kept=1))
    for status_id in ("9", "10", "#digest", "8"):
        position.remember(status_id, 0)
    assert position.beyond == "10"


def test_a_cursor_of_another_connector_is_refused_in_words() -> None:
    made = MastodonConnector("acme", MastodonOptions(url=URL), "token", now=lambda: NOW)
    with pytest.raises(UsageError, match="give this source another name"):
        made.open({"offset": 7})


def test_nobody_at_that_address() -> None:
    options = MastodonOptions(url="http://127.0.0.1:1")
    made = MastodonConnector("acme", options, "token", now=lambda: NOW)
    with pytest.raises(Busy, match="ConnectError"):
        made.open(None)
    made.close()
