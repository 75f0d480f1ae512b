"""What a calendar in a policy may say."""

import pytest

from listener.domain.document import Document, read_document
from listener.domain.errors import UsageError
from stream.triage.calendar import CalendarRules, minutes_of

TEXT = """
office:
  zone: Europe/London
  hours:
    monday-thursday: [09:00-12:00, 13:00-17:30]
    friday: 09:00-12:00
  holidays: {country: GB, subdivision: SCT}
  closed: [2026-12-24]
  exceptions:
    2026-12-23: 09:00-10:00
"""


class Page(Document):
    office: CalendarRules


def test_a_range_of_days_stands_for_each() -> None:
    office = read_document(Page, TEXT, "p.yaml").office
    assert office.hours["wednesday"] == office.hours["monday"] == ("09:00-12:00", "13:00-17:30")
    assert office.hours["friday"] == ("09:00-12:00",)
    assert "saturday" not in office.hours


def test_a_range_may_run_over_the_end_of_the_week() -> None:
    rules = CalendarRules.model_validate({"zone": "UTC", "hours": {"saturday-monday": "10:00-12:00"}})
    assert set(rules.hours) == {"saturday", "sunday", "monday"}


@pytest.mark.parametrize(
    ("right", "wrong", "line", "told"),
    [
        ("Europe/London", "Europe/Londn", 3, "office.zone: Value error, Europe/Londn is no IANA time zone"),
        ("friday: 09:00-12:00", "friday: 9-12", 6, "'9-12' is no span of hours such as 09:00-17:30"),
        ("friday: 09:00-12:00", "friday: 09:00-24:30", 6, "the day ends at 24:00"),
        ("friday:", "freitag:", 6, "office.hours.freitag.[key]: Input should be 'monday'"),
        ("friday:", "wednesday:", 4, "office.hours: Value error, wednesday stands twice"),
        ("country: GB", "country: XX", 7, "office.holidays.country: the package holidays knows no XX"),
        ("SCT", "BAVARIA", 7, "office.holidays.subdivision: the package holidays knows no BAVARIA"),
        ("[2026-12-24]", "[tomorrow]", 8, "office.closed.0: "),
        ("23: 09:00-10:00", "23: noon", 10, "office.exceptions.2026-12-23.0: Value error, 'noon' is no span"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(right: str, wrong: str, line: int, told: str) -> None:
    assert right in TEXT
    with pytest.raises(UsageError) as refused:
        read_document(Page, TEXT.replace(right, wrong, 1), "p.yaml")
    assert f"p.yaml:{line}: " in str(refused.value)
    assert told in str(refused.value)


def test_a_calendar_that_is_never_open_is_refused() -> None:
    for hours in ("{}", "{monday: []}"):
        with pytest.raises(UsageError, match="it is never open in all of 2026"):
            read_document(Page, f"office: {{zone: UTC, hours: {hours}}}", "p.yaml")


def test_a_span_ends_on_the_next_day_where_it_ends_no_later_than_it_starts() -> None:
    assert minutes_of("22:00-06:00") == (22 * 60, 30 * 60)
    assert minutes_of("00:00-24:00") == (0, 24 * 60)
    assert minutes_of("08:00-08:00") == (8 * 60, 32 * 60)
