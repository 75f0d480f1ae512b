"""Until when it was listened: the newest contact or answer, told in any order, on the real engine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from clickhouse_driver import Client

from listener.clickhouse.client import connect
from listener.clickhouse.migrate import shipped_migrations
from stored_log import Log, store

pytestmark = pytest.mark.clickhouse

DAY = datetime(2025, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIVE, HISTORICAL = DAY + 9 * HOUR, DAY + 3 * HOUR


class Heard:
    """A database, and what was told to it."""

    def __init__(self, url: str) -> None:
        self.client: Client = connect(url)
        self._url, self._log, self._count = url, Log(), 0

    def contact(self, hours: float, later: float = 1, *, historical: bool = False) -> None:
        self._count += 1
        at = DAY + hours * HOUR
        self._log.mention(self._count, "t:a", at=at, received_at=at + later * HOUR, historical=historical)

    def answer(self, hours: float, later: float = 1, *, historical: bool = False) -> None:
        self._count += 1
        at = DAY + hours * HOUR
        told = {"occurred_at": at, "received_at": at + later * HOUR, "historical": historical}
        self._log.response(self._count, "t:a", **told)

    def stored(self) -> tuple[datetime, datetime]:
        """Stores what was told, and asks."""
        store(self._url, self._log.records, batch=1)
        return self.until()

    def until(self) -> tuple[datetime, datetime]:
        """Live, and to imported history."""
        [found] = self.client.execute("SELECT live_until, historical_until FROM observed")
        return found[0].astimezone(UTC), found[1].astimezone(UTC)


@pytest.fixture
def heard(database: str) -> Iterator[Heard]:
    made = Heard(database)
    yield made
    made.client.disconnect()


def test_the_newest_counts_however_late_the_older_come(heard: Heard) -> None:
    heard.contact(5)
    heard.contact(1)
    heard.contact(3, 90, historical=True)
    assert heard.stored() == (DAY + 6 * HOUR, HISTORICAL)
    heard.answer(8)
    heard.answer(2, 90, historical=True)
    assert heard.stored() == (LIVE, HISTORICAL)


def test_what_was_stored_before_is_filled_in_and_twice_is_once(heard: Heard) -> None:
    heard.contact(3, 90, historical=True)
    heard.contact(1)
    heard.answer(8)
    assert heard.stored() == (LIVE, HISTORICAL)
    heard.client.execute("TRUNCATE TABLE heard_until")
    [filling] = [one for one in shipped_migrations() if one.name == "heard_until"]
    for _ in range(2):
        for statement in filling.statements:
            heard.client.execute(statement)
        assert heard.until() == (LIVE, HISTORICAL)
        heard.client.execute("OPTIMIZE TABLE heard_until FINAL")
        assert heard.until() == (LIVE, HISTORICAL)


def test_nobody_has_listened_longer_than_until_now(heard: Heard) -> None:
    years = 24 * 365 * 60
    heard.contact(years)
    heard.contact(years, historical=True)
    now = datetime.now(UTC)
    assert all(abs(until - now) < timedelta(minutes=1) for until in heard.stored())


def test_a_wrong_year_in_an_import_makes_it_no_longer_than_until_it_was_imported(heard: Heard) -> None:
    heard.contact(3, 90, historical=True)
    decade = 24 * 3650
    heard.contact(decade, 10 - decade, historical=True)
    heard.answer(decade, 9 - decade, historical=True)
    assert heard.stored()[1] == DAY + 10 * HOUR
