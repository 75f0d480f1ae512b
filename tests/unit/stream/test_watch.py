"""A stall is: there is something to do, and nothing moves for too long."""

from stream.watch import Stall


def test_nothing_to_do_is_no_stall() -> None:
    stall = Stall(10)
    assert [stall.look("same", waiting=False, now=now) for now in (0, 20, 40)] == [None, None, None]


def test_what_moves_is_no_stall() -> None:
    stall = Stall(10)
    assert [stall.look(now, waiting=True, now=now) for now in (0, 20, 40)] == [None, None, None]


def test_standing_still_is_one_only_while_there_is_something_to_do() -> None:
    stall = Stall(10)
    assert stall.look("same", waiting=True, now=0) is None
    assert stall.look("same", waiting=True, now=10) is None
    assert stall.look("same", waiting=False, now=11) is None
    assert stall.look("same", waiting=True, now=20) is None
    assert stall.look("same", waiting=True, now=22) == 11
