"""Filters: all that are given hold."""

from dataclasses import replace
from datetime import timedelta

import pytest

from listener.dead_letters.selection import Selection
from listener.dead_letters.summary import summarise
from listener.domain.dead_letter import DeadLetterResolution
from unit.dead_letters.letters import NOON, letter

DROPPED = DeadLetterResolution(letter="1@5", produced_at=NOON, resolution="dropped", by="me", at=NOON)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("selection", "holds"),
    [
        (Selection(), True),
        (Selection(reasons=frozenset({"failed", "invalid"})), True),
        (Selection(reasons=frozenset({"invalid"})), False),
        (Selection(stages=frozenset({"triage"})), False),
        (Selection(sources=frozenset({"shop"})), False),
        (Selection(topics=frozenset({"mentions.raw"})), True),
        (Selection(topics=frozenset({"mentions.raw"}), stages=frozenset({"triage"})), False),
        (Selection(since=NOON), True),
        (Selection(since=NOON + HOUR), False),
        (Selection(until=NOON), False),
        (Selection(since=NOON - HOUR, until=NOON + HOUR), True),
    ],
)
def test_a_letter_is_meant_when_every_condition_holds(selection: Selection, holds: bool) -> None:
    assert selection.holds(letter()) is holds
    assert selection.narrows is (selection != Selection())


def test_what_was_resolved_is_meant_only_when_asked_for() -> None:
    resolved = replace(letter(), resolution=DROPPED)
    assert not Selection().holds(resolved)
    assert Selection(resolved=True).holds(resolved)


def test_a_summary_counts_letters_that_share_stage_source_and_reason() -> None:
    letters = [
        letter(1, at=NOON + HOUR),
        letter(2, original=b"longer"),
        letter(3, stage="import", source="shop", reason="invalid", topic=None),
    ]
    first, second = summarise(letters)
    assert (first.reason, first.letters, first.bytes, first.oldest, first.newest) == (
        "failed",
        2,
        10,
        NOON,
        NOON + HOUR,
    )
    assert (second.stage, second.source, second.reason, second.letters) == ("import", "shop", "invalid", 1)
