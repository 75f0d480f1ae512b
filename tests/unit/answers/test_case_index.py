"""Where an answer to a case goes, in whatever order snapshots come, and within bounds."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from listener.answers.case_index import CaseIndex, Place, Second
from listener.domain.case import Case
from listener.domain.contract import format_utc
from listener.examples import examples

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def snapshot(
    case_id: str, version: int = 1, superseded_by: str | None = None, **more: Any
) -> tuple[bytes, bytes]:
    value = {
        "case_id": case_id,
        "version": version,
        "anchor": f"x:{case_id}",
        "anchor_author": "x:ann",
    } | more
    if superseded_by is not None:
        value["superseded_by"] = superseded_by
    return case_id.encode(), json.dumps(value).encode()


def index_of(*records: tuple[bytes, bytes | None]) -> CaseIndex:
    index = CaseIndex()
    for key, value in records:
        index.take(key, value)
    return index


def test_a_snapshot_as_it_is_published_is_enough() -> None:
    case = Case.read(examples()[Case].to_json())
    index = index_of((case.case_id.encode(), case.to_json()))
    assert index.find(case.case_id) == Place(case.case_id, case.anchor, case.anchor_author, case.opened_at)
    assert index.find("K-2222222222222") is None


def test_a_superseded_case_is_answered_at_its_own_contact_under_its_new_name() -> None:
    index = index_of(snapshot("K-A", 2, "K-B"), snapshot("K-B", 3, "K-C"), snapshot("K-C"))
    assert index.find("K-A") == Place("K-C", "x:K-A", "x:ann")
    alone = index_of(snapshot("K-A", 2, "K-B"))
    assert alone.find("K-A") == Place("K-A", "x:K-A", "x:ann")


def said(name: str, need: str = "complaint") -> dict[str, str]:
    return {"mention_id": name, "author": "x:bob", "effective_at": format_utc(AT), "need": need}


def test_the_contact_by_which_a_case_goes_on_is_known() -> None:
    contacts = [said("x:K-A"), said("x:talk", "mention"), said("x:2", "praise"), said("x:3")]
    second = Second("x:2", "x:bob", AT)
    place = index_of(snapshot("K-A", contacts=contacts)).find("K-A")
    assert place is not None
    assert place.second == second
    alone = index_of(snapshot("K-A", contacts=contacts[:2])).find("K-A")
    assert alone is not None
    assert alone.second is None
    over = snapshot("K-A", 2, "K-B", contacts=[])
    goes_on = snapshot(
        "K-B", anchor="x:2", anchor_author="x:bob", opened_at=format_utc(AT), contacts=contacts
    )
    place = index_of(over, goes_on).find("K-A")
    assert place == Place("K-B", "x:K-A", "x:ann", None, second)


def test_cases_that_supersede_each_other_do_not_turn_for_ever() -> None:
    assert index_of(snapshot("K-A", 2, "K-B"), snapshot("K-B", 3, "K-A")).find("K-A") is not None


@given(st.permutations([snapshot("K-A", 1), snapshot("K-A", 2, "K-B"), snapshot("K-A", 3), snapshot("K-B")]))
def test_the_highest_version_holds(records: list[tuple[bytes, bytes]]) -> None:
    assert index_of(*records).find("K-A") == Place("K-A", "x:K-A", "x:ann")


def test_a_tombstone_and_what_is_no_case() -> None:
    index = index_of(snapshot("K-A"), (b"K-A", None), (b"K-B", b"{}"), (b"K-C", b"\xff"), (b"K-D", None))
    assert index.find("K-A") is None
    assert len(index) == 0


def test_beyond_its_bound_the_oldest_are_forgotten_and_the_newest_known() -> None:
    index = CaseIndex(max_bytes=100_000)
    for number in range(5_000):
        index.take(*snapshot(f"K-{number:013}"))
    assert 200 < len(index) < 300
    for number in range(5_000):
        index.take(*snapshot(f"K-{number:013}", contacts=[said("x:2")]))
    assert 100 < len(index) < 150
    assert index.find(f"K-{4999:013}") is not None
    assert index.find(f"K-{0:013}") is None
    for number in range(5_000):
        index.take(f"K-{number:013}".encode(), None)
    for number in range(200):
        index.take(*snapshot(f"K-{number:013}"))
    assert len(index) == 200, "what is gone takes no room"
