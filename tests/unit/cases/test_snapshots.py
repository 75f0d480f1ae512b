from datetime import UTC, datetime

from fakes.case_office import case_of, contact
from listener.cases.snapshots import CaseSnapshots, RecentCases
from listener.domain.case import Case
from listener.kafka.connection import KafkaConnection

CASE = case_of(contact(1, datetime(2026, 3, 1, tzinfo=UTC)), version=5)
NEWER = CASE.model_copy(update={"version": 6, "priority": 99})


def take(recent: RecentCases, *cases: Case) -> RecentCases:
    for case in cases:
        recent.take(case.case_id.encode(), case.to_json())
    return recent


def test_the_newest_of_a_case_is_kept_in_whatever_order() -> None:
    for cases in ((CASE, NEWER), (NEWER, CASE)):
        found = take(RecentCases(), *cases).find(CASE.case_id)
        assert found is not None
        assert found[0] == 6
        assert Case.read(found[1]) == NEWER


def test_of_what_is_gone_and_of_what_is_no_case_nothing_is_kept() -> None:
    recent = take(RecentCases(), CASE)
    recent.take(b"__swept", b"not json")
    recent.take(None, b"{}")
    recent.take(CASE.case_id.encode(), None)
    assert recent.find(CASE.case_id) is None


def test_the_oldest_are_forgotten() -> None:
    others = [CASE.model_copy(update={"case_id": f"K-{number}"}) for number in range(20)]
    size = len(CASE.to_json())
    recent = take(RecentCases(3 * size), *others)
    kept = [number for number in range(20) if recent.find(f"K-{number}")]
    assert kept == list(range(20))[-len(kept) :]
    assert 3 <= len(kept) <= 4


def snapshots(
    recent: RecentCases, stored: tuple[int, int, int] | None, searched: Case | None = None
) -> CaseSnapshots:
    """Without a Kafka: what is to be read there would fail."""
    return CaseSnapshots(KafkaConnection("127.0.0.1:1"), recent, lambda _: stored, lambda _: searched)


def test_what_came_lately_is_not_looked_for() -> None:
    recent = take(RecentCases(), NEWER)
    for stored in (None, (5, 0, 17), (6, 0, 18)):
        assert snapshots(recent, stored).read(CASE.case_id) == NEWER


def test_what_nobody_heard_of_is_not_searched_for() -> None:
    assert snapshots(RecentCases(), None, CASE).read(CASE.case_id) is None


def test_a_row_that_does_not_say_where_its_snapshot_stands() -> None:
    assert snapshots(RecentCases(), (5, -1, -1), CASE).read(CASE.case_id) == CASE
