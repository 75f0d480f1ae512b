"""Reports that say what they are told, in the columns of the real ones."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from listener.console.charts import Week
from listener.console.period import Period
from listener.reports.answer import Answer
from listener.reports.curves import Curve

HEARD = (datetime(2025, 12, 1, 9, tzinfo=UTC), datetime(2026, 2, 28, 18, tzinfo=UTC))
NAMES = {"late": "Late or lost parcels", "billing": "Billing and charges", "app": "The app fails"}


def columns_of(name: str) -> tuple[str, ...]:
    """The columns of a real report."""
    module = importlib.import_module(f"listener.reports.{name.replace('-', '_')}")
    columns: tuple[str, ...] = module.COLUMNS
    return columns


def told(name: str, *rows: Mapping[str, Any], words: Sequence[str] = ()) -> Answer:
    """An answer of this report; a column that a row does not name is 1, or 0.5 where it is a share."""
    columns = columns_of(name)
    return Answer(
        columns,
        tuple(tuple(row.get(column, _usual(column)) for column in columns) for row in rows),
        tuple(words),
    )


def _usual(column: str) -> Any:
    stem = column.removesuffix("_low").removesuffix("_high")
    if (
        stem in {"share", "trend", "gini", "ratio", "drift", "difference", "private_attempts"}
        or "share" in stem
    ):
        return {True: 0.4, False: 0.5}[column.endswith("_low")] if not column.endswith("_high") else 0.6
    return 1


def between(name: str, estimate: float, low: float, high: float) -> dict[str, float]:
    """A figure with its interval."""
    return {name: estimate, f"{name}_low": low, f"{name}_high": high}


def company() -> dict[str, Answer]:
    """One answer of each report."""
    return {
        "root-causes": told(
            "root-causes",
            {
                "cause": "late",
                "owner": "logistics",
                "parties": 1234,
                "goodwill": "120.00 EUR",
                "mentions": 2000,
            }
            | between("share", 0.41, 0.38, 0.44)
            | between("trend", 1.4, 1.2, 1.7),
            {"cause": "billing", "owner": "finance", "parties": 310, "goodwill": ""}
            | between("share", 0.1, 0.09, 0.12)
            | between("trend", 1.0, 0.8, 1.2),
            {"cause": "app", "owner": "it", "parties": 40, "goodwill": "", "trend": None, "trend_low": None}
            | {"trend_high": None}
            | {"share": 0.01, "share_low": 0.005, "share_high": 0.02},
            {"cause": "unknown", "owner": "", "parties": 500, "goodwill": ""}
            | between("share", 0.16, 0.14, 0.18),
        ),
        "loudness": told(
            "loudness",
            {
                "cause": "late",
                "parties": 1234,
                "posts": 2500,
                "rank_by_parties": 1,
                "rank_by_posts": 2,
                "moved": 1,
            },
            {
                "cause": "app",
                "parties": 40,
                "posts": 9000,
                "rank_by_parties": 2,
                "rank_by_posts": 1,
                "moved": -1,
            },
            words=["The rankings agree little."],
        ),
        "channels": told(
            "channels",
            {"channel": "social", "visibility": "public", "cases": 200}
            | between("within_24h", 0.8, 0.7, 0.9),
            {"channel": "email", "visibility": "private", "cases": 300}
            | between("within_24h", 0.2, 0.1, 0.3),
            words=["Same cause and severity, in private +9.0 h longer."],
        ),
        "what-we-teach": told("what-we-teach", {"channel": "social"}, {"channel": "email"}),
        "black-holes": told(
            "black-holes",
            {"channel": "letter", "source": "post", "queue": "care", "owner": "", "oldest_open": HEARD[0]},
            {"channel": "email", "source": "imap", "queue": "care", "owner": "kim", "oldest_open": None},
        ),
        "deadlines": told(
            "deadlines",
            {
                "family": "promise",
                "jurisdiction": "",
                "kind": "response",
                "channel": "email",
                "source": "imap",
            }
            | {"met": 70, "breached": 30},
        ),
        "escalations": told("escalations", {"root_cause": "late", "parties_went_public": 12, "parties": 60}),
        "fairness": told(
            "fairness",
            {"attribute": "reach", "value": "10000 and more"} | between("difference", 0.12, 0.05, 0.2),
            {"attribute": "verified", "value": "no"} | between("difference", -0.01, -0.05, 0.02),
        ),
        "executives": told("executives", {"root_cause": "late", "owner": "logistics", "hours": 4.5}),
        "goodwill": told(
            "goodwill",
            {"currency": "EUR", "root_cause": "late", "visibility": "public", "total": 80.0},
            {"currency": "EUR", "root_cause": "late", "visibility": "private", "total": 20.0},
        ),
        "fixes": told(
            "fixes",
            {"fix_id": "f1", "root_cause": "late", "effective_at": datetime(2026, 1, 20, tzinfo=UTC)}
            | {"verdict": "reduced"}
            | between("ratio", 0.6, 0.45, 0.8),
            words=["late (f1): reduced."],
        ),
        "outcomes": told(
            "outcomes",
            {"kind": "csat"} | between("difference", 0.4, 0.1, 0.7),
            {"kind": "churn"} | between("difference", -0.02, -0.05, 0.01),
        ),
    }


@dataclass
class ToldReports:
    """Says what it is told; remembers what it was asked."""

    answers: dict[str, Answer] = field(default_factory=company)
    said: tuple[datetime, datetime] | None = HEARD
    asked: list[tuple[str, Period]] = field(default_factory=list)
    fails: Exception | None = None

    def heard(self) -> tuple[datetime, datetime] | None:
        """When something was said."""
        if self.fails:
            raise self.fails
        return self.said

    def answer(self, name: str, period: Period) -> Answer:
        """What it was told of this report."""
        self.asked.append((name, period))
        return self.answers.get(name, Answer(columns_of(name), ()))

    def weeks(self, period: Period) -> list[Week]:
        """Twelve weeks of three causes."""
        first = date(2025, 12, 1)
        return [
            Week(cause, first + timedelta(weeks=week), size + 9 * (week % 4))
            for cause, size in (("late", 90), ("billing", 25), ("app", 3))
            for week in range(12)
        ]

    def curves(self, period: Period) -> list[Curve]:
        """Two channels."""
        hours = (0.5, 1.0, 4.0, 24.0, 72.0, 168.0)
        return [
            Curve("social", "public", 200, hours, (0.2, 0.35, 0.6, 0.8, 0.86, 0.9)),
            Curve("email", "private", 300, hours, (0.0, 0.02, 0.08, 0.2, 0.5, 0.66)),
        ]

    def cause_names(self) -> Mapping[str, str]:
        """What people call the causes."""
        return NAMES
