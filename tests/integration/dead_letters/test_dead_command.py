"""The command on letters of every kind: what it shows, what it refuses, what it leaves behind."""

import csv
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from fixtures_command_line import Result
from listener.domain.customer import Customer
from listener.domain.dead_letter import DeadLetter
from listener.domain.governance import AuditEntry
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.dead_letters import MAX_ORIGINAL_BYTES, DeadLetters
from listener.kafka.publish import Publisher

pytestmark = pytest.mark.kafka

Dead = Callable[..., Result]
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def put(connection: KafkaConnection, *letters: tuple[dict[str, Any], bytes | None, bytes | None]) -> None:
    """Dead letters: headers that differ from a plain one, key, original."""
    with Publisher(connection, client_id="test") as out:
        for headers, key, original in letters:
            plain = {"origin": "mentions.raw[0]@0", "reason": "failed", "detail": "x", "stage": "ledger"}
            letter = DeadLetter.model_validate(
                {**plain, "topic": "mentions.raw", "at": NOON, "size": 0, **headers}, strict=False
            )
            DeadLetters(out).send(letter, key, original)
        out.flush()


def ids(dead: Dead, *filters: str) -> list[str]:
    return [row["id"] for row in dead("list", *filters, "--format", "json").rows]


def values(connection: KafkaConnection, topic: str) -> Iterable[bytes | None]:
    return [record.value for record in read_whole(connection, topic)]


def test_letters_are_listed_filtered_and_counted_without_what_people_said(
    connection: KafkaConnection, dead: Dead
) -> None:
    put(
        connection,
        ({"stage": "s1", "reason": "invalid", "source": "shop", "at": NOON.replace(hour=10)}, b"k", b"said"),
        (
            {"stage": "s1", "reason": "invalid", "source": "shop", "detail": "\x1b[2J" + "y" * 500},
            b"k",
            b"said",
        ),
        ({"stage": "s1", "reason": "not-json", "topic": "responses"}, b"k", b"said it"),
    )
    rows = dead("list", "--stage", "s1", "--format", "json").rows
    assert [(row["time"][11:16], row["reason"], row["source"], row["size"]) for row in rows] == [
        ("10:00", "invalid", "shop", 4),
        ("12:00", "invalid", "shop", 4),
        ("12:00", "not-json", None, 7),
    ]
    assert len(ids(dead, "--stage", "s1", "--reason", "invalid")) == 2
    assert len(ids(dead, "--stage", "s1", "--reason", "invalid", "--reason", "not-json")) == 3
    assert len(ids(dead, "--stage", "s1", "--source", "shop")) == 2
    assert len(ids(dead, "--stage", "s1", "--topic", "responses")) == 1
    assert len(ids(dead, "--stage", "s1", "--since", "2026-01-02T11:00")) == 2
    assert len(ids(dead, "--stage", "s1", "--until", "2026-01-02T12:00+01:00")) == 1
    summary = dead("list", "--stage", "s1", "--summary", "--format", "csv").out.decode()
    assert [
        (row["source"], row["reason"], row["letters"]) for row in csv.DictReader(summary.splitlines())
    ] == [
        ("shop", "invalid", "2"),
        ("", "not-json", "1"),
    ]
    table = dead("list", "--stage", "s1", "--limit", "2")
    assert len(table.out.splitlines()) == 3
    assert "3 dead letters, the newest 2 are shown" in table.err
    assert b"said" not in table.out
    assert rb"\x1b[2Jyyy" in table.out
    assert b"\x1b" not in table.out
    assert b"y" * 100 not in table.out


def test_a_dropped_letter_is_out_of_sight_and_can_be_had_back(
    connection: KafkaConnection, dead: Dead
) -> None:
    put(connection, ({"stage": "s2"}, b"k", b"dropped first"), ({"stage": "s2"}, b"k", b"stays"))
    dropped, stays = ids(dead, "--stage", "s2")
    assert dead("drop", dropped, "--why", "a test of ours", "--by", "K. Agent").out == b"dropped=1\n"
    assert ids(dead, "--stage", "s2") == [stays]
    assert sorted(ids(dead, "--stage", "s2", "--all")) == sorted([dropped, stays])
    assert b"by K. Agent: a test of ours\n" in dead("show", dropped).out
    entry = [AuditEntry.read(value or b"") for value in values(connection, "audit")][-1]
    assert (entry.actor, entry.action, entry.detail["why"]) == ("K. Agent", "dead.drop", "a test of ours")

    refused = dead("replay", dropped, "--by", "K. Agent")
    assert (refused.code, refused.out) == (1, b"")
    assert "was dropped by K. Agent: --all does it nevertheless" in refused.err
    assert dead("replay", dropped, "--by", "K. Agent", "--all").out == b"replayed=1 not_replayed=0\n"
    assert b"dropped first" in values(connection, "mentions.raw")
    assert b"replayed" in dead("show", dropped).out


