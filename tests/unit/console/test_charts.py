"""What the pictures say follows from the figures."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from fakes.told_reports import NAMES, ToldReports, between, company, told
from listener.console import charts
from listener.console.charts import FixMark, Picture, Week
from listener.console.figures import Unit, as_csv, percent, readable, table
from listener.console.period import Period
from listener.reports.answer import Answer

PERIOD = Period(datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


def address(cause: str) -> str:
    return f"/{cause}"


def test_the_largest_cause_leads_and_what_has_none_comes_last() -> None:
    (picture,) = charts.causes_ranked(company()["root-causes"], NAMES, address)
    marks = picture.data["marks"]
    assert marks[0]["label"] == "Late or lost parcels"
    assert marks[-1]["label"] == "no cause found"
    assert [mark["tone"] for mark in marks] == ["strong", "plain", "plain", "muted"]
    assert [mark["link"] for mark in marks] == ["/late", "/billing", "/app", ""]
    assert picture.says.startswith("Late or lost parcels troubles most people: 41\u202f%")
    assert "within the margin" not in picture.says


def test_a_lead_within_the_margin_is_said() -> None:
    near = told(
        "root-causes",
        {"cause": "late", "owner": "", "goodwill": ""} | between("share", 0.2, 0.1, 0.3),
        {"cause": "billing", "owner": "", "goodwill": ""} | between("share", 0.19, 0.09, 0.29),
    )
    (picture,) = charts.causes_ranked(near, NAMES, address)
    assert "The lead over Billing and charges is within the margin." in picture.says


def test_what_grows_is_said_and_all_panels_have_one_scale_of_weeks() -> None:
    answer = company()["root-causes"]
    (picture,) = charts.trends(ToldReports().weeks(PERIOD), answer, NAMES)
    assert picture.says == "Growing: Late or lost parcels."
    assert [panel["note"] for panel in picture.data["panels"]] == [
        "×\u202f1.40 of before",
        "about as before",
        "nobody before",
    ]
    assert {len(panel["points"]) for panel in picture.data["panels"]} == {12}
    gap = [Week("late", date(2026, 1, 5), 3), Week("billing", date(2026, 1, 12), 4)]
    (picture,) = charts.trends(gap, answer, NAMES)
    assert picture.data["panels"][0]["points"] == [["2026-01-05", 3], ["2026-01-12", 0]]
    assert charts.trends(gap[:1], answer, NAMES) == []


def test_the_bullhorn_is_named() -> None:
    (picture,) = charts.people_beside_noise(company()["loudness"], NAMES)
    assert picture.says.startswith(
        "Noise makes The app fails look larger than it is: place 1 by posts, 2 by people"
    )
    assert [(item["left"], item["right"]) for item in picture.data["items"]] == [(1, 2), (2, 1)]
    quiet = told("loudness", {"cause": "late", "rank_by_parties": 1, "rank_by_posts": 1, "moved": 0})
    assert charts.people_beside_noise(quiet, NAMES)[0].says == "Noise puts no cause higher than people do."


def test_curves_begin_with_nobody_answered_and_name_best_and_worst() -> None:
    (picture,) = charts.answer_curves(ToldReports().curves(PERIOD), company()["channels"])
    assert picture.says == "After a day 80\u202f% have an answer by social, and 20\u202f% by email."
    assert all(line["points"][0] == [0.0, 0.0] for line in picture.data["lines"])
    assert [line["label"] for line in picture.data["lines"]] == ["email", "social"]


@pytest.mark.parametrize(
    ("verdict", "tone", "says"),
    [("reduced", "good", "1 of 1"), ("worse", "bad", "0 of 1"), ("not shown", "plain", "0 of 1")],
)
def test_a_verdict_has_its_colour(verdict: str, tone: str, says: str) -> None:
    fix = {"fix_id": "f", "root_cause": "late", "effective_at": PERIOD.since, "verdict": verdict}
    (picture,) = charts.verdicts(told("fixes", fix), NAMES)
    assert picture.data["marks"][0]["tone"] == tone
    assert picture.data["reference"] == 1
    assert picture.says == f"Fixes shown to have reduced their cause: {says}."


def test_a_course_shows_only_the_fixes_of_its_cause() -> None:
    marks = [FixMark("late", PERIOD.since, "fix: reduced"), FixMark("app", PERIOD.since, "fix: worse")]
    (picture,) = charts.course(ToldReports().weeks(PERIOD), "late", marks, NAMES, "says")
    assert picture.data["fixes"] == [{"at": "2025-12-01", "words": "fix: reduced"}]


def test_outcomes_of_different_units_are_different_pictures() -> None:
    shares, means = charts.outcomes_apart(company()["outcomes"])
    assert (shares.data["unit"], means.data["unit"]) == ("points", "number")
    assert shares.says.startswith("No difference is shown.")
    assert means.says.startswith("Different: csat.")


def test_currencies_are_never_added_up() -> None:
    gifts = told(
        "goodwill",
        {"currency": "EUR", "root_cause": "late", "visibility": "public", "total": 80.0},
        {"currency": "USD", "root_cause": "late", "visibility": "private", "total": 20.0},
    )
    assert [picture.axis for picture in charts.given(gifts, NAMES)] == ["EUR", "USD"]


DRAWN: dict[str, Callable[[Answer], list[Picture]]] = {
    "root-causes": lambda none: charts.causes_ranked(none, NAMES, address),
    "loudness": lambda none: charts.people_beside_noise(none, NAMES),
    "channels": lambda none: charts.answer_curves([], none),
    "what-we-teach": charts.habits,
    "black-holes": charts.vanished,
    "deadlines": charts.kept,
    "escalations": lambda none: charts.went_public(none, NAMES, address),
    "fairness": charts.treated,
    "executives": lambda none: charts.executives_load(none, NAMES, address),
    "goodwill": lambda none: charts.given(none, NAMES),
    "fixes": lambda none: charts.verdicts(none, NAMES),
    "outcomes": charts.outcomes_apart,
}


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_to_see_is_no_picture(name: str) -> None:
    assert DRAWN[name](told(name)) == []


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.1234, "share", "12.3\u202f%"),
        (-0.05, "points", "-5.0 points"),
        (1.5, "ratio", "×\u202f1.50"),
        (1234567, "count", "1\u202f234\u202f567"),
        (7.25, "hours", "7.2\u202fh"),
        (-3, "moved", "-3"),
        (None, "share", "–"),
        ("", "words", "–"),
    ],
)
def test_figures_as_people_read_them(value: object, unit: Unit, words: str) -> None:
    assert readable(value, unit) == words


def test_a_table_joins_a_figure_with_its_interval() -> None:
    answer = company()["fixes"]
    made = table("fixes", answer.columns, answer.rows, NAMES)
    (ratio,) = [cell for cell in made.rows[0] if cell.value.column == "ratio"]
    assert ratio.low is not None
    assert ratio.high is not None
    assert (ratio.value.raw, ratio.low.raw, ratio.high.raw) == ("0.6", "0.45", "0.8")
    assert len(made.head) == len(answer.columns) - 4
    assert as_csv(answer).splitlines()[0] == ",".join(answer.columns)
    assert percent(0.5) == "50\u202f%"
