"""Which mentions count as late, and which the policy held back."""

from bench.figures import Shown, first_shown, new_ones

HOLD_MS = 2000.0


def test_the_first_snapshot_that_shows_a_mention_counts() -> None:
    snapshots = [(130.0, b"K-1", ["a"]), (9000.0, b"K-1", ["a"])]
    assert list(first_shown({"a": 100.0}, snapshots, HOLD_MS)) == [Shown(30.0, held=False)]


def test_a_case_that_was_published_just_before_is_held_back() -> None:
    snapshots = [(1000.0, b"K-1", []), (1000.0 + HOLD_MS, b"K-1", ["a"]), (1500.0, b"K-2", ["b"])]
    assert list(first_shown({"a": 1100.0, "b": 1400.0}, snapshots, HOLD_MS)) == [
        Shown(HOLD_MS - 100.0, held=True),
        Shown(100.0, held=False),
    ]


def test_a_snapshot_of_long_ago_holds_nothing_back() -> None:
    snapshots = [(1000.0, b"K-1", []), (4100.0, b"K-1", ["a"])]
    assert list(first_shown({"a": 4000.0}, snapshots, HOLD_MS)) == [Shown(100.0, held=False)]


def test_what_no_case_shows_is_left_out() -> None:
    assert list(first_shown({"a": 100.0}, [(130.0, b"K-1", ["b"])], HOLD_MS)) == []


def test_a_mention_counts_in_the_turn_in_which_it_was_published_first() -> None:
    ids = ["a", "b", "b", "a", "c", "c"]
    assert [new_ones(ids, at, at + 2) for at in (2, 4)] == [[], ["c"]]
