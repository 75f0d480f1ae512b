"""What the report says in words of who came back."""

from listener.reports.what_we_teach import CAME_BACK_PUBLIC, _habit


def channel(name: str, *sums: int) -> dict[str, object]:
    return {"answered_by": name} | dict(zip(CAME_BACK_PUBLIC, sums, strict=True))


def test_those_whom_several_channels_answered_are_added_up() -> None:
    rows = [
        channel("social", 8, 8, 6, 8, 6, 6),
        channel("forum", 2, 2, 2, 2, 2, 2),
        channel("email", 10, 10, 1, 10, 1, 1),
        channel("phone", 10, 10, 1, 10, 1, 1),
    ]
    (words,) = _habit(rows)
    assert "80% went public after a public answer and 10% after a private one" in words


def test_where_one_side_is_missing_nothing_is_said() -> None:
    assert _habit([channel("email", 3, 3, 0, 3, 0, 0)]) == []
