"""Both forms in which ClickHouse counts waits give the same."""

import numpy as np
import pytest

from listener.reports.waits import (
    CENSORED,
    DELETED,
    ELSEWHERE,
    HAPPENED,
    Binned,
    binned,
    binned_rows,
    edges_of,
    together,
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
    found = [waits_of(part, edges_of([part])) for part in (in_one, binned_rows(rows))]
    for waits in found:
        assert waits.upper_hours.tolist() == [0.5, 2.0, 30.0]
        assert waits.answered.tolist() == [7, 0, 0]
        assert waits.competing.tolist() == [0, 11, 0]
        assert waits.censored.tolist() == [0, 7, 8]
    assert in_one.of_end.tolist() == [15, 3, 5, 6, 4]
    assert edges_of([]).size == 0


def test_waits_together_are_the_sums_of_theirs_and_of_none_there_are_none() -> None:
    one, other = (
        Binned(np.array(hours), np.array(ended), np.array(cases))
        for hours, ended, cases in (
            ([0.5, 2.0], [HAPPENED, CENSORED], [1, 2]),
            ([2.0, 2.0, 8.0], [CENSORED, DELETED, ELSEWHERE], [3, 4, 5]),
        )
    )
    edges = edges_of([one, other])
    found = waits_of(together([one, other]), edges)
    assert found.upper_hours.tolist() == [0.5, 2.0, 8.0]
    assert (found.answered.tolist(), found.competing.tolist(), found.censored.tolist()) == (
        [1, 0, 5],
        [0, 4, 0],
        [0, 5, 0],
    )
    assert together([one, other]).of_end.tolist() == [5, 1, 0, 4, 5]
    assert waits_of(together([]), edges).total == 0
    assert waits_of(together([]), edges_of([])).total == 0
    with pytest.raises(ValueError, match="as far as the waits"):
        waits_of(one, edges_of([one])[:1])
