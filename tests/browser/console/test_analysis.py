"""Analysis, policy and privacy in a browser: pictures, figures, links, for everybody and everywhere."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accessible import assert_accessible
from console_visits import Served, Visits
from listener.cli.tables import format_rows
from listener.clickhouse.client import connect
from listener.console.questions import QUESTIONS
from listener.reports.answer import Window
from listener.reports.reports import report
from listener.settings import ENDPOINTS_FILE

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.clickhouse]

DAYS = "since=2000-01-01&until=2100-01-01"
READINGS = 10
"""So often at most both are read until they say the same: the company goes on speaking, and ClickHouse adds in
whatever order, which shows in a last bit."""


def assert_fits(page: Page) -> None:
    """Nothing scrolls sideways but what says so."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, page.url


def forget_refusal(visits: Visits) -> None:
    """The browser tells of a page that is answered with 422, and of nothing else."""
    assert all("422" in told for told in visits.complaints)
    visits.complaints.clear()


def shown_rows(page: Page) -> list[dict[str, str]]:
    """The figures of the table as they stand in the page's source, row by row."""
    rows: list[dict[str, str]] = page.locator("#figures tbody tr").evaluate_all(
        """rows => rows.map(row => Object.fromEntries([...row.querySelectorAll("[data-column]")].map(
            one => [one.dataset.column, one.value ?? one.dateTime])))"""
    )
    return rows


def text_of(value: Any) -> str:
    """A value of the report's JSON as it stands in the page's source."""
    return "" if value is None else str(value)


def reported(served: Served, name: str) -> list[dict[str, Any]]:
    """What `listener report --format json` says of all days."""
    endpoints = json.loads((served.up.data_dir / ENDPOINTS_FILE).read_text())
    client = connect(endpoints["clickhouse_reader"])
    try:
        answer = report(name)(client, Window())
    finally:
        client.disconnect()
    found: list[dict[str, Any]] = json.loads(format_rows(answer.columns, answer.rows, "json"))
    return found


@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, True)])
def test_every_page_can_be_used_by_everybody(visits: Visits, dark: bool, phone: bool) -> None:
    page = visits.open("/analysis", dark=dark, phone=phone)
    page.locator(".answer .main a").first.wait_for()
    cause = str(page.locator(".answer .main a").first.get_attribute("href"))
    reports = [f"/analysis/reports/{name}?{DAYS}" for name in QUESTIONS]
    for path in ("/analysis", *reports, cause, "/policy", "/policy/try", "/privacy"):
        page.goto(f"{visits.served.url}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for picture in page.locator("figure[data-chart]").all():
            expect(picture.locator("svg")).to_be_visible()
        assert_accessible(page)
        assert_fits(page)


def test_worst_problem_owner_and_fix_in_three_clicks(visits: Visits) -> None:
    page = visits.open("/")
    page.get_by_role("link", name="Analysis").click()
    expect(page.get_by_role("heading", name="Our worst problem")).to_be_visible()
    expect(page.get_by_role("heading", name="Who owns it")).to_be_visible()
    expect(page.get_by_role("heading", name="Did the fix work?")).to_be_visible()
    worst = page.locator(".answer .main a").first.inner_text()
    page.locator(".answer .main a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(worst)
    assert page.get_by_role("link", name="Its cases").get_attribute("href") == page.locator(
        "dd a"
    ).first.get_attribute("href")


def test_every_figure_is_that_of_the_report(visits: Visits, served: Served) -> None:
    page = visits.open()
    for name in QUESTIONS:
        for _ in range(READINGS):
            rows = reported(served, name)
            page.goto(f"{visits.served.url}/analysis/reports/{name}?{DAYS}")
            # times are written otherwise by the command
            columns = [
                one for row in rows[:1] for one in row if not one.endswith("_at") and one != "oldest_open"
            ]
            told = [[text_of(row[column]) for column in columns] for row in rows]
            shown = [[row[column] for column in columns] for row in shown_rows(page)]
            if shown == told:
                break
        assert shown == told, (name, columns)


def test_days_filters_csv_and_the_link_that_shows_the_same_again(visits: Visits) -> None:
    page = visits.open("/analysis/reports/root-causes")
    page.get_by_role("link", name="all").click()
    day_before = datetime.now(UTC) - timedelta(days=1)  # the company talks on
    page.get_by_label("Before").fill(f"{day_before:%Y-%m-%d}")
    page.get_by_role("button", name="Show").click()
    owner = page.get_by_label("Owner").locator("option").nth(1).inner_text()
    page.get_by_label("Owner").select_option(owner)
    page.get_by_role("button", name="Show").click()
    rows = shown_rows(page)
    assert rows
    assert {row["owner"] or "nobody" for row in rows} == {owner}
    with page.expect_download() as given:
        page.get_by_role("link", name="CSV").click()
    assert given.value.path().read_text().count("\n") == 1 + len(rows)
    again = str(page.get_by_role("link", name="Link to this view").get_attribute("href"))
    page.goto(f"{visits.served.url}{again}")
    assert shown_rows(page) == rows
    page.get_by_text("The SQL behind it").click()
    expect(page.locator("#sql-1")).to_contain_text("SELECT * FROM root_causes(since = '")


def test_a_fix_is_declared_from_the_page_of_its_cause(visits: Visits) -> None:
    page = visits.open("/analysis")
    page.locator(".answer .main a").first.click()
    page.get_by_label("What was done").fill("<script>alert(1)</script> second carrier")
    page.get_by_label("From when on it should work").fill("2026-01-15")
    page.get_by_role("button", name="Declare").click()
    expect(page.get_by_role("status").first).to_contain_text("The fix was declared")


def test_another_policy_is_tried_and_its_mistakes_told(visits: Visits) -> None:
    page = visits.open("/policy")
    page.get_by_role("link", name="Try another one").click()
    typed = page.get_by_label("The policy, YAML")
    now = typed.input_value()
    typed.fill(now.replace("queues:", "queus:", 1))
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("alert")).to_contain_text("policy:")
    forget_refusal(visits)
    expect(typed).to_have_value(now.replace("queues:", "queus:", 1))
    typed.fill(now.replace("complaint: 50", "complaint: 60", 1))
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#result")).to_contain_text("would be decided otherwise", timeout=60_000)
    expect(page.locator("#trial a[href^='/cases/']").first).to_be_visible()
    assert_accessible(page)


def test_what_is_held_about_somebody_is_shown_given_out_and_erased(visits: Visits, served: Served) -> None:
    page = visits.open("/privacy")
    page.get_by_label("Customer ids").fill("nobody-at-all")
    page.get_by_role("button", name="Show what is held").click()
    expect(page.get_by_text("Nothing is held")).to_be_visible()
    ((customer,),) = served.up.select("SELECT max(customer_id) FROM current_customers")
    page.get_by_label("Customer ids").fill(customer)
    page.get_by_role("button", name="Show what is held").click()
    expect(page.get_by_role("row").filter(has_text="table customers")).to_be_visible()
    assert_accessible(page)
    with page.expect_download() as given:
        page.get_by_role("button", name="Download").click()
    assert customer in given.value.path().read_text()
    page.get_by_label("To erase, type").fill("somebody else")
    page.get_by_role("button", name="Erase").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was erased")
    forget_refusal(visits)
    page.get_by_label("To erase, type").fill(customer)
    page.get_by_role("button", name="Erase").click()
    expect(page.get_by_role("link", name="Download the certificate")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("It is done.")).to_be_visible()
    assert_accessible(page)
    assert served.up.select(f"SELECT count() FROM current_customers WHERE customer_id = '{customer}'") == [
        (0,)
    ]