def test_what_cannot_be_replayed_is_told_and_the_rest_is_replayed(
    connection: KafkaConnection, dead: Dead
) -> None:
    put(
        connection,
        ({"stage": "s3", "topic": None, "origin": "shop.csv:12"}, None, b"a,row"),
        ({"stage": "s3", "topic": None, "origin": "shop.csv:13"}, None, b"a,nother"),
        ({"stage": "s3", "origin": "huge.jsonl:1"}, b"k", bytes(MAX_ORIGINAL_BYTES + 1)),
        ({"stage": "s3"}, b"k", b"replayable"),
        ({"stage": "s3", "topic": "responses"}, b"k", None),
    )
    result = dead("replay", "--stage", "s3", "--by", "K. Agent", "--yes")
    assert (result.code, result.out) == (1, b"replayed=2 not_replayed=3\n")
    assert "shop.csv:12: once that, or the source's configuration, is mended" in result.err
    assert "the whole is at huge.jsonl:1" in result.err
    assert b"replayable" in values(connection, "mentions.raw")
    assert values(connection, "responses") == [None]
    assert len(ids(dead, "--stage", "s3")) == 3
    assert dead("replay", "--stage", "s3", "--dry-run").code == 0


def test_an_old_value_of_a_compacted_topic_does_not_undo_what_came_after(
    connection: KafkaConnection, dead: Dead
) -> None:
    old, new, other, gone = (
        Customer(customer_id="C-1", names=(name,)).to_json() for name in ("A", "B", "C", "D")
    )
    with Publisher(connection, client_id="test") as out:
        for key, value in (("C-1", old), ("C-1", new), ("C-2", other), ("C-3", gone), ("C-3", None)):
            out.publish("customers", key, value)
        out.flush()
    put(
        connection,
        ({"stage": "s4", "topic": "customers", "detail": "old"}, b"C-1", old),
        ({"stage": "s4", "topic": "customers", "detail": "newest"}, b"C-2", other),
        ({"stage": "s4", "topic": "customers", "detail": "deleted"}, b"C-3", gone),
        ({"stage": "s4", "topic": "customers", "detail": "away"}, b"C-4", b"cleaned up since"),
    )
    result = dead("replay", "--stage", "s4", "--by", "K. Agent", "--yes")
    assert (result.code, result.out) == (1, b"replayed=1 not_replayed=3\n")
    assert "no longer the newest value of its key in customers" in result.err
    left = dead("list", "--stage", "s4", "--format", "json").rows
    assert {row["detail"] for row in left} == {"old", "deleted", "away"}
    newest = {record.key: record.value for record in read_whole(connection, "customers")}
    assert newest == {b"C-1": new, b"C-2": other, b"C-3": None}


def test_a_record_that_is_not_ours_can_be_seen_and_dropped(connection: KafkaConnection, dead: Dead) -> None:
    with Publisher(connection, client_id="test") as out:
        out.publish("mentions.dead", None, b"\xff\x1b[2J", [("listener-size", b"many")])
        out.flush()
    [found] = ids(dead, "--reason", "foreign")
    shown = dead("show", found).out
    assert b"not written by Listener" in shown
    assert b"ff 1b 5b 32 4a" in shown
    assert dead("show", found, "--raw").out == b"\xff\x1b[2J"
    assert dead("replay", found, "--by", "K. Agent").code == 1
    assert dead("drop", "--reason", "foreign", "--why", "not ours", "--by", "K. Agent", "--yes").code == 0
    assert ids(dead, "--reason", "foreign") == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("show", "3"), 2, "not the id of a dead letter"),
        (("show", "3@999999"), 1, "there is no dead letter 3@999999"),
        (("show", "99@0"), 1, "there is no dead letter 99@0"),
        (("list", "--since", "yesterday"), 2, "such as 2026-01-31"),
        (("list", "--since", "2026-02-01", "--until", "2026-01-01"), 2, "is not before"),
        (("replay", "--by", "me", "--yes"), 2, "say which letters"),
        (("replay", "--all", "--by", "me", "--yes"), 2, "say which letters"),
        (("replay", "0@0", "--stage", "s1", "--by", "me"), 2, "not by both"),
        (("replay", "0@0"), 2, "--by must be given"),
        (("replay", "--stage", "s1", "--by", "me"), 2, "--dry-run first, then give --yes"),
        (("replay", "--stage", "s1", "--by", "me", "--yes", "--to", "mentions.dead"), 2, "--to"),
        (("replay", "3@999999", "--by", "me"), 1, "there is no dead letter 3@999999"),
        (("drop", "0@0", "--by", "me", "--why", " "), 2, "--why must be given"),
        (("drop", "0@0"), 2, "--by and --why must be given"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_done(
    connection: KafkaConnection, dead: Dead, arguments: tuple[str, ...], code: int, told: str
) -> None:
    before = [len(list(values(connection, topic))) for topic in ("audit", "dead.resolutions")]
    result = dead(*arguments)
    assert (result.code, result.out) == (code, b"")
    assert told in result.err
    assert [len(list(values(connection, topic))) for topic in ("audit", "dead.resolutions")] == before
