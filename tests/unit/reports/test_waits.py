"""Both forms in which ClickHouse counts waits give the same."""

from listener.reports.waits import (
    COMPETING,
    DELETED,
    ELSEWHERE,
    HAPPENED,
    binned,
    binned_rows,
    edges_of,
    waits_of,
)


def test_bins_of_one_row_and_a_row_for_each_bin_are_the_same_waits() -> None:
    row = {
        "answer_hours": [0.5, 0.5, 2.0, 2.0, 2.0, 30.0],
        "answer_ended": [1, 4, 2, 3, 0, 0],
        "answer_cases": [3, 4, 5, 6, 7, 8],
    }
    rows = [
        {"upper_hours": 0.5, "happened": 7, "competing": 0, "censored": 0},
        {"upper_hours": 2.0, "happened": 0, "competing": 11, "censored": 7},
        {"upper_hours": 30.0, "happened": 0, "competing": 0, "censored": 8},
    ]
    in_one = binned(row, "answer")
    found = [waits_of([part], edges_of([part])) for part in (in_one, binned_rows(rows))]
    for waits in found:
        assert waits.upper_hours.tolist() == [0.5, 2.0, 30.0]
        assert waits.answered.tolist() == [7, 0, 0]
        assert waits.competing.tolist() == [0, 11, 0]
        assert waits.censored.tolist() == [0, 7, 8]
    assert [in_one.count(*how) for how in ((HAPPENED, ELSEWHERE), (COMPETING,), (DELETED,))] == [7, 5, 6]
    assert edges_of([]).size == 0
