"""Labels as people write them."""

import pytest

from listener.domain.errors import UsageError
from listener.models.tasks import TASKS


@pytest.mark.parametrize(
    ("task", "written", "label"),
    [
        ("complaint", "1", "complaint"),
        ("complaint", " No ", "other"),
        ("sentiment", "NEG", "negative"),
        ("root-cause", "Late  Flight", "Late Flight"),
        ("root-cause", "", "unknown"),
        ("language", "hi", "hi"),
    ],
)
def test_label(task: str, written: str, label: str) -> None:
    assert TASKS[task].label(written) == label


@pytest.mark.parametrize(
    ("task", "written"), [("complaint", "maybe"), ("sentiment", "3"), ("language", "Hindi")]
)
def test_no_label(task: str, written: str) -> None:
    with pytest.raises(UsageError):
        TASKS[task].label(written)
