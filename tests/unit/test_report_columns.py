"""The page of columns says what the code says, and every column of every report has a meaning."""

import importlib
import re
from pathlib import Path

import pytest

from listener import report_columns
from listener.clickhouse.parameter_views import ASKED, OPENED, PARAMETER_VIEWS, ParameterView
from listener.console.figures import meaning_of, readable
from listener.console.questions import QUESTIONS
from listener.reports.reports import REPORTS

PAGE = Path(__file__).parents[2] / "docs" / "report-columns.md"


def test_the_page_is_what_the_code_says() -> None:
    assert report_columns.page() == PAGE.read_text(encoding="utf-8"), (
        "run python -m listener.report_columns > docs/report-columns.md"
    )


@pytest.mark.parametrize("name", REPORTS)
def test_every_column_that_a_report_can_have_says_what_it_means(name: str) -> None:
    columns = {column for shape in report_columns.shapes(name).values() for column in shape}
    bare = {
        column
        for column in columns
        if not meaning_of(name, column).meaning or not meaning_of(name, column).heading[0].isupper()
    }
    assert bare == set()


@pytest.mark.parametrize("name", REPORTS)
def test_all_shapes_of_a_report_are_told(name: str) -> None:
    module = importlib.import_module(f"listener.reports.{name.replace('-', '_')}")
    there = [tuple(of) for constant, of in vars(module).items() if constant.endswith("COLUMNS")]
    assert sorted(there) == sorted(report_columns.shapes(name).values())


@pytest.mark.parametrize("name", REPORTS)
def test_the_views_of_a_report_bound_the_same_time_as_the_report(name: str) -> None:
    said = QUESTIONS[name].bounds
    wanted = {"of the first contact that asked": ASKED, "when the case was opened": OPENED}
    first, *_ = QUESTIONS[name].views
    if name == "outcomes":  # of the first case, of several
        assert "first asked for an answer" in PARAMETER_VIEWS[first].bounds
    else:
        assert PARAMETER_VIEWS[first].bounds.startswith(wanted.get(said, "when it was said"))


@pytest.mark.parametrize("view", PARAMETER_VIEWS.values(), ids=PARAMETER_VIEWS)
def test_no_word_breaks_the_table_that_it_stands_in(view: ParameterView) -> None:
    words = [view.rows, view.bounds, *view.columns.values()]
    assert [one for one in words if not one or "|" in one or "\n" in one or one.endswith(".")] == []


def test_intervals_stand_beside_their_figure() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    reports = lines[: lines.index("## Views with parameters")]
    named = [line.split("|")[1].strip() for line in reports if line.startswith("| `")]
    assert named.count("`share`, `_low`, `_high`") == 2
    assert [name for name in named if re.search(r"\w_(low|high)`", name)] == []


def test_a_relative_change_is_read_in_per_cent() -> None:
    assert readable(-0.08, "change") == "-8.0\u202f%"
