"""What `fixes` says of planted effects, on the real engine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import pi, sin
from typing import Any

import pytest
from clickhouse_driver import Client

from listener.clickhouse.client import connect
from listener.reports.answer import Window
from listener.reports.fixes import fixes

pytestmark = pytest.mark.clickhouse

START = datetime(2023, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
LATE = 2
"""So many of five parties are heard later than on the same day."""
LATE_DAYS = 8
"""So much later."""
PEAK_DAYS = 14
"""So many days before a fix do not count."""

# A party says it once as a contact. Every third says it twice, by another account. The same words come as a copy,
# as talk and as spam of others, and the company says them, too.
MENTIONS = """
INSERT INTO mentions (mention_id, source, author, history_author, channel, visibility, direction, text,
    occurred_at, received_at, historical, need, needs_response, causes, cause_owners, cause_scores, party,
    epoch, version)
WITH
    {names} AS names,
    {parties} AS parties,
    intDiv(number, {cells}) AS who,
    number % {cells} AS cell,
    intDiv(cell, {days}) AS which,
    cell % {days} AS day,
    day >= {imported_from} AS imported,
    toDateTime64('{start}', 3, 'UTC') + INTERVAL day DAY + INTERVAL who % 20 HOUR AS at,
    multiIf(imported, at + INTERVAL 1 YEAR, who % 5 < {late}, at + INTERVAL {late_days} DAY, at + INTERVAL 1 HOUR)
        AS heard_at,
    if(names[which + 1] = '', [], [names[which + 1]]) AS found,
    concat('t:', toString(who), kind) AS account
SELECT
    concat('t:', toString(number), kind), 'test', account, account,
    'social', 'public', if(kind = 'own', 'outbound', 'inbound'), 'late again', at, heard_at, imported,
    multiIf(kind IN ('copy', 'spam', 'mention'), kind, 'complaint'), true, found, arrayMap(one -> 'owner', found),
    arrayMap(one -> 0.7, found),
    concat(if(kind IN ('', 'again'), 'c:', 'a:'), toString(who), if(kind IN ('', 'again'), '', kind)), 1, number
FROM numbers({count})
ARRAY JOIN ['', 'again', 'copy', 'spam', 'mention', 'own'] AS kind
WHERE who < parties[which + 1][day + 1] AND (kind != 'again' OR who % 3 = 0)
    AND (imported OR heard_at < toDateTime64('{start}', 3, 'UTC') + INTERVAL {listened} DAY)
"""
FIXES = "INSERT INTO fixes (fix_id, root_cause, effective_at, declared_by, declared_at, version) VALUES"

Row = dict[str, Any]
Making = Callable[[Mapping[str, Sequence[int]], int], "Company"]


class Company:
    """What was said to it, of which it has heard what came before a day."""

    def __init__(self, client: Client, parties: Mapping[str, Sequence[int]], listened: int) -> None:
        """Parties by cause and day; listened: until the end of so many days. '' is no known cause."""
        self._client, self._parties, self._listened = client, parties, listened

    def hear(self, *, imported_from: int | None = None) -> None:
        """Stores it; what was said from a day on is imported, and is there whenever it was said."""
        days = max(map(len, self._parties.values()))
        cells = days * len(self._parties)
        statement = MENTIONS.format(
            names=list(self._parties),
            parties=[list(daily) for daily in self._parties.values()],
            cells=cells,
            days=days,
            imported_from=days if imported_from is None else imported_from,
            start=f"{START:%Y-%m-%d}",
            late=LATE,
            late_days=LATE_DAYS,
            count=cells * max(max(daily) for daily in self._parties.values()),
            listened=self._listened,
        )
        self._client.execute(statement)

    def heard(self, cause: str, days: range) -> int:
        """Parties on each of these days, added up, without those whom it has not heard yet."""
        return sum(
            who % 5 >= LATE or day + LATE_DAYS < self._listened
            for day in days
            for who in range(self._parties[cause][day])
        )

    def fix(self, cause: str, day: int) -> None:
        """Declares a fix that takes effect in the afternoon of a day."""
        at = START + day * DAY + timedelta(hours=15)
        self._client.execute(FIXES, [(f"F-{cause}", cause, at, "ann", at, 1)])

    def found(self, days: int | None = None) -> dict[str, Row]:
        """The report's rows by cause; on so many days, or on all."""
        window = Window() if days is None else Window(until=START + days * DAY)
        told = fixes(self._client, window)
        rows = [dict(zip(told.columns, row, strict=True)) for row in told.rows]
        return {row["root_cause"]: row for row in rows}


