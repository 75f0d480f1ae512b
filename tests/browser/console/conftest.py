"""The console of a whole installation with the simulated company, one for all files here; it may be changed."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from console_visits import ADDRESS, COMPANY, Served, Visits
from listener.chaos.installation import Installation


@pytest.fixture(scope="package")
def served(kafka_installed: None) -> Iterator[Served]:
    """`listener up --simulate`, once all that the company said was stored."""
    directory = Path(tempfile.mkdtemp(prefix="listener-console-"))
    up = Installation(directory / "data", *COMPANY)
    try:
        up.start()
        up.wait_idle()
        found = ADDRESS.search(up.log.read_text())
        assert found is not None, up.said()
        yield Served(up, found[1], found[2])
    finally:
        up.end()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def visits(chromium: Browser, served: Served) -> Iterator[Visits]:
    """Signed-in browsers, none of which may complain."""
    visits = Visits(chromium, served, [], [])
    yield visits
    for context in visits.opened:
        context.close()
    assert visits.complaints == []
