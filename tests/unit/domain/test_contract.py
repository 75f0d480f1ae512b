"""Contracts: what they refuse and in which words, and that nothing changes on the wire."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener.domain.contract import format_utc
from listener.domain.dead_letter import DeadLetter
from listener.domain.errors import Rejected
from listener.domain.mention import Mention, MentionDeleted, read_raw
from listener.domain.topics import ALL, DEAD
from listener.examples import examples

NOW = datetime(2026, 3, 2, 9, 15, 30, 123456, tzinfo=UTC)

times = st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1990 < at.year < 2100)


def mention(**changes: Any) -> Mention:
    given_one = examples()[Mention]
    assert isinstance(given_one, Mention)
    return Mention.read_at_edge(json.dumps(json.loads(given_one.to_json()) | changes))


@given(text=st.text(max_size=300), title=st.none() | st.text(max_size=50), at=times, received=times)
def test_a_mention_is_the_same_after_the_wire(
    text: str, title: str | None, at: datetime, received: datetime
) -> None:
    example = examples()[Mention].model_dump() | {
        "text": text,
        "title": title,
        "occurred_at": at,
        "received_at": received,
    }
    said = Mention.model_validate(example)
    assert read_raw(said.to_json()) == said
    assert said.effective_at == min(said.occurred_at, said.received_at)
    assert said.occurred_at.microsecond % 1000 == 0


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(at=st.datetimes(timezones=zones | st.just(UTC)).filter(lambda at: 1 < at.year < 9999))
@example(at=datetime(999, 1, 1, tzinfo=UTC))
def test_times_are_written_as_the_standard_library_writes_them(at: datetime) -> None:
    assert format_utc(at) == at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_times_are_utc_with_milliseconds() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert format_utc(there) == "2026-03-02T09:15:30.123Z"
    assert mention(occurred_at="2026-03-02T14:45:30.123999+05:30").occurred_at == NOW.replace(
        microsecond=123000
    )


def test_the_two_hours_of_an_autumn_night_are_told_apart() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    second = first.replace(fold=1)
    assert first == second
    assert format_utc(first) == "2026-10-25T00:30:00.000Z"
    assert format_utc(second) == "2026-10-25T01:30:00.000Z"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"occurred_at": "2026-03-02T09:15:30"}, "occurred_at"),
        ({"occurred_at": 1_767_000_000}, "occurred_at"),
        ({"channel": "telepathy"}, "channel"),
        ({"text": None}, "text"),
        ({"revision": -1}, "revision"),
        ({"revision": 10**400}, "revision"),
        ({"rating": 5}, "rating"),
        ({"source_kind": "Not A Word"}, "source_kind"),
        ({"surprise": 1}, "surprise"),
        ({"reach": {"followers": "many"}}, "reach.followers"),
        ({"answers": "chirp:1"}, "answers"),
    ],
)
def test_what_is_refused_names_the_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Rejected, match=field) as refused:
        mention(**changes)
    assert refused.value.reason == "invalid"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "not-json"),
        (b"{", "not-json"),
        (b"\xff\xfe\x00", "not-json"),
        (b'"\\ud800"', "not-json"),
        (b"[" * 100_000, "not-json"),
        (b"[1]", "invalid"),
        (b'{"kind": "mention"}', "invalid"),
        (b'{"kind": "rumour"}', "invalid"),
    ],
)
def test_hostile_bytes_are_rejected_and_nothing_else_happens(value: bytes, reason: str) -> None:
    with pytest.raises(Rejected) as refused:
        read_raw(value)
    assert refused.value.reason == reason


def test_a_later_version_of_the_schema_is_not_guessed_at() -> None:
    value = json.loads(examples()[Mention].to_json()) | {"schema_version": 2}
    with pytest.raises(Rejected) as refused:
        read_raw(json.dumps(value))
    assert refused.value.reason == "schema-version"


def test_unknown_fields_are_tolerated_downstream() -> None:
    value = json.loads(examples()[Mention].to_json()) | {"from_the_next_version": 1}
    assert read_raw(json.dumps(value)) == examples()[Mention]


def test_keys_are_whose_history_it_is() -> None:
    said = mention()
    assert said.key == said.author
    answer = mention(
        direction="outbound", author="chirp:acme", answers=said.mention_id, answers_author=said.author
    )
    assert answer.key == said.author
    gone = examples()[MentionDeleted]
    assert isinstance(gone, MentionDeleted)
    assert gone.key == said.key


def test_a_time_from_the_future_is_kept_and_known() -> None:
    said = mention(occurred_at="2026-03-02T09:21:00Z", received_at="2026-03-02T09:15:00Z")
    assert said.from_the_future
    assert format_utc(said.effective_at) == "2026-03-02T09:15:00.000Z"
    assert not mention(occurred_at="2026-03-02T09:20:00Z", received_at="2026-03-02T09:15:00Z").from_the_future


@given(
    origin=st.text(min_size=1, max_size=50).filter(lambda text: text.isprintable()),
    detail=st.text(max_size=200),
    size=st.integers(0, 10**9),
)
def test_dead_letters_are_the_same_after_their_headers(origin: str, detail: str, size: int) -> None:
    letter = DeadLetter(origin=origin, reason="invalid", detail=detail, stage="ledger", at=NOW, size=size)
    assert DeadLetter.from_headers(letter.to_headers()) == letter


def test_what_came_in_fits_among_the_dead_letters() -> None:
    assert all(topic.max_bytes < DEAD.max_bytes for topic in ALL if topic is not DEAD)


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00Z",
        "1899-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
@pytest.mark.parametrize("field", ["occurred_at", "received_at", "edited_at"])
def test_a_time_that_cannot_be_stored_is_refused_where_it_comes_in(at: str, field: str) -> None:
    with pytest.raises(Rejected, match=f"{field}: Value error, .*(year|range)") as refused:
        mention(**{field: at})
    assert refused.value.reason == "invalid"


@pytest.mark.parametrize("at", ["1900-01-01T00:00:00Z", "2199-12-31T23:59:59Z"])
def test_times_of_all_years_that_can_be_stored_are_kept(at: str) -> None:
    assert mention(occurred_at=at).occurred_at == datetime.fromisoformat(at)
