import pytest

from listener.console.case_queue import QueueView
from listener.console.saved_views import MOST, SavedView, read_views, with_view, without_view, written


def test_views_are_kept_by_name_and_replaced() -> None:
    views = with_view([], "late ", QueueView(due="overdue"))
    views = with_view(views, "A first", QueueView(owner="me"))
    assert views == [SavedView("A first", "owner=me"), SavedView("late", "due=overdue")]
    views = with_view(views, "LATE", QueueView(due="today"))
    assert views == [SavedView("A first", "owner=me"), SavedView("LATE", "due=today")]
    assert read_views(written(views)) == views
    assert without_view(views, "late") == views[:1]


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 60 characters"):
        with_view([], name, QueueView())


def test_there_is_an_end_to_them() -> None:
    many = [SavedView(str(number), "") for number in range(MOST)]
    with pytest.raises(ValueError, match="remove one first"):
        with_view(many, "one more", QueueView())
    assert len(with_view(many, "7", QueueView())) == MOST


@pytest.mark.parametrize("content", [{}, {"views": None}, {"views": [1, {"name": 2}, {"name": "x"}]}])
def test_what_cannot_be_read_is_left_out(content: dict[str, object]) -> None:
    assert read_views(content) == []


def test_an_address_that_somebody_else_wrote_is_only_a_view() -> None:
    assert read_views({"views": [{"name": "x", "query": "javascript:1&queue=a"}]}) == [
        SavedView("x", "queue=a")
    ]
