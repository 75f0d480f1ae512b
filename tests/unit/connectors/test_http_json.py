"""JSON of any service: what is in it, how its pages follow each other, what the shipped configurations read."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from conformance.gate import Gate, Refuse
from conformance.http_server import Answer, Request, json_answer, serving
from listener.connectors.connector import Batch, NativeDeletion, NativeItem, Setup, Source, Unreadable
from listener.connectors.http_json import (
    HttpJsonConnector,
    HttpJsonOptions,
    Paging,
    Position,
    build,
    greater,
    lowered,
    presets,
    with_preset,
)
from listener.connectors.json_mapping import Fields, Reader, read_item
from listener.connectors.normalise import normalise
from listener.domain.errors import Busy, ListenerError, UsageError

PAYLOADS = Path(__file__).resolve().parents[4] / "shared/data/api_payloads"
NOW = datetime(2026, 9, 1, tzinfo=UTC)
FIELDS = Fields(id="id", text="words", occurred_at="at", edited_at="edited", author="by", rating="stars")
READER = Reader("https://shop.test/api", FIELDS, deleted="gone", own=frozenset({"acme"}))
ITEM = {"id": 7, "words": "broken", "at": "2026-01-01T00:00:00Z", "by": "ann", "stars": 1}


def item(**fields: Any) -> NativeItem:
    told = read_item(ITEM | fields, READER, NOW)
    assert isinstance(told.item, NativeItem), told.item
    return told.item


def test_an_item() -> None:
    said = item()
    assert (said.native_id, said.author, said.text, said.rating) == (
        "shop.test/7",
        "shop.test/ann",
        "broken",
        0,
    )
    assert item(stars="4.5").rating == 0.875
    assert item(by="Acme").direction == "outbound"
    assert item(at=1767225600).occurred_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert read_item(ITEM | {"edited": 1767225601}, READER, NOW).revision == 1767225601000


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (7, "id: nothing at 'id'"),
        ({**ITEM, "words": None}, "text: no text at 'words'"),
        ({**ITEM, "at": None}, "occurred_at: nothing at 'at'"),
        ({**ITEM, "at": "soon"}, "occurred_at: not a time"),
        ({**ITEM, "at": True}, "occurred_at: a time is expected"),
        ({**ITEM, "at": "02/03/2015"}, "occurred_at: '02/03/2015' may be"),
        ({**ITEM, "stars": "many"}, "rating: not a number"),
    ],
)
def test_what_cannot_be_read_says_where(raw: Any, words: str) -> None:
    told = read_item(raw, READER, NOW)
    assert isinstance(told.item, Unreadable)
    assert words in told.item.detail
    assert json.loads(told.item.original) == raw


def test_a_deletion_names_its_author_except_the_company() -> None:
    deleted = read_item(ITEM | {"gone": True, "words": None}, READER, NOW)
    assert isinstance(deleted.item, NativeDeletion)
    assert deleted.item.author == "shop.test/ann"
    own = read_item(ITEM | {"gone": "2026", "by": "acme"}, READER, NOW).item
    assert isinstance(own, NativeDeletion)
    assert own.author is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"url": "shop.test"}, "url"),
        ({"items": "["}, "not a JMESPath expression"),
        ({"fields": {"id": "id", "occurred_at": "at"}}, "give text or html"),
        ({"fields": {"id": "a b", "text": "x", "occurred_at": "at"}}, "not a JMESPath expression"),
        ({"paging": {"page": "p", "offset": "o"}}, "give one of"),
        ({"paging": {}}, "give one of"),
        ({"paging": {"parameter": "before"}}, "belong together"),
        ({"query": {"after": "{since}"}}, "belongs together"),
        ({"since": {"value": "at", "first": "0"}}, "belongs together"),
        ({"ratings": [5, 5]}, "the same"),
        ({"zone": "Mars/Phobos"}, "no such time zone"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_options_are_refused(changed: dict[str, Any], words: str) -> None:
    options = {"url": "https://shop.test", "items": "@", "fields": FIELDS.model_dump(exclude_none=True)}
    HttpJsonOptions.model_validate(options)
    with pytest.raises(ValidationError, match=words):
        HttpJsonOptions.model_validate(options | changed)


def test_a_secret_that_is_named_must_be_given() -> None:
    options = {**ALL_OF_IT, "url": "https://shop.test", "headers": {"X-Key": "{key}"}}
    with pytest.raises(UsageError, match=r"sources\.shop\.secrets\.key"):
        build(Setup("shop", options))


def test_an_unknown_preset_names_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="'phpbb'; there are: discourse, hacker-news"):
        with_preset({"preset": "phpbb"})


def test_what_is_given_stands_over_the_preset() -> None:
    options = HttpJsonOptions.model_validate(
        with_preset({"preset": "hacker-news", "query": {"query": "acme"}, "fields": {"likes": "stars"}})
    )
    assert options.query["query"] == "acme"
    assert options.query["tags"] == "(story,comment)"
    assert (options.fields.likes, options.fields.id) == ("stars", "objectID || id")


@pytest.mark.parametrize(
    ("value", "by", "expected"),
    [
        ("1767225600", 600, "1767225000"),
        ("2026-01-01T00:00:00Z", 600, "2025-12-31T23:50:00Z"),
        ("abc", 600, "abc"),
        ("abc", 0, "abc"),
    ],
)
def test_asking_from_before_the_last(value: str, by: float, expected: str) -> None:
    assert lowered(value, by) == expected


@pytest.mark.parametrize(
    ("one", "other", "first", "expected"),
    [
        (None, 9, "0", "9"),
        ("9", 10, "0", "10"),
        ("10", "9", "0", "10"),
        ("9", "soon", "0", "9"),
        ("9", float("inf"), "0", "9"),
        ("9", None, "0", "9"),
        (None, "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:30:00+01:00", "2025-01-01", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "never", "2025-01-01", "2026-01-01T00:00:00Z"),
        ("a7", "a8", "a", "a8"),
    ],
)
def test_what_was_read_last_is_of_the_sort_of_the_first(
    one: str | None, other: Any, first: str, expected: str
) -> None:
    assert greater(one, other, first) == expected


ALL_OF_IT: dict[str, Any] = {
    "items": "items",
    "fields": FIELDS.model_dump(exclude_none=True),
    "first_pages": 100,
    "requests_per_minute": 6000,
}


class Shop:
    """Its reviews, the newest first, three a page, by every way of paging."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.url = ""
        self.numbers = list(range(8))
        self.asked: list[Request] = []
        self.elsewhere = ""

    def respond(self, request: Request) -> Answer:
        self.asked.append(request)
        page = int(request.one("page", "1")) - 1
        start = int(request.one("skip", "0")) or 3 * page
        newest_first = sorted(self.numbers, reverse=True)
        if request.one("before"):
            newest_first = [number for number in newest_first if number < int(request.one("before"))]
        found = newest_first[start : start + 3]
        etag = f'"{found}"'
        if request.headers.get("if-none-match") == etag:
            return Answer(304)
        following = f"{self.elsewhere}/reviews?page={page + 2}"
        more = len(newest_first) > start + 3
        headers = {"ETag": etag, **({"Link": f'<{following}>; rel="next"'} if more else {})}
        answer: dict[str, Any] = {"items": [ITEM | {"id": number, "words": str(number)} for number in found]}
        answer |= {"next": following if more else None, "last": found[-1] if more else None}
        return json_answer(answer, 200, headers)


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    with serving(made) as made.url:
        yield made


