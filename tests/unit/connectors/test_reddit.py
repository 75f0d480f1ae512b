"""Sources of Reddit: options, secrets, words, and what a listing no longer shows; against the conformance suite's
stand-in."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from conformance.http_server import serving
from conformance.servers.reddit import LIMIT, PASSWORD, SECRET, SUBREDDIT, RedditServer
from listener.connectors import reddit
from listener.connectors.connector import NativeItem, Setup
from listener.connectors.reddit import RedditConnector, RedditOptions, build
from listener.domain.errors import ListenerError, UsageError

SECRETS = {"client_secret": SECRET, "password": PASSWORD}


@pytest.fixture
def server() -> Iterator[RedditServer]:
    made = RedditServer()
    with serving(made) as made.url:
        yield made


def connector(server: RedditServer, secrets: Any = SECRETS, **options: Any) -> RedditConnector:
    whole = {name: value for name, value in server.source().items() if name not in ("kind", "secrets")}
    return build(Setup("forum", whole | options, secrets))


def sweep(made: RedditConnector) -> list[str]:
    """The texts of all listings read once."""
    found: list[str] = []
    while True:
        batch = made.poll()
        found += [item.text for item in batch.items if isinstance(item, NativeItem)]
        if batch.wait_seconds:
            return found


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mentions": False}, "nothing to read: set mentions, subreddits or searches"),
        ({"words": ["acme"]}, "words are for subreddits"),
        ({"subreddits": ["no such"]}, "not a subreddit: 'no such'"),
        ({"searches": [""]}, "an empty word is in everything"),
        ({"username": "/u/acme"}, "should match pattern"),
    ],
)
def test_wrong_options_say_what_is_wrong(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RedditOptions.model_validate({"client_id": "x", "username": "acme"} | options)


def test_secrets_are_needed_and_a_wrong_one_is_told(server: RedditServer) -> None:
    with pytest.raises(UsageError, match=r"sources\.forum\.secrets\.password: is missing"):
        connector(server, {"client_secret": SECRET})
    wrong = connector(server, {"client_secret": SECRET, "password": "guessed"})
    wrong.open(None)
    with pytest.raises(ListenerError, match="invalid_grant") as refused:
        wrong.poll()
    assert "guessed" not in str(refused.value)
    wrong.close()


def test_of_subreddits_what_has_a_word_and_of_the_inbox_all(server: RedditServer) -> None:
    for text in ("a comment", "a post", "a mention", "an Acme-comment", "acmeish"):
        server.post("ann", text)
    made = connector(server, words=["acme"], subreddits=[f"/r/{SUBREDDIT}"])
    made.open(None)
    assert sorted(sweep(made)) == ["a mention", "an Acme-comment"]
    made.close()


def test_what_a_listing_no_longer_shows_is_told(
    server: RedditServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reddit, "WINDOW", reddit.PAGE + 2 * LIMIT)
    for number in range(6 * LIMIT):
        server.post("ann", f"post {number}")
    made = connector(server, mentions=False, overlap_seconds=0)
    made.open({"url": server.url, "since": {f"posts:{SUBREDDIT.lower()}": 1.0}, "recent": []})
    with caplog.at_level(logging.WARNING):
        assert len(sweep(made)) == 4 * LIMIT
    assert [record.getMessage() for record in caplog.records] == [
        f"source=forum listing=posts:{SUBREDDIT.lower()} has brought more than it shows: something may be missing"
    ]
    made.close()


def test_the_cursor_of_another_connector_is_refused(server: RedditServer) -> None:
    with pytest.raises(UsageError, match="give this source another name"):
        connector(server).open({"etag": "x"})
