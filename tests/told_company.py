"""A simulated company of which the reports tell, beside what is true of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from clickhouse_driver import Client

from listener.evaluation.triage import World
from listener.reports.answer import Window
from listener.reports.reports import report
from listener.simulator.truth import MatterTruth
from true_cases import TrueCase

Row = dict[str, Any]
EVER = Window()
TWO_WEEKS = Window(datetime(2025, 12, 8, tzinfo=UTC), datetime(2025, 12, 22, tzinfo=UTC))
"""Of the last of the company's two months."""


class Company(NamedTuple):
    """A company, and a database in which it stands with the truth in place of enrichment and matching.

    Attributes:
        parties: whose each account is taken to be.
        cases: as they should be, each with at least one contact that asks.
    """

    world: World
    parties: dict[str, str]
    cases: Sequence[TrueCase]
    client: Client

    def report(self, name: str, window: Window = EVER) -> list[Row]:
        """The rows of a report."""
        answer = report(name)(self.client, window)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    def asked(self, window: Window) -> list[TrueCase]:
        """The cases whose first contact that asks was made in a window."""
        return [case for case in self.cases if window.since <= case.opening.at < window.until]

    def opened(self, window: Window) -> list[TrueCase]:
        """The cases whose first contact was made in a window."""
        return [case for case in self.cases if window.since <= case.contacts[0].at < window.until]

    def stored_cases(self) -> list[Row]:
        """As they stand in the database, those in which nobody asks too."""
        rows, columns = self.client.execute(
            "SELECT * FROM current_cases WHERE state != 'superseded'", with_column_types=True
        )
        return [dict(zip([name for name, _ in columns], row, strict=True)) for row in rows]

    def matters(self) -> list[tuple[MatterTruth, TrueCase]]:
        """Matters whose contacts are those of one case, with that case as it should be."""
        by_contacts = {case.names: case for case in self.cases}
        return [
            (matter, by_contacts[frozenset(matter.contacts)])
            for matter in self.world.matters
            if frozenset(matter.contacts) in by_contacts
        ]