@pytest.fixture
def connector(shop: Shop) -> Iterator[Callable[..., HttpJsonConnector]]:
    made: list[HttpJsonConnector] = []

    def connect(**options: Any) -> HttpJsonConnector:
        chosen = HttpJsonOptions.model_validate({**ALL_OF_IT, "url": f"{shop.url}/reviews", **options})
        made.append(HttpJsonConnector("shop", chosen, {"key": "sesame"}, now=lambda: NOW))
        made[-1].open(None)
        return made[-1]

    yield connect
    for each in made:
        each.close()


def whole_pass(made: HttpJsonConnector) -> tuple[list[str], Batch]:
    """Polls until something comes, or nothing more is to be had at once."""
    while True:
        batch = made.poll()
        if batch.items or batch.wait_seconds > 1:
            return [each.text for each in batch.items if isinstance(each, NativeItem)], batch


WAYS = [
    {"next": "next"},
    {"link_header": True},
    {"page": "page"},
    {"offset": "skip"},
    {"parameter": "before", "value": "last"},
]


@pytest.mark.parametrize("paging", WAYS, ids=lambda way: next(iter(way)))
def test_every_way_of_paging(
    shop: Shop, connector: Callable[..., HttpJsonConnector], paging: dict[str, Any]
) -> None:
    made = connector(paging=paging)
    texts, batch = whole_pass(made)
    assert sorted(texts) == [str(number) for number in range(8)]
    assert batch.position is not None
    resumed = connector(paging=paging)
    resumed.open(batch.position)
    shop.numbers += [8, 9, 10, 11]
    assert sorted(whole_pass(resumed)[0], key=int) == ["8", "9", "10", "11"]
    assert whole_pass(resumed)[0] == []


def test_what_a_deletion_pulls_to_a_page_that_was_read_is_found(
    shop: Shop, connector: Callable[..., HttpJsonConnector]
) -> None:
    made = connector(paging={"page": "page"})
    shop.gate.at(2, lambda: shop.numbers.remove(7))  # 4 moves to the first page
    texts, _ = whole_pass(made)
    assert "4" not in texts
    assert whole_pass(made)[0] == ["4"]
    assert whole_pass(made)[0] == []


