"""The console of a whole installation with the simulated company, one for all files here; it may be changed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from console_visits import Served, Visits, company_console


@pytest.fixture(scope="package")
def served(kafka_installed: None) -> Iterator[Served]:
    """`listener up --simulate`, once all that the company said was stored."""
    with company_console() as served:
        yield served


@pytest.fixture
def visits(chromium: Browser, served: Served) -> Iterator[Visits]:
    """Signed-in browsers, none of which may complain."""
    visits = Visits(chromium, served, [], [])
    yield visits
    for context in visits.opened:
        context.close()
    assert visits.complaints == []
