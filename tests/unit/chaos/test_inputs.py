"""What a campaign publishes."""

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import lz4.frame  # type: ignore[import-untyped]  # it publishes no types
import pytest

from listener.chaos.inputs import Inputs, make_inputs, read_inputs, save_inputs
from listener.chaos.poison import POISON
from listener.chaos.publishing import Notes, read_notes
from listener.domain.clock import ClockTick
from listener.domain.errors import Rejected
from listener.domain.mention import Mention, MentionDeleted, read_raw
from listener.domain.topics import BACKFILL, BY_NAME, CLOCK, RAW


@pytest.fixture(scope="module")
def made() -> Inputs:
    return make_inputs(5, 1500)


def mentions(made: Inputs) -> list[Mention | MentionDeleted]:
    found = []
    for record in made.records:
        if record.topic in (RAW.name, BACKFILL.name):
            try:
                found.append(read_raw(record.value or b""))
            except Rejected:
                continue
    return found


def test_equal_seeds_make_equal_records(made: Inputs) -> None:
    assert make_inputs(5, 1500) == made
    assert make_inputs(6, 1500) != made


def test_about_a_third_of_what_is_said_is_said_again(made: Inputs) -> None:
    copies = Counter(record.value for record in made.records)
    assert 0.25 < sum(count - 1 for count in copies.values()) / len(copies) < 0.35


def test_edits_and_deletions_come_also_before_their_originals(made: Inputs) -> None:
    first: dict[str, list[Mention | MentionDeleted]] = {}
    for value in mentions(made):
        first.setdefault(value.mention_id, []).append(value)
    early = Counter(
        type(values[0]).__name__
        for values in first.values()
        if isinstance(values[0], MentionDeleted)
        or (values[0].revision and any(isinstance(v, Mention) and not v.revision for v in values))
    )
    assert early["MentionDeleted"] > 3
    assert early["Mention"] > 10


def test_every_kind_of_poison_is_among_them(made: Inputs) -> None:
    unreadable = 0
    too_large = []
    for record in made.records:
        if len(record.value or b"") + 1024 > BY_NAME[record.topic].max_bytes:
            too_large.append(len(lz4.frame.compress(record.value)) > BY_NAME[record.topic].max_bytes)
        if record.topic in (RAW.name, BACKFILL.name):
            try:
                read_raw(record.value or b"")
            except Rejected:
                unreadable += 1
    assert len(POISON) / 2 < unreadable
    assert sorted(too_large) == [False, True], "one that the broker takes compressed, one that it refuses"


def test_records_are_read_as_they_were_saved(made: Inputs, tmp_path: Path) -> None:
    save_inputs(tmp_path / "inputs", made.records)
    assert tuple(read_inputs(tmp_path / "inputs")) == made.records


def test_a_note_that_was_cut_off_is_none(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    assert read_notes(notes) == Notes()
    notes.write_text("0 mentions.raw 3 17\n2 responses 1 4\n5 refused\n1 mentions.raw 3 1")
    assert read_notes(notes) == Notes({0: ("mentions.raw", 3, 17), 2: ("responses", 1, 4)}, {5})


def test_edits_come_again_and_are_repeated(made: Inputs) -> None:
    revisions: dict[str, set[int]] = {}
    copies: Counter[tuple[str, int]] = Counter()
    for value in mentions(made):
        if isinstance(value, Mention) and value.revision:
            revisions.setdefault(value.mention_id, set()).add(value.revision)
            copies[value.mention_id, value.revision] += 1
    assert max(len(found) for found in revisions.values()) >= 2
    assert max(copies.values()) >= 2


def test_time_goes_on_among_the_records_and_ends_while_some_targets_still_run(made: Inputs) -> None:
    ticks = [ClockTick.read(record.value or b"").at for record in made.records if record.topic == CLOCK.name]
    assert ticks == sorted(ticks)
    assert ClockTick.read(made.first[-1].value or b"").at == ticks[0]
    assert made.ends_at == ticks[-1]
    said = [value.occurred_at for value in mentions(made) if isinstance(value, Mention)]
    assert sum(made.ends_at - timedelta(hours=24) < at <= made.ends_at for at in said) > 10
    assert sum(at < made.ends_at - timedelta(hours=72) for at in said) > 100


def test_what_platforms_show_was_said_before_anybody_reads_it(made: Inputs) -> None:
    first_tick = ClockTick.read(made.first[-1].value or b"").at
    for post in made.posts:
        for at in (post.fields.get("written"), post.fields.get("edited")):
            if at not in (None, "some day"):
                assert datetime.fromisoformat(at) < first_tick
    assert len(made.posts) > 200


def test_customers_are_there_once(made: Inputs) -> None:
    ids = [json.loads(record.value or b"")["customer_id"] for record in made.first[:-1]]
    assert len(ids) == len(set(ids)) > 100