def test_more_news_than_a_page_holds_while_a_pass_reads_hides_nothing(
    shop: Shop, connector: Callable[..., HttpJsonConnector]
) -> None:
    made = connector(paging={"page": "page"})
    whole_pass(made)
    assert whole_pass(made)[0] == []
    shop.numbers += range(8, 16)
    shop.gate.at(2, lambda: shop.numbers.extend(range(16, 19)))  # the second page is what the first was
    heard = whole_pass(made)[0]
    while more := whole_pass(made)[0]:
        heard += more
    assert sorted(heard, key=int) == [str(number) for number in range(8, 19)]


def test_only_what_has_changed_is_sent(shop: Shop, connector: Callable[..., HttpJsonConnector]) -> None:
    made = connector()
    whole_pass(made)
    whole_pass(made)
    assert shop.asked[-1].headers["if-none-match"] == '"[7, 6, 5]"'
    shop.numbers.append(8)
    assert whole_pass(made)[0] == ["8"]


def test_secrets_are_filled_in_and_go_nowhere_else(
    shop: Shop, connector: Callable[..., HttpJsonConnector]
) -> None:
    made = connector(paging={"next": "next"}, headers={"X-Key": "{key}"}, query={"k": "{key}"})
    shop.elsewhere = "http://elsewhere.test"
    with pytest.raises(ListenerError, match="elsewhere"):
        whole_pass(made)
    assert shop.asked[0].headers["x-key"] == "sesame"
    assert shop.asked[0].one("k") == "sesame"


def test_a_page_without_the_list_is_no_empty_list(connector: Callable[..., HttpJsonConnector]) -> None:
    with pytest.raises(Busy, match="no list at 'reviews'"):
        connector(items="reviews").poll()


def test_after_a_refusal_it_can_be_opened_again(
    shop: Shop, connector: Callable[..., HttpJsonConnector]
) -> None:
    made = connector()
    shop.gate.meet(Refuse(401))
    with pytest.raises(ListenerError, match="401"):
        made.poll()
    made.close()
    made.open(None)
    assert whole_pass(made)[0] == ["5", "6", "7"]


def test_only_some_items(connector: Callable[..., HttpJsonConnector]) -> None:
    assert whole_pass(connector(where="id > `6`"))[0] == ["7"]


def test_a_page_of_which_nothing_is_wanted_hides_nothing(
    shop: Shop, connector: Callable[..., HttpJsonConnector]
) -> None:
    made = connector(paging={"page": "page"}, where="id < `9` || id > `20`")
    whole_pass(made)
    shop.numbers += range(8, 16)  # only the oldest of them is wanted, on the third page
    assert whole_pass(made)[0] == ["8"]
    shop.asked.clear()
    assert whole_pass(made)[0] == []
    while len(shop.asked) > 1:  # a pass that went deep is followed by others that look as far
        shop.asked.clear()
        whole_pass(made)
    shop.numbers.append(21)
    assert whole_pass(made)[0] == ["21"]


def test_a_cursor_of_another_connector_is_refused_in_words(
    connector: Callable[..., HttpJsonConnector],
) -> None:
    with pytest.raises(UsageError, match="give this source another name"):
        connector().open({"offset": 7})
    assert Position.resumed({"url": "a", "since": "7", "recent": []}, "b").since is None


def test_one_way_of_paging_is_enough() -> None:
    for way in WAYS:
        Paging.model_validate(way)


def read_all(preset: str, raws: list[Any]) -> list[Any]:
    given = {"preset": preset, "url": "https://forum.test"}
    options = HttpJsonOptions.model_validate(with_preset(given))
    reader = Reader(options.url, options.fields, options.deleted)
    return [read_item(raw, reader, NOW).item for raw in raws]


@pytest.mark.data
def test_recorded_posts_of_discourse_and_items_of_hacker_news() -> None:
    if not PAYLOADS.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{PAYLOADS} is missing")
        pytest.skip("the real data are not beside the checkout")
    posts = [
        post
        for name in ("posts_latest", "posts_before")
        for post in json.loads((PAYLOADS / f"discourse/{name}.json").read_text())["latest_posts"]
    ]
    stories = json.loads((PAYLOADS / "hackernews/items.derived.json").read_text())
    for preset, raws in (("discourse", posts), ("hacker-news", stories)):
        items = read_all(preset, raws)
        assert len(items) >= 6
        for said in items:
            assert isinstance(said, NativeItem), said
            mention = normalise(said, Source("s", "http-json", channel="forum"), NOW)
            assert mention.text
            assert "<p>" not in mention.text
            assert mention.author.startswith("http-json:forum.test/")
    second = read_all("discourse", posts)[0]
    assert (second.native_id, second.reply_to) == ("forum.test/11/2", "forum.test/11/1")
    comment = read_all("hacker-news", stories)[1]
    assert (comment.native_id, comment.reply_to) == ("forum.test/2921983", "forum.test/2921506")


@pytest.mark.parametrize("preset", presets())
def test_what_is_shipped_is_valid(preset: str) -> None:
    HttpJsonOptions.model_validate(with_preset({"preset": preset, "url": "https://forum.test"}))
