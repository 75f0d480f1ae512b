"""One simulated company for all tests that compare what the reports tell of it with what is true."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures_database import with_database
from listener.clickhouse.client import connect
from listener.clickhouse.migrate import migrate
from listener.reports.answer import Window
from stored_company import make_company, store_company, with_one_loud_account
from told_company import EVER, TWO_WEEKS, Company
from true_cases import party_of, true_cases


@pytest.fixture(scope="session")
def company(clickhouse_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Large enough that somebody's first contact is deleted, somebody writes to the executives first, and a few
    have several accounts with a reach."""
    directory: Path = tmp_path_factory.mktemp("company")
    world = with_one_loud_account(make_company(directory, customers=1000, days=60, seed=7))
    asked = [case for case in true_cases(world) if case.asking]
    url = with_database(clickhouse_server.url, "company")
    migrate(url)
    store_company(url, directory, world, truly=True)
    client = connect(url)
    yield Company(world, party_of(world), asked, client)
    client.execute("DROP DATABASE company")
    client.disconnect()


@pytest.fixture(params=[EVER, TWO_WEEKS], ids=["ever", "two weeks"])
def window(request: pytest.FixtureRequest) -> Window:
    """All that was ever heard of the company, and a part of it."""
    found: Window = request.param
    return found
