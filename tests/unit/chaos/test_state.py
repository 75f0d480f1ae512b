"""Two states are compared by content, and a difference is shown where it is."""

from listener.chaos.state import (
    SNAPSHOTS,
    clock_states,
    differences,
    report_state,
    snapshot_state,
    table_state,
)
from listener.reports.answer import Answer


def test_the_order_of_rows_is_no_difference() -> None:
    rows = [("a", 1), ("b", 2), ("b", 3)]
    assert differences({"t": table_state(rows)}, {"t": table_state(reversed(rows))}) == []


def test_a_row_more_is_a_difference() -> None:
    one, two = table_state([("a", 1)]), table_state([("a", 1), ("a", 1)])
    assert len(differences({"t": one}, {"t": two})) == 1


def test_missing_and_further_keys_are_differences() -> None:
    one, other = {"t": table_state([("a", 1)])}, {"t": table_state([("b", 1)])}
    assert differences(one, other) == ["t a: is missing with faults", "t b: is there only with faults"]


def test_a_difference_shows_both_sides() -> None:
    [text] = differences({"t": {"k": "x" * 500 + "one"}}, {"t": {"k": "x" * 500 + "two"}})
    assert "xxone" in text
    assert "xxtwo" in text
    assert len(text) < 300


def test_versions_of_a_case_are_no_difference() -> None:
    case = {"case_id": "K-1", "version": 7, "supersedes": ["K-0"], "queue": "care"}
    later = case | {"version": 9, "supersedes": []}
    assert snapshot_state({"K-1": case}) == snapshot_state({"K-1": later})
    assert snapshot_state({"K-1": case}) != snapshot_state({"K-1": case | {"queue": "else"}})


def test_when_something_was_heard_is_no_difference() -> None:
    def case(at: str, revision: int, cause: str) -> dict[str, dict[str, object]]:
        contact = {"mention_id": "m", "grouping_revision": revision, "grouping_cause": cause}
        return {"K-1": {"contacts": [contact], "responses": [{"response_id": "r", "received_at": at}]}}

    assert snapshot_state(case("10:00", 0, "refund")) == snapshot_state(case("10:05", 7, "refund"))
    assert snapshot_state(case("10:00", 0, "refund")) != snapshot_state(case("10:00", 0, "delay"))


def test_a_deadline_that_passed_is_a_difference() -> None:
    case = {"case_id": "K-1", "version": 7, "clocks": [{"kind": "first_response", "state": "running"}]}
    late = case | {"clocks": [{"kind": "first_response", "state": "breached"}]}
    one, other = {SNAPSHOTS: snapshot_state({"K-1": case})}, {SNAPSHOTS: snapshot_state({"K-1": late})}
    assert len(differences(one, other)) == 1
    assert clock_states(one) == "1 clocks running"


def test_a_report_differs_by_its_figures_and_words_and_not_by_the_order_of_a_sum() -> None:
    def answer(share: float, words: str) -> Answer:
        return Answer(columns=("cause", "share"), rows=(("delivery.late", share),), words=(words,))

    one = {"r": report_state(answer(0.1 + 0.2, "so"))}
    assert differences(one, {"r": report_state(answer(0.3, "so"))}) == []
    assert len(differences(one, {"r": report_state(answer(0.3001, "so"))})) == 1
    assert len(differences(one, {"r": report_state(answer(0.3, "otherwise"))})) == 1
