"""Columns become fields as the options say; what cannot work is said before anything is published."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from listener.connectors.connector import NativeItem, Source
from listener.connectors.file_mapping import FieldMap, parse_field_map, to_item
from listener.connectors.file_rows import Row
from listener.domain.errors import Rejected, UsageError

SOURCE = Source("s", "k", historical=True)
COLUMNS = ["tweet_id", "text", "created_at", "inbound", "name", "Submitted via"]
BASE = ("id=tweet_id", "text=text", "occurred_at=created_at")


def _fields(*maps: str, constants: tuple[str, ...] = (), columns: list[str] | None = None) -> FieldMap:
    return parse_field_map([*BASE, *maps], constants, columns or COLUMNS, None)


def _item_of(source: Source, fields: FieldMap, **values: object) -> NativeItem:
    row = {"tweet_id": "7", "text": "hm", "created_at": "2026-01-02T03:04:05Z"} | values
    return to_item(Row(5, b"raw", row), fields, source, "f.csv:5")


def _item(fields: FieldMap, **values: object) -> NativeItem:
    return _item_of(SOURCE, fields, **values)


def test_the_required_fields() -> None:
    item = _item(_fields())
    assert (item.native_id, item.text, item.occurred_at) == (
        "7",
        "hm",
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    assert (item.origin, item.original, item.direction, item.author) == ("f.csv:5", b"raw", "inbound", None)


@pytest.mark.parametrize(
    ("value", "direction"), [("True", "inbound"), ("FALSE", "outbound"), (False, "outbound")]
)
def test_inbound_in_the_sources_words(value: object, direction: str) -> None:
    assert _item(_fields("inbound=inbound"), inbound=value).direction == direction


def test_values_with_meanings() -> None:
    fields = _fields(
        "direction=inbound:True=inbound,False=outbound", "channel=Submitted via:Web=web_feedback,Fax=letter"
    )
    item = _item(fields, **{"inbound": "false", "Submitted via": "web"})
    assert (item.direction, item.channel) == ("outbound", "web_feedback")
    with pytest.raises(Rejected, match=r"channel \(column Submitted via\).*'Pigeon' is none of web, fax"):
        _item(fields, **{"inbound": "true", "Submitted via": "Pigeon"})


def test_a_column_with_a_colon_in_its_name() -> None:
    fields = _fields(
        "author=user:id", "inbound=user:in:J=true,N=false", columns=[*COLUMNS, "user:id", "user:in"]
    )
    item = _item(fields, **{"user:id": "ann", "user:in": "n"})
    assert (item.author, item.direction) == ("ann", "outbound")


def test_constants() -> None:
    item = _item(_fields(constants=("channel=review", "author_name=Nobody")))
    assert (item.channel, item.author_name) == ("review", "Nobody")


def test_ids_written_as_decimals_are_the_same_ids() -> None:
    item = _item(_fields("reply_to=inbound", "author=name"), tweet_id=" 7.0 ", inbound="3.0", name="1.50")
    assert (item.native_id, item.reply_to, item.author) == ("7", "3", "1.50")


def test_contact_details_and_reach() -> None:
    columns = [*COLUMNS, "mail", "fans", "star"]
    fields = _fields("name=name", "email=mail", "followers=fans", "verified=star", columns=columns)
    item = _item(fields, name="Ann", mail=" ann@example.org ", fans="1,234", star="yes")
    assert item.contactable is not None
    assert (item.contactable.name, item.contactable.email) == ("Ann", "ann@example.org")
    assert item.reach is not None
    assert (item.reach.followers, item.reach.verified) == (1234, True)
    assert _item(fields).contactable is None


def test_names_within_json_objects() -> None:
    fields = _fields("author=user.id", columns=[*COLUMNS, "user", "user.id"])
    assert _item(fields, user={"id": 12}).author == "12"
    assert _item(fields, user=None).author is None
    with pytest.raises(Rejected, match="text or number"):
        _item(_fields("author=name"), name=["a"])


def test_empty_cells_are_no_values_and_an_empty_text_is_a_text() -> None:
    item = _item(_fields("author=name", "url=inbound"), name="  ", inbound="", text="")
    assert (item.author, item.url, item.text) == (None, None, "")
    for name in ("tweet_id", "created_at"):
        with pytest.raises(Rejected, match=f"column {name}.*empty"):
            _item(_fields(), **{name: ""})


def test_a_naive_time_names_the_option() -> None:
    with pytest.raises(Rejected, match="--zone") as refused:
        _item(_fields(), created_at="2026-07-01 10:00")
    assert refused.value.reason == "naive-time"
    berlin = Source("s", "k", zone=ZoneInfo("Europe/Berlin"))
    assert _item_of(berlin, _fields(), created_at="2026-07-01 10:00").occurred_at.tzinfo is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rating", "five"),
        ("followers", "1.5"),
        ("followers", "-3"),
        ("verified", "perhaps"),
        ("channel", "pigeon"),
    ],
)
def test_values_that_cannot_be_read_reject_their_row(field: str, value: str) -> None:
    with pytest.raises(Rejected):
        _item(_fields(f"{field}=name"), name=value)


@pytest.mark.parametrize(
    ("maps", "constants", "says"),
    [
        (
            ["id=tweet_id", "text=text"],
            [],
            r"field occurred_at: add --map occurred_at=COLUMN; columns: tweet_id",
        ),
        ([*BASE, "author=nam"], [], r"no column nam \(did you mean name\?\); columns: .*inbound"),
        ([*BASE, "autor=name"], [], r"no field autor \(did you mean author\?\)"),
        ([*BASE, "author"], [], "must look like field=column"),
        ([*BASE, "author="], [], "must look like field=column"),
        ([*BASE, "author=name", "author=text"], [], "author is given twice"),
        ([*BASE, "author=name"], ["author=x"], "author is given twice"),
        ([*BASE, "inbound=inbound"], ["direction=inbound"], "same thing"),
        ([*BASE, "channel=name:web"], [], "value=meaning"),
        (BASE, ["channel=pigeon"], "--set channel=pigeon: .*is none of social"),
        (BASE, ["channel"], "must look like field=value"),
        (["text=text", "occurred_at=created_at"], ["id=1"], "field id"),
        ([*BASE, "author=twice"], [], "2 columns named twice"),
    ],
)
def test_what_cannot_work_is_a_usage_error(maps: list[str], constants: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_field_map(maps, constants, [*COLUMNS, "twice", "twice"], None)


def test_the_fingerprint_does_not_depend_on_the_order_of_options() -> None:
    one, other = _fields("author=name", "url=inbound"), _fields("url=inbound", "author=name")
    assert one.fingerprint() == other.fingerprint()
    assert one.fingerprint() != _fields("author=inbound", "url=name").fingerprint()
