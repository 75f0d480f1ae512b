"""Sources of X: options, rules, limits, what a search cannot reach; against the conformance suite's stand-in."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from conformance.gate import Refuse
from conformance.http_server import serving
from conformance.servers.x import OTHERS_RULE, TOKEN, XServer
from listener.connectors.connector import NativeItem, Setup
from listener.connectors.x import SEARCH, XConnector, XOptions, build
from listener.connectors.x_client import Client
from listener.connectors.x_compliance import results
from listener.connectors.x_post import Own
from listener.connectors.x_rules import MAX_QUERY, MAX_RULE, Rules, account_rules, queries
from listener.domain.errors import ListenerError, UsageError
from listener.http.client import Unavailable


@pytest.fixture
def server() -> Iterator[XServer]:
    made = XServer()
    with serving(made) as made.url:
        yield made


@pytest.fixture
def client(server: XServer) -> Iterator[Client]:
    made = Client(server.url, TOKEN, 20)
    yield made
    made.close()


def connector(url: str = "http://127.0.0.1:1", **options: Any) -> XConnector:
    whole = {"url": url, "streaming": False, "rules": ["acme"], "compliance_seconds": 0} | options
    return build(Setup("tweets", whole, {"token": TOKEN}, frozenset({"@acme"})))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": [" "]}, "an empty rule matches nothing"),
        ({"rules": ["x" * (MAX_RULE + 1)]}, "at most 496 characters"),
        ({"poll_seconds": 0}, "greater than or equal to 1"),
        ({"url": "api.x.com"}, "should match pattern"),
        ({"rule": "acme"}, "Extra inputs are not permitted"),
    ],
)
def test_wrong_options_say_what_is_wrong(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        XOptions.model_validate(options)


def test_a_source_that_would_hear_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match=r"sources\.tweets: nothing to read"):
        build(Setup("tweets", {}, {"token": TOKEN}))
    with pytest.raises(UsageError, match=r"sources\.tweets\.secrets\.token: is missing"):
        build(Setup("tweets", {}, accounts=frozenset({"acme"})))


def test_accounts_are_names_or_ids() -> None:
    own = Own.of(["@Acme", "acme", " 4711 ", "@123"])
    assert account_rules(own) == ["@123 OR from:123", "@acme OR from:acme", "to:4711 OR from:4711"]


@given(st.lists(st.text("ab ", min_size=1, max_size=MAX_RULE), min_size=1, max_size=20))
def test_queries_fit_and_hold_every_rule(rules: list[str]) -> None:
    packed = queries(rules)
    assert all(len(query) <= MAX_QUERY for query in packed)
    left = iter(packed)
    query = next(left)
    for rule in rules:
        while f"({rule})" not in query:
            query = next(left)


def test_rules_that_others_have_made_are_used_and_not_touched(server: XServer, client: Client) -> None:
    server.rules.append({"id": "78", "value": "(acme) -is:retweet", "tag": "marketing"})
    server.rules.append({"id": "79", "value": "(old) -is:retweet", "tag": "listener tweets"})
    rules = Rules("tweets", ["acme", "acmefail"])
    assert rules.keep(client) is True
    assert rules.keep(client) is False
    assert [rule["value"] for rule in server.rules] == [
        OTHERS_RULE["value"],
        "(acme) -is:retweet",
        "(acmefail) -is:retweet",
    ]
    assert rules.match([{"id": "78"}])
    assert not rules.match([OTHERS_RULE])
    with pytest.raises(ListenerError, match=r"X refuses a rule: .*nonsense:1"):
        Rules("tweets", ["nonsense:1"]).keep(client)


def test_the_limit_of_one_endpoint_is_not_that_of_another(server: XServer, client: Client) -> None:
    reset = str(int(time.time()) + 900)
    server.gate.meet(Refuse(429, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}))
    for _ in range(2):
        with pytest.raises(Unavailable) as limited:
            client.get(SEARCH, {"query": "(acme) -is:retweet"})
        assert limited.value.retry_after_seconds is not None
        assert limited.value.retry_after_seconds > 800
    assert len(server.gate.asked) == 1
    assert client.get("/2/tweets/search/stream/rules")["data"] == [OTHERS_RULE]


def test_after_a_long_absence_as_much_is_read_as_the_search_reaches(server: XServer) -> None:
    server.post("ann", "last week")
    made = connector(server.url)
    for days, since in enumerate(("0", "1490000000000000000")):
        made.open({"url": server.url, "since": dict.fromkeys(made._queries, since), "recent": []})
        (item,) = made.poll().items
        assert isinstance(item, NativeItem), days
        assert item.text == "last week"
    made.close()


def test_a_new_rule_begins_where_the_others_stand() -> None:
    long = "x" * MAX_RULE  # so that it is a query of its own
    made, more = connector(rules=["acme"]), connector(rules=["acme", long])
    (query,) = made._queries
    more.open({"url": "http://127.0.0.1:1", "since": {query: "77", "forgotten": "88"}, "recent": []})
    assert more._position.since == dict.fromkeys(more._queries, "77")
    assert len(more._queries) > 1
    more.close()


def test_the_cursor_of_another_connector_is_refused() -> None:
    with pytest.raises(UsageError, match="give this source another name"):
        connector().open({"etag": "x"})


def test_which_posts_are_gone() -> None:
    lines = [
        b'{"id":"1","action":"delete","reason":"deleted","redacted_at":"2026-03-01T12:00:00.000Z"}',
        b'{"id":"2","action":"delete","reason":"suspended"}',
        b'{"id":"3","action":"delete","reason":"scrub_geo"}',
        b'{"id":"4","action":"tweet_edit"}',
        b"not JSON",
    ]
    one, other = results(b"\n".join(lines))
    assert (one.post_id, one.at) == ("1", datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert (other.post_id, other.at) == ("2", None)
