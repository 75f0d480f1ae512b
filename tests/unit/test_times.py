"""Times are read as they are meant, or refused."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.domain.errors import Rejected, UsageError
from listener.times import DateOrder, parse_time, parse_zone


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015-02-24T11:35:52Z", "2015-02-24T11:35:52+00:00"),
        ("2015-02-24 11:35:52 -0800", "2015-02-24T11:35:52-08:00"),
        ("2015-02-24T11:35:52.123456789+05:30", "2015-02-24T11:35:52.123456+05:30"),
        ("2015-02-24T11:35:52,5Z", "2015-02-24T11:35:52.500000+00:00"),
        ("2015-02-24 11:35:52 UTC", "2015-02-24T11:35:52+00:00"),
        ("2015-02-24 11:35+01", "2015-02-24T11:35:00+01:00"),
        ("2015-02-24 11:35:52", "2015-02-24T11:35:52"),
        ("2015-02-24", "2015-02-24T00:00:00"),
        ("2020/3/18", "2020-03-18T00:00:00"),
        ("20150224", "2015-02-24T00:00:00"),
        ("20150224113552", "2015-02-24T11:35:52"),
        ("Tue Oct 31 22:10:47 +0000 2017", "2017-10-31T22:10:47+00:00"),
        ("Tue Oct 31 22:10:47 2017", "2017-10-31T22:10:47"),
        ("Tue, 31 Oct 2017 22:10:47 +0200", "2017-10-31T22:10:47+02:00"),
        ("31 Oct 2017 22:10:47 GMT", "2017-10-31T22:10:47+00:00"),
        ("1424806552", "2015-02-24T19:35:52+00:00"),
        ("1424806552.25", "2015-02-24T19:35:52.250000+00:00"),
        ("1424806552123", "2015-02-24T19:35:52.123000+00:00"),
        ("1424806552123456", "2015-02-24T19:35:52.123456+00:00"),
        ("24/02/2015", "2015-02-24T00:00:00"),
        ("02/24/2015 7:35 PM", "2015-02-24T19:35:00"),
        ("02/24/2015 12:05 AM", "2015-02-24T00:05:00"),
        ("3/3/2015 10:00", "2015-03-03T10:00:00"),
        ("04.02.2015 08:01", "2015-02-04T08:01:00"),
        ("Feb 24, 2015", "2015-02-24T00:00:00"),
        ("24 February 2015 11:35 AM", "2015-02-24T11:35:00"),
        ("  2015-02-24  ", "2015-02-24T00:00:00"),
    ],
)
def test_common_formats(text: str, expected: str) -> None:
    found = parse_time(text)
    assert found == datetime.fromisoformat(expected)
    assert (found.tzinfo is None) == (datetime.fromisoformat(expected).tzinfo is None)


@pytest.mark.parametrize(
    ("order", "expected"),
    [("day-first", datetime(2015, 3, 2)), ("month-first", datetime(2015, 2, 3))],  # noqa: DTZ001
)
def test_a_numbered_date_needs_its_order(order: DateOrder, expected: datetime) -> None:
    with pytest.raises(Rejected) as refused:
        parse_time("02/03/2015")
    assert refused.value.reason == "ambiguous-date"
    assert "--dates" in refused.value.detail
    assert parse_time("02/03/2015", order) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2015-13-01",
        "2015-02-30",
        "24/24/2015",
        "February 2015",
        "Feb 24",
        "12:30",
        "42",
        "123456789012",
        "2015-02-24 11:35:52 PST",
        "13/01/2015 14:00 PM",
        "9" * 400,
        "Tue Okt 31 22:10:47 +0000 2017",
    ],
)
def test_what_is_not_a_time_is_rejected(text: str) -> None:
    with pytest.raises(Rejected):
        parse_time(text)


@given(st.text(max_size=40))
def test_any_text_is_read_or_rejected(text: str) -> None:
    try:
        found = parse_time(text)
    except Rejected:
        return
    assert isinstance(found, datetime)


@given(
    st.datetimes(
        min_value=datetime(1971, 1, 1),  # noqa: DTZ001 - hypothesis wants it so
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from(
            [UTC, timezone(timedelta(hours=-8)), timezone(timedelta(hours=5, minutes=30))]
        ),
    )
)
def test_what_is_written_is_read_back(moment: datetime) -> None:
    assert parse_time(moment.isoformat()) == moment
    seconds = moment.replace(microsecond=0)
    assert parse_time(seconds.strftime("%Y-%m-%d %H:%M:%S %z")) == seconds
    assert parse_time(seconds.strftime("%a %b %d %H:%M:%S %z %Y")) == seconds
    assert parse_time(seconds.strftime("%a, %d %b %Y %H:%M:%S %z")) == seconds


@pytest.mark.parametrize(
    ("text", "offset"),
    [("UTC", timedelta()), ("+02:00", timedelta(hours=2)), ("-0330", -timedelta(hours=3, minutes=30))],
)
def test_zones(text: str, offset: timedelta) -> None:
    zone: tzinfo = parse_zone(text)
    assert zone.utcoffset(None) == offset
    assert datetime(2026, 7, 1, tzinfo=parse_zone("Europe/Berlin")).utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize("text", ["Europe/Nowhere", "Europe", "", "+99:00", "../etc/passwd"])
def test_a_zone_that_does_not_exist_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="--zone"):
        parse_zone(text)
