from collections.abc import Sequence
from dataclasses import replace

import pytest

from console_client import NOW, PARTNER, VIEWER, Browser
from listener.console.dead_letters import (
    DeadFilter,
    DeadPage,
    DeadPlanned,
    DeadRow,
    DeadShown,
    dead_letters_section,
)

HOSTILE = "<img src=x onerror=alert(1)>"
ROW = DeadRow(
    "3@17", NOW, "open", "ledger", HOSTILE, "invalid", HOSTILE, "mentions.raw[1]@5", "mentions.raw", 40, 1
)


class Box:
    """Letters in memory, and what was done about them."""

    def __init__(self, count: int = 2) -> None:
        self.rows = [replace(ROW, id=f"3@{number}") for number in range(count)]
        self.did: list[tuple[object, ...]] = []
        self.asked: list[DeadFilter] = []

    def find(self, wanted: DeadFilter, after: str | None, most: int) -> DeadPage:
        self.asked.append(wanted)
        rows = self.rows[:most]
        older = rows[-1].id if len(self.rows) > most else None
        return DeadPage(
            rows, len(self.rows), older, {key: [HOSTILE] for key in ("reason", "stage", "source", "topic")}
        )

    def show(self, letter_id: str) -> DeadShown:
        return DeadShown(replace(ROW, id=letter_id), None, HOSTILE, None, HOSTILE, False, 12, whole=True)

    def plan(self, ids: Sequence[str]) -> Sequence[DeadPlanned]:
        return [
            DeadPlanned(one, HOSTILE, "mentions.raw", 2, None if one != "3@1" else HOSTILE) for one in ids
        ]

    def replay(self, ids: Sequence[str], by: str) -> int:
        self.did.append(("replay", *ids, by))
        return len(ids)

    def drop(self, ids: Sequence[str], why: str, by: str) -> int:
        self.did.append(("drop", *ids, why, by))
        return len(ids)


def test_letters_by_filter_with_nothing_of_theirs_run() -> None:
    box = Box(60)
    shown = Browser(dead_letters_section(box)).get("/dead-letters?reason=invalid&resolved=1").text
    assert box.asked == [DeadFilter(reason="invalid", resolved=True)]
    assert "/dead-letters?reason=invalid&amp;resolved=1&amp;after=3%4049" in shown
    assert "<img src=x" not in shown


def test_a_replay_is_shown_before_it_is_done() -> None:
    box = Box()
    browser = Browser(dead_letters_section(box))
    asked = browser.post("/dead-letters/plan", {"action": "replay", "letter": ["3@0", "3@1"]})
    assert "Replay 1 dead letter?" in asked.text
    assert 'value="3@0"' in asked.text
    assert "<img src=x" not in asked.text
    assert box.did == []
    done = browser.post("/dead-letters/do", {"action": "replay", "ids": "3@0"})
    assert done.headers["location"] == "/dead-letters?done=1+replayed"
    assert "1 replayed." in browser.get(done.headers["location"]).text
    assert "call 0900" not in browser.get("/dead-letters?done=call+0900").text, (
        "the words of whoever sent a link"
    )
    assert box.did == [("replay", "3@0", "Ana Admin")]


def test_all_of_a_filter_are_dropped_with_a_reason_only() -> None:
    box = Box()
    browser = Browser(dead_letters_section(box))
    asked = browser.post("/dead-letters/plan", {"action": "drop", "which": "all", "filter": "stage=ledger"})
    assert box.asked == [DeadFilter(stage="ledger")]
    assert 'value="3@0 3@1"' in asked.text
    assert browser.post("/dead-letters/do", {"action": "drop", "ids": "3@0 3@1"}).status_code == 422
    browser.post("/dead-letters/do", {"action": "drop", "ids": "3@0 3@1", "why": "a test of ours"})
    assert box.did == [("drop", "3@0", "3@1", "a test of ours", "Ana Admin")]


def test_a_look_at_an_original_is_written_down() -> None:
    browser = Browser(dead_letters_section(Box()))
    shown = browser.get("/dead-letters/3@17").text
    assert "<img src=x" not in shown
    assert "12 more bytes" in shown
    assert [(entry.action, entry.subject) for entry in browser.audited] == [("see.dead_letter", "3@17")]


@pytest.mark.parametrize("person", [VIEWER, PARTNER])
def test_originals_are_for_admins(person: object) -> None:
    browser = Browser(dead_letters_section(Box()), person=person)  # type: ignore[arg-type]
    assert browser.get("/dead-letters/3@17").status_code == 403
    for path in ("plan", "do"):
        assert browser.post(f"/dead-letters/{path}", {"action": "drop", "letter": "3@17"}).status_code == 403


def test_nothing_chosen_is_told() -> None:
    browser = Browser(dead_letters_section(Box(0)))
    assert "None is open" in browser.get("/dead-letters").text
    assert browser.post("/dead-letters/plan", {"action": "replay"}).status_code == 422
    assert browser.post("/dead-letters/plan", {"action": "eat", "letter": "3@1"}).status_code == 422
