import csv
import html
import io
import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest

from console_client import ADMIN, ANALYST, NOW, PARTNER, VIEWER, Browser
from fakes.told_reports import ToldReports, company, told
from listener.console.analysis import analysis_section
from listener.console.figures import as_csv, meaning_of, rows_of
from listener.console.questions import QUESTIONS
from listener.domain.errors import ServiceError, UsageError
from listener.reports.answer import Answer
from listener.reports.reports import REPORTS

NAMES = list(QUESTIONS)


class Declared:
    """Takes fixes, unless of a cause that there is not."""

    def __init__(self) -> None:
        self.fixes: list[tuple[str, datetime | None, str, str]] = []

    def __call__(self, cause: str, at: datetime | None, by: str, description: str) -> str:
        if cause == "nothing":
            raise UsageError("nothing: there is no such root cause")
        self.fixes.append((cause, at, by, description))
        return "f9"


@pytest.fixture
def reports() -> ToldReports:
    return ToldReports()


@pytest.fixture
def declared() -> Declared:
    return Declared()


@pytest.fixture
def browser(reports: ToldReports, declared: Declared) -> Browser:
    return Browser(analysis_section(reports, declared, lambda: NOW))


class Figures(HTMLParser):
    """The figures of a page's table: row by row, column to the raw value."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = dict(attributes)
        if tag == "tr":
            self.rows.append({})
        elif known.get("data-column"):
            self.rows[-1][str(known["data-column"])] = known.get("value") or known.get("datetime") or ""


def specs(page: str) -> list[dict[str, Any]]:
    found = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    return [json.loads(text) for text in found]


def test_there_is_a_page_for_each_report() -> None:
    assert QUESTIONS.keys() == REPORTS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_every_figure_of_its_report_with_its_picture(
    browser: Browser, reports: ToldReports, name: str
) -> None:
    page = browser.get(f"/analysis/reports/{name}?since=2025-12-01&until=2026-03-01").text
    answer = reports.answers[name]
    shown = [row for row in Figures(page).rows if row]
    assert shown == [
        {column: _text(value) for column, value in zip(answer.columns, row, strict=True)}
        for row in answer.rows
    ]
    assert specs(page), "no picture"
    assert QUESTIONS[name].asks in html.unescape(page)
    for sentence in answer.words:
        assert sentence in html.unescape(page)
    for column in answer.columns:
        assert meaning_of(name, column).heading[0].isupper(), f"nobody has said what {column} means"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z" if isinstance(value, datetime) else str(value)


@pytest.mark.parametrize("name", NAMES)
def test_the_csv_is_that_of_the_command(browser: Browser, reports: ToldReports, name: str) -> None:
    answer = browser.get(f"/analysis/reports/{name}.csv?since=2025-12-01&until=2026-03-01")
    assert answer.headers["content-type"].startswith("text/csv")
    assert f"{name}_2025-12-01_2026-03-01.csv" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert tuple(rows[0]) == reports.answers[name].columns
    assert len(rows) == 1 + len(reports.answers[name].rows)


@pytest.mark.parametrize("owner", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\n=1"])
def test_a_word_in_a_csv_is_no_formula(owner: str) -> None:
    figures = Answer(("owner", "share", "note"), ((owner, -0.5, "a = b"),), ())
    [_, row] = csv.reader(io.StringIO(as_csv(figures), newline=""))
    assert row == [f"'{owner}", "-0.5", "a = b"]


def test_the_address_says_which_days_are_shown(browser: Browser, reports: ToldReports) -> None:
    page = browser.get("/analysis/reports/loudness?since=2026-01-01&until=2026-02-01T06:00:00Z").text
    (asked,) = {(p.since, p.until) for _, p in reports.asked}
    assert asked == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, 6, tzinfo=UTC))
    assert "since=2026-01-01&amp;until=2026-02-01T06%3A00%3A00.000Z" in page
    assert "SELECT * FROM loudness(since = &#39;2026-01-01T00:00:00.000Z&#39;" in page
    assert "listener report loudness --since 2026-01-01 --until" in page


def test_without_days_the_last_ninety_that_were_heard(browser: Browser, reports: ToldReports) -> None:
    browser.get("/analysis/reports/loudness")
    assert reports.asked[0][1].until == datetime(2026, 3, 1, tzinfo=UTC)
    assert reports.asked[0][1].days == 90


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=yesterday", "since: yesterday is not a date"),
        ("until=99999-01-01", "is not a date"),
        ("since=2026-02-01&until=2026-01-01", "is not before"),
    ],
)
def test_a_wrong_day_is_told(browser: Browser, query: str, words: str) -> None:
    answer = browser.get(f"/analysis/reports/channels?{query}")
    assert answer.status_code == 422
    assert words in answer.text


def test_rows_are_picked_by_what_stands_in_them(browser: Browser, reports: ToldReports) -> None:
    query = "since=2025-12-01&until=2026-03-01&owner=finance"
    page = browser.get(f"/analysis/reports/root-causes?{query}").text
    assert [row["cause"] for row in Figures(page).rows if row] == ["billing"]
    assert "<option selected>finance</option>" in page
    assert "owner=finance" in page
    assert browser.get(f"/analysis/reports/root-causes.csv?{query}").text.count("\n") == 2
    nobody = browser.get("/analysis/reports/root-causes.csv?owner=nobody").text
    assert nobody.splitlines()[1].startswith("unknown")


def test_the_overview_names_problem_owner_and_whether_the_fix_worked(browser: Browser) -> None:
    page = browser.get("/analysis").text
    assert "Late or lost parcels" in page
    assert "logistics" in page
    assert "Yes: reduced" in page
    assert 'href="/cases?cause=late&amp;status=any&amp;historical=1"' in page
    for name in NAMES:
        assert f"/analysis/reports/{name}?since=" in page


def test_a_problem_without_a_fix_asks_for_one(browser: Browser, reports: ToldReports) -> None:
    reports.answers["fixes"] = told("fixes")
    page = browser.get("/analysis").text
    assert "No fix was declared" in page
    assert "#declare" in page


def test_where_nothing_was_heard_the_pages_say_what_to_do(browser: Browser, reports: ToldReports) -> None:
    reports.said = None
    reports.answers = {}
    assert "listener import" in browser.get("/analysis").text
    for name in NAMES:
        assert "Nothing was heard yet" in browser.get(f"/analysis/reports/{name}").text


def test_where_these_days_are_empty_a_link_shows_all(browser: Browser, reports: ToldReports) -> None:
    reports.answers = {}
    page = browser.get("/analysis/reports/goodwill?since=2020-01-01&until=2020-02-01").text
    assert "Nothing in these dates" in page
    assert "since=2025-12-01&amp;until=2026-03-01" in page


def test_clickhouse_that_does_not_answer_is_told(browser: Browser, reports: ToldReports) -> None:
    reports.fails = ServiceError("ClickHouse at x cannot be reached: is the server running?")
    answer = browser.get("/analysis")
    assert answer.status_code == 503
    assert "is the server running?" in answer.text


def test_unknown_names_are_not_there(browser: Browser) -> None:
    assert "There is no report nonsense: one of root-causes" in browser.get("/analysis/reports/nonsense").text
    assert browser.get("/analysis/reports/nonsense.csv").status_code == 404
    assert browser.get("/analysis/causes/nonsense").status_code == 404


def test_a_cause_shows_its_owner_its_course_and_its_fix(browser: Browser) -> None:
    page = browser.get("/analysis/causes/late").text
    (spec,) = specs(page)
    assert spec["kind"] == "course"
    assert spec["fixes"] == [{"at": "2026-01-20", "words": "fix: reduced"}]
    assert len(spec["points"]) == 12
    assert "logistics" in page
    assert "late (f1): reduced." in page
    assert "cases_of_cause(cause = &#39;late&#39;" in page


def test_a_cause_with_a_hostile_name_is_only_text(browser: Browser, reports: ToldReports) -> None:
    hostile = "</script><script>alert(1)</script>'"
    reports.answers["root-causes"] = told(
        "root-causes", {"cause": hostile, "owner": hostile, "goodwill": hostile}
    )
    for path in ("/analysis", "/analysis/reports/root-causes", f"/analysis/causes/{quote(hostile, safe='')}"):
        assert "<script>alert" not in browser.get(path).text


def test_an_analyst_declares_a_fix(browser: Browser, declared: Declared) -> None:
    browser.before.sits = ANALYST
    fields = {
        "description": "second carrier",
        "at": "2026-02-01",
        "since": "2026-01-01",
        "until": "2026-03-01",
    }
    answer = browser.post("/analysis/causes/late/fixes", fields)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/analysis/causes/late?since=2026-01-01&until=2026-03-01&declared=f9"
    assert declared.fixes == [("late", datetime(2026, 2, 1, tzinfo=UTC), "Lea Analyst", "second carrier")]
    assert "The fix was declared (f9)" in browser.get(answer.headers["location"]).text
    assert "call 0900" not in browser.get("/analysis/causes/late?declared=call+0900").text


def test_a_fix_that_is_sent_twice_is_one(reports: ToldReports, declared: Declared) -> None:
    ticks = (NOW + timedelta(seconds=number) for number in range(60))
    client = Browser(analysis_section(reports, declared, lambda: next(ticks)), person=ANALYST)
    [token] = re.findall(r'name="token" value="(\w+)"', client.get("/analysis/causes/late").text)
    for _ in range(2):
        client.post("/analysis/causes/late/fixes", {"description": "second carrier", "token": token})
    client.post("/analysis/causes/late/fixes", {"description": "third carrier", "token": token})
    first, again, other = (at for _, at, _, _ in declared.fixes)
    assert first is not None
    assert first == again != other


def test_what_was_typed_is_kept_where_a_fix_is_refused(browser: Browser, declared: Declared) -> None:
    answer = browser.post("/analysis/causes/late/fixes", {"description": "second carrier", "at": "soon"})
    assert answer.status_code == 422
    assert "soon is not a date" in answer.text
    assert "second carrier</textarea>" in answer.text
    for day in ("0202-03-01", "20261-01-01", "9999-12-31T23:59-23:59"):
        assert browser.post("/analysis/causes/late/fixes", {"at": day}).status_code == 422
    assert browser.post("/analysis/causes/late/fixes", {"description": "x" * 3000}).status_code == 422
    assert not declared.fixes


def test_a_viewer_sees_and_declares_nothing(browser: Browser, declared: Declared) -> None:
    browser.before.sits = VIEWER
    assert "Declare a fix" not in browser.get("/analysis/causes/late").text
    assert browser.post("/analysis/causes/late/fixes", {"description": "x"}).status_code == 403
    assert not declared.fixes
    browser.before.sits = PARTNER
    assert browser.get("/analysis").status_code == 403


def test_a_figure_that_is_not_known_is_a_dash(browser: Browser, reports: ToldReports) -> None:
    row = dict(rows_of(company()["channels"])[0]) | {"median_hours": None, "median_hours_high": None}
    reports.answers["channels"] = told("channels", row)
    page = browser.get("/analysis/reports/channels").text
    assert '<data value="" data-column="median_hours">–</data>' in page


def test_no_fix_can_be_declared_of_what_has_no_cause(browser: Browser) -> None:
    browser.before.sits = ADMIN
    assert "Declare a fix" not in browser.get("/analysis/causes/unknown").text


def test_an_answer_of_no_rows_has_no_picture(browser: Browser, reports: ToldReports) -> None:
    reports.answers["fixes"] = Answer(reports.answers["fixes"].columns, ())
    assert not specs(browser.get("/analysis/reports/fixes").text)
