"""Records into rows: every topic's example has one, and versions order what comes in any order."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.changed_values import changed
from fakes.plain_rows import plain_rows
from listener.domain import topics
from listener.domain.case import Case
from listener.domain.clock import BlackHole
from listener.domain.contract import Versioned
from listener.domain.dead_letter import DeadLetter
from listener.domain.enriched import EnrichedDeletion, EnrichedMention, RootCause
from listener.domain.errors import Rejected
from listener.domain.governance import Alert
from listener.domain.mention import Reach
from listener.domain.party import PartyEvent, PartyOf
from listener.domain.response import Response
from listener.examples import examples
from listener.kafka.record import Record
from sinks.clickhouse.blocks import rows_of
from sinks.clickhouse.rows import ROWS_OF, Columns
from sinks.clickhouse.rows.mentions import mention_versions
from sinks.clickhouse.rows.row import milliseconds, versions
from sinks.sink import Refused

EXAMPLES = examples()
NOW_MS = 1_760_000_000_000


class Sample(NamedTuple):
    """A record as kafka-python gives it."""

    topic: str
    value: bytes | None
    key: bytes | None = b"key"
    partition: int = 0
    offset: int = 7
    timestamp: int = NOW_MS
    headers: Sequence[tuple[str, bytes]] = ()


def enriched() -> EnrichedMention:
    found = EXAMPLES[EnrichedMention]
    assert isinstance(found, EnrichedMention)
    return found


def edited(revision: int = 0, epoch: int = 1, deleted: bool = False, text: str = "late") -> EnrichedMention:
    base = enriched()
    mention = base.mention.model_copy(update={"revision": revision, "text": text})
    return base.model_copy(update={"epoch": epoch, "deleted": deleted, "mention": mention})


def mention_version(mention: EnrichedMention, produced_ms: int) -> int:
    [found] = mention_versions([mention], [produced_ms])
    return found


class Row(NamedTuple):
    table: str
    values: dict[str, Any]


def rows_of_one(record: Record) -> list[Row]:
    """The rows that one record has, with arrays as lists."""
    return [
        Row(rows.table, dict(zip(rows.columns, map(as_lists, values), strict=True)))
        for rows in ROWS_OF[record.topic]([record])
        for values in zip(*rows.columns.values(), strict=True)
    ]


def columns_by_table(batch: Sequence[Record]) -> tuple[dict[str, Columns], list[Refused]]:
    tables: dict[str, Columns] = {}
    refused: list[Refused] = []
    for table, columns in rows_of(batch, refused):
        whole = tables.setdefault(table, {name: [] for name in columns})
        for name, values in columns.items():
            whole[name] += values
    return tables, refused


def as_lists(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def record_of(value: Versioned, topic: topics.Topic) -> Sample:
    if isinstance(value, DeadLetter):
        return Sample(topic.name, b"{", headers=tuple(value.to_headers()))
    return Sample(topic.name, value.to_json())


@pytest.mark.parametrize("name", sorted(ROWS_OF))
def test_every_example_of_a_stored_topic_has_rows_of_simple_values(name: str) -> None:
    for model in topics.BY_NAME[name].models:
        value = EXAMPLES[model]
        if isinstance(value, PartyEvent):
            response = EXAMPLES[Response]
            assert isinstance(response, Response)
            value = value.model_copy(update={"kind": "response", "response": response})
        rows = rows_of_one(record_of(value, topics.BY_NAME[name]))
        assert len(rows) == 1
        for column, content in rows[0].values.items():
            assert isinstance(content, str | int | float | list | dict | None), column


FULL = [
    (topic.name, json.loads(value.to_json()))
    for topic, value in [
        (topics.ENRICHED, EXAMPLES[EnrichedMention]),
        (topics.ENRICHED, EXAMPLES[EnrichedDeletion]),
        (topics.TRIAGE, EXAMPLES[Case]),
        (topics.PARTIES, EXAMPLES[PartyOf]),
        (topics.ALERTS, EXAMPLES[Alert]),
        (
            topics.PARTY_EVENTS,
            EXAMPLES[PartyEvent].model_copy(update={"kind": "response", "response": EXAMPLES[Response]}),
        ),
    ]
]


@st.composite
def of_any_topic(draw: st.DrawFn) -> Sample:
    name, value = draw(st.sampled_from(FULL))
    return Sample(
        name,
        draw(changed(value)),
        offset=draw(st.integers(0, 2**53)),
        timestamp=draw(st.integers(-1, 2**45)),
    )


@given(st.lists(of_any_topic(), max_size=12))
def test_a_batch_has_the_rows_that_its_records_have_one_by_one(batch: list[Sample]) -> None:
    expected: dict[str, list[dict[str, Any]]] = {}
    expected_refused = []
    for record in batch:
        try:
            for table, row in plain_rows(record):
                expected.setdefault(table, []).append(row)
        except Rejected as why:
            expected_refused.append((record, why.reason, why.detail))
    tables, refused = columns_by_table(batch)
    # records of one topic keep their order
    assert sorted((item.record, item.why.reason, item.why.detail) for item in refused) == sorted(
        expected_refused
    )
    assert tables.keys() == expected.keys()
    for table, rows in expected.items():
        for name in rows[0]:
            found = list(map(as_lists, tables[table][name]))
            assert repr(found) == repr([row[name] for row in rows]), name


@pytest.mark.parametrize("name", sorted(set(ROWS_OF) - {topics.DEAD.name}))
def test_a_record_of_a_newer_writer_has_the_same_rows(name: str) -> None:
    """It is read by the contract, slowly, where the usual one is read quickly."""
    topic = topics.BY_NAME[name]
    for model in topic.models:
        value = EXAMPLES[model]
        if isinstance(value, PartyEvent):
            value = value.model_copy(update={"kind": "response", "response": EXAMPLES[Response]})
        usual = record_of(value, topic)
        assert usual.value is not None
        newer = usual._replace(value=b'{"of_a_newer_version": 1, ' + usual.value[1:])
        assert rows_of_one(newer) == rows_of_one(usual)


@pytest.mark.parametrize("name", sorted(set(ROWS_OF) - {topics.DEAD.name}))
def test_dirt_is_refused_by_name_and_the_rest_of_the_batch_is_kept(name: str) -> None:
    topic = topics.BY_NAME[name]
    good = record_of(EXAMPLES[topic.models[0]], topic)
    bad = Sample(name, b'{"schema_version": 1')
    tables, refused = columns_by_table([bad, good, bad])
    assert [item.why.reason for item in refused] == ["not-json", "not-json"]
    if name != topics.PARTY_EVENTS.name:
        [columns] = tables.values()
        assert {len(column) for column in columns.values()} == {1}


def test_an_unreadable_dead_letter_has_a_row_and_never_becomes_another_one() -> None:
    for record in (
        Sample(topics.DEAD.name, None),
        Sample(topics.DEAD.name, b"\x00", headers=[("listener-size", b"many")], timestamp=-1),
        Sample(topics.DEAD.name, b"\x00", headers=[("foreign", b"\xff")], timestamp=2**62),
    ):
        (row,) = rows_of_one(record)
        assert row.values["reason"] == "foreign"
        assert row.values["origin"] == "mentions.dead[0]@7"


@pytest.mark.parametrize("name", [topics.TRIAGE.name, topics.TICKETS.name])
def test_what_a_compacted_topic_forgets_clickhouse_keeps(name: str) -> None:
    assert rows_of_one(Sample(name, None)) == []


@pytest.mark.parametrize("name", [topics.CUSTOMERS.name, topics.PARTIES.name, topics.FIXES.name])
def test_a_tombstone_withdraws_the_row_of_its_key(name: str) -> None:
    (row,) = rows_of_one(Sample(name, None, key="süß".encode()))
    assert row.values["withdrawn"] == 1
    assert "süß" in row.values.values()
    model = topics.BY_NAME[name].models[0]
    (before,) = rows_of_one(Sample(name, EXAMPLES[model].to_json(), timestamp=NOW_MS - 1))
    assert list(row.values) == list(before.values)
    assert row.values["version"] > before.values["version"]


def test_a_time_that_clickhouse_cannot_hold_is_refused() -> None:
    assert milliseconds([datetime(1900, 1, 1, tzinfo=UTC)]) == [-2_208_988_800_000]
    assert milliseconds([datetime(2024, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)])[0] % 1000 == 123
    for moment in (datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)):
        with pytest.raises(Rejected) as caught:
            milliseconds([datetime(2024, 1, 1, tzinfo=UTC), moment])
        assert caught.value.reason == "time-out-of-range"


def test_claims_beyond_64_bits_are_cut() -> None:
    value = enriched()
    mention = value.mention.model_copy(update={"reach": Reach(followers=10**30)})
    (row,) = rows_of_one(record_of(value.model_copy(update={"mention": mention}), topics.ENRICHED))
    assert row.values["followers"] == 2**64 - 1


def test_a_deleted_mention_has_no_words_left() -> None:
    value = edited(deleted=True, text="my secret")
    (row,) = rows_of_one(record_of(value, topics.ENRICHED))
    for column in ("text", "title", "author_name", "url"):
        assert row.values[column] == ""
    for column in ("complaint_evidence", "cause_evidence", "match_evidence"):
        assert row.values[column] == []
    assert row.values["causes"], "the count stays"


def test_a_cause_that_is_named_twice_counts_once() -> None:
    causes = tuple(RootCause(node=node, owner="o", score=0.5) for node in ("a", "b", "a"))
    value = enriched()
    found = value.enrichment.model_copy(update={"root_causes": causes})
    (row,) = rows_of_one(record_of(value.model_copy(update={"enrichment": found}), topics.ENRICHED))
    assert row.values["causes"] == ["a", "b"]
    assert len(row.values["cause_owners"]) == len(row.values["cause_scores"]) == 2


def test_a_deletion_goes_to_the_tombstones() -> None:
    value = EXAMPLES[EnrichedDeletion]
    (row,) = rows_of_one(record_of(value, topics.ENRICHED))
    assert row.table == "mention_tombstones"


@given(st.lists(st.tuples(st.integers(0, 2**53 - 1), st.booleans(), st.integers(1, 2**15)), min_size=2))
def test_revision_beats_deleted_beats_epoch(states: list[tuple[int, bool, int]]) -> None:
    versions = {
        state: mention_version(edited(revision=state[0], epoch=state[2], deleted=state[1]), NOW_MS)
        for state in states
    }
    assert sorted(states) == sorted(states, key=lambda state: versions[state])
    assert all(0 <= found < 2**128 for found in versions.values())


@given(st.text(min_size=1), st.text(min_size=1), st.integers(0, 10**9), st.integers(0, 10**9))
def test_of_two_texts_with_one_id_the_winner_does_not_depend_on_when_they_came(
    one: str, two: str, one_came_ms: int, two_came_ms: int
) -> None:
    if one == two:
        return
    first = mention_version(edited(text=one), NOW_MS) > mention_version(edited(text=two), NOW_MS)
    moved = mention_version(edited(text=one), NOW_MS + one_came_ms) > mention_version(
        edited(text=two), NOW_MS + two_came_ms
    )
    assert first == moved


def test_received_again_the_content_is_the_same_and_the_later_enrichment_holds() -> None:
    early = enriched()
    later = early.mention.model_copy(update={"received_at": early.mention.received_at + timedelta(days=9)})
    again = early.model_copy(update={"mention": later})
    assert mention_version(again, NOW_MS) == mention_version(early, NOW_MS)
    assert mention_version(again, NOW_MS + 2000) > mention_version(early, NOW_MS)


def test_an_explicit_answer_overrides_the_derived_one_whenever_it_came() -> None:
    response, event = EXAMPLES[Response], EXAMPLES[PartyEvent]
    assert isinstance(response, Response)
    assert isinstance(event, PartyEvent)

    def version_of(derived: bool, timestamp: int) -> int:
        said = response.model_copy(update={"derived": derived})
        told = event.model_copy(update={"kind": "response", "response": said})
        (row,) = rows_of_one(Sample("party.events", told.to_json(), timestamp=timestamp))
        return int(row.values["version"])

    assert version_of(derived=False, timestamp=NOW_MS) > version_of(derived=True, timestamp=NOW_MS + 10**9)


def test_a_snapshot_has_a_row_for_each_of_its_black_holes() -> None:
    case = EXAMPLES[Case]
    assert isinstance(case, Case)
    holes = tuple(
        BlackHole(
            contact=name,
            author="t:a",
            source="t",
            channel="email",
            queue="q",
            since=case.opened_at,
            due_at=case.opened_at,
            became_at=case.opened_at,
        )
        for name in ("t:1", "t:2")
    )
    told = record_of(case.model_copy(update={"black_holes": holes}), topics.TRIAGE)
    whole, *rows = rows_of_one(told)
    assert [row.table for row in (whole, *rows)] == ["cases", "black_holes", "black_holes"]
    for row, name in zip(rows, ("t:1", "t:2"), strict=True):
        assert row.values["contact"] == name
        for column in ("case_id", "case_version", "policy_hash", "version"):
            assert row.values[column] == whole.values[column]


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 2**64 - 1)), min_size=2))
def test_a_version_orders_like_the_tuple_of_its_parts(parts: list[tuple[int, int]]) -> None:
    packed = versions(([high for high, _ in parts], 8), ([low for _, low in parts], 64))
    assert sorted(parts) == [part for _, part in sorted(zip(packed, parts, strict=True))]


def test_a_part_too_large_counts_as_the_largest() -> None:
    assert versions(([300, 1], 8), ([-1, 2], 8)) == [255 << 8, 1 << 8 | 2]
    with pytest.raises(ValueError, match="130 bits"):
        versions(([1], 65), ([1], 65))
