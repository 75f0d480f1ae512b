"""Replay and drop: in which order what is written, and what cannot be replayed."""

import re
from datetime import timedelta

import pytest

from fakes.outlet import FakeOutlet
from listener.dead_letters import replay as module
from listener.dead_letters.drop import drop
from listener.dead_letters.letter import Letter
from listener.dead_letters.replay import find_obstacle, replay
from listener.domain.dead_letter import DeadLetterResolution, attempt_of
from listener.domain.errors import ServiceError
from listener.domain.governance import AuditEntry
from listener.domain.topics import MAX_RECORD_BYTES
from unit.dead_letters.letters import NOON, letter

LATER = NOON + timedelta(hours=1)
FROM_A_FILE = letter(topic=None, stage="import", origin="shop.csv:12")


def run(broker: FakeOutlet, *letters: Letter, to: str | None = None) -> int:
    return replay(letters, broker, to=to, by="K. Agent", now=lambda: LATER)


def test_the_original_goes_where_it_came_from_with_its_key_and_the_next_attempt() -> None:
    broker = FakeOutlet()
    assert run(broker, letter(attempt=2), letter(6, key=None, original=None)) == 2
    first, second = [record for record in broker.stored if record[0] == "mentions.raw"]
    assert first[1:3] == (b"test:a", b"text")
    assert attempt_of(first[3]) == 3
    assert second[1:3] == (None, None)
    resolution = DeadLetterResolution.read(broker.on("dead.resolutions")[0] or b"")
    assert resolution == DeadLetterResolution(
        letter="1@5",
        produced_at=NOON,
        resolution="replayed",
        by="K. Agent",
        at=LATER,
        topic="mentions.raw",
        attempt=3,
    )
    entry = AuditEntry.read(broker.on("audit")[0] or b"")
    assert (entry.actor, entry.action, entry.subject, entry.at) == (
        "K. Agent",
        "dead.replay",
        "mentions.dead[1]@5",
        LATER,
    )
    assert entry.detail == {"origin": "mentions.raw[3]@17", "topic": "mentions.raw", "attempt": "3"}


def test_another_topic_is_used_when_asked_for() -> None:
    broker = FakeOutlet()
    run(broker, letter(), to="mentions.backfill")
    assert broker.on("mentions.backfill") == [b"text"]
    assert broker.on("mentions.raw") == []


@pytest.mark.parametrize(
    ("dies_at", "stored"),
    [
        (1, []),
        (2, ["audit"]),
        (3, ["audit", "mentions.raw"]),
        (None, ["audit", "mentions.raw", "dead.resolutions"]),
    ],
)
def test_nothing_is_replayed_without_a_trace_nor_marked_before_it_was_acknowledged(
    dies_at: int | None, stored: list[str]
) -> None:
    broker = FakeOutlet(fails_at=dies_at)
    if dies_at is None:
        run(broker, letter())
    else:
        with pytest.raises(ServiceError):
            run(broker, letter())
    assert [topic for topic, *_ in broker.stored] == stored


def test_a_batch_is_done_with_before_the_next_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_LETTERS", 2)
    broker = FakeOutlet(fails_at=5)  # at the originals of the second batch
    with pytest.raises(ServiceError):
        run(broker, *(letter(offset) for offset in range(5)))
    assert len(broker.on("mentions.raw")) == len(broker.on("dead.resolutions")) == 2


@pytest.mark.parametrize(
    ("given", "to", "told"),
    [
        (FROM_A_FILE, None, "shop.csv:12: mend it there and import that again"),
        (FROM_A_FILE, "mentions.raw", "mend it there"),
        (
            letter(topic=None, stage="connector", origin="https://a.example/feed"),
            None,
            "if the source still has",
        ),
        (letter(topic="mentions.dead"), "mentions.raw", "mentions.dead itself"),
        (letter(topic="gone"), None, "no topic gone .* --to names another"),
        (letter(size=20_000_000), None, r"first 4 of 20000000 bytes .* the whole is at mentions.raw\[3\]@17"),
        (letter(original_key="40000 bytes, sha256 ab"), None, "key was too long"),
        (letter(original=bytes(MAX_RECORD_BYTES)), None, "too large for mentions.raw"),
    ],
)
def test_what_cannot_be_replayed_says_why_and_what_to_do(given: Letter, to: str | None, told: str) -> None:
    found = find_obstacle(given, to or given.why.topic)
    assert found is not None
    assert re.search(told, found)


def test_the_source_goes_along_so_that_another_failure_is_counted_for_it() -> None:
    broker = FakeOutlet()
    run(broker, letter(source="forum"), letter())
    headers = [headers for topic, _, _, headers in broker.stored if topic == "mentions.raw"]
    assert headers == [
        [("listener-attempt", b"2"), ("listener-source", b"forum")],
        [("listener-attempt", b"2")],
    ]


def test_what_can_be_replayed_has_no_obstacle() -> None:
    assert find_obstacle(letter(), "mentions.raw") is None
    assert find_obstacle(letter(topic="gone"), "mentions.raw") is None
    assert find_obstacle(letter(original=bytes(MAX_RECORD_BYTES)), "mentions.enriched") is None


def test_dropping_marks_and_leaves_a_trace_and_publishes_nothing_else() -> None:
    broker = FakeOutlet()
    assert drop([letter(), letter(6)], broker, why="a test of ours", by="K. Agent", now=lambda: LATER) == 2
    assert sorted(topic for topic, *_ in broker.stored) == ["audit"] * 2 + ["dead.resolutions"] * 2
    resolution = DeadLetterResolution.read(broker.on("dead.resolutions")[1] or b"")
    assert (resolution.letter, resolution.resolution, resolution.why) == ("1@6", "dropped", "a test of ours")
    entries = [AuditEntry.read(value or b"") for value in broker.on("audit")]
    assert len({entry.entry_id for entry in entries}) == 2
    assert {entry.action for entry in entries} == {"dead.drop"}
