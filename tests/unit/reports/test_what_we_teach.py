"""What the report says in words of who came back."""

from collections import Counter

from listener.reports.what_we_teach import _habit


def test_those_whom_several_channels_answered_are_added_up() -> None:
    back = {
        "social": Counter({"social": 6, "email": 2}),
        "forum": Counter({"social": 1, "forum": 1}),
        "email": Counter({"email": 9, "social": 1}),
        "phone": Counter({"email": 9, "social": 1}),
    }
    (words,) = _habit(back)
    assert "80% went public after a public answer and 10% after a private one" in words


def test_where_one_side_is_missing_nothing_is_said() -> None:
    assert _habit({"email": Counter({"email": 3})}) == []