def _of_season(day: int, size: float) -> int:
    """Parties on a day: thrice as many late as early, fewer on two days of the week, and some noise."""
    week_end = 0.6 if day % 7 > 4 else 1
    noise = day * 7919 % 13 / 6 - 1
    return round(size * week_end * (1 - sin(pi * (day / 140 + 0.5)) / 2) * (1 + noise / 8))


@pytest.fixture
def company(database: str) -> Iterator[Making]:
    client = connect(database)
    yield lambda parties, listened: Company(client, parties, listened)
    client.disconnect()


def test_planted_effects_are_found_beside_causes_with_the_same_season(
    company: Making,
) -> None:
    days = 140
    planted = {"parcels": (84, 0.4), "invoices": (77, 1.0), "returns": (91, 1.8)}
    said = {
        cause: [_of_season(day, 25 * (effect if day >= fix else 1)) for day in range(days)]
        for cause, (fix, effect) in planted.items()
    }
    for control, size in (("prices", 12), ("app", 18), ("staff", 9)):
        said[control] = [_of_season(day, size) for day in range(days)]
    # whatever it is about: it is no control
    said[""] = [_of_season(day, 40 if day < 84 else 4) for day in range(days)]
    shop = company(said, days)
    shop.hear()
    for cause, (fix, _) in planted.items():
        shop.fix(cause, fix)
    found = shop.found()
    verdicts = {cause: row["verdict"] for cause, row in found.items()}
    assert verdicts == {"parcels": "reduced", "invoices": "not shown", "returns": "worse"}
    for cause, (fix, effect) in planted.items():
        row = found[cause]
        assert row["ratio_low"] <= effect <= row["ratio_high"], row
        assert row["events_before"] == shop.heard(cause, range(fix - PEAK_DAYS))
        assert row["events_after"] == shop.heard(cause, range(fix, days))


FALL = [_of_season(day, 40 if day < 84 else 6) for day in range(140)]
"""What many raise until a fix, and few after it; as a control it would let everything else look worse."""
STEADY_BESIDE = {
    cause: [_of_season(day, size) for day in range(140)] for cause, size in (("invoices", 20), ("prices", 9))
}
"""A cause whose fix does nothing, and a control; both with the season only."""


def test_a_cause_that_has_a_fix_of_its_own_is_no_control_of_others(company: Making) -> None:
    shop = company(STEADY_BESIDE | {"parcels": FALL}, 140)
    shop.hear()
    shop.fix("invoices", 84)
    assert shop.found()["invoices"]["verdict"] == "worse", "parcels is a control still"
    shop.fix("parcels", 84)
    found = shop.found()
    assert {cause: row["verdict"] for cause, row in found.items()} == {
        "invoices": "not shown",
        "parcels": "reduced",
    }
    assert found["invoices"]["ratio"] == pytest.approx(1, abs=0.1)
    assert found["parcels"]["ratio"] == pytest.approx(6 / 40, abs=0.05)


def test_contacts_of_no_known_cause_are_no_control(company: Making) -> None:
    shop = company(STEADY_BESIDE | {"": FALL}, 140)
    shop.hear()
    shop.fix("invoices", 84)
    row = shop.found()["invoices"]
    assert (row["verdict"], row["ratio"]) == ("not shown", pytest.approx(1, abs=0.1))


YEARS, FIXED = 763, 756
"""Days: two years and more, with which a cause is judged without controls, and a week after the fix."""
STEADY = [30 if day % 8 == 0 else 15 for day in range(YEARS + 90)]
"""Parties on each of these days and longer; of 15 two fifths are late, and of those who say it twice as well."""


@pytest.mark.parametrize("listened_on", [0, 3, 90])
def test_only_what_may_still_be_heard_of_a_window_is_made_up_for(company: Making, listened_on: int) -> None:
    listened = YEARS + listened_on
    shop = company({"parcels": STEADY[:listened]}, listened)
    shop.hear()
    shop.fix("parcels", FIXED)
    row = shop.found(YEARS)["parcels"]
    assert row["events_after"] == shop.heard("parcels", range(FIXED, YEARS))
    assert (row["verdict"], row["ratio"]) == ("not shown", pytest.approx(1, abs=0.03))


def test_for_what_is_imported_after_listening_nothing_is_made_up(company: Making) -> None:
    shop = company({"parcels": STEADY[:YEARS]}, FIXED)
    shop.hear(imported_from=FIXED)
    shop.fix("parcels", FIXED)
    row = shop.found()["parcels"]
    assert row["events_after"] == sum(STEADY[FIXED:YEARS])
    assert (row["verdict"], row["ratio"]) == ("not shown", pytest.approx(1, abs=0.03))
