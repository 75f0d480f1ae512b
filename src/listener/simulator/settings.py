"""What a simulated world is made from."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.domain.contract import floor_to_milliseconds
from listener.domain.errors import UsageError

MAX_CUSTOMERS = 5_000_000
MAX_DAYS = 3_650


@dataclass(frozen=True)
class SimulationSettings:
    """Equal settings make an equal world, byte for byte.

    Attributes:
        customers: customers in the company's database.
        days: length of the history, in days of 24 hours.
        seed: any integer.
        ends_at: end of the history (its beginning is `days` earlier); needs a zone.
        activity: factor on how often anybody says anything.
        without_keyword: share (0..1) of complaints worded without any word that names their cause.
        wrong_cause: share (0..1) of complaints that mention another cause in passing.
        typos: factor on the rate of typing errors.
        historical_before: what is heard before this moment is marked as historical; None marks nothing.

    Raises:
        UsageError: a figure is out of range, or `ends_at` has no zone.
    """

    customers: int
    days: int
    seed: int
    ends_at: datetime
    activity: float = 1.0
    without_keyword: float = 0.13
    wrong_cause: float = 0.12
    typos: float = 1.0
    historical_before: datetime | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.customers <= MAX_CUSTOMERS:
            raise UsageError(f"customers: from 1 to {MAX_CUSTOMERS:,}, not {self.customers}")
        if not 1 <= self.days <= MAX_DAYS:
            raise UsageError(f"days: from 1 to {MAX_DAYS:,}, not {self.days}")
        for name in ("without_keyword", "wrong_cause"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name}: a share from 0 to 1, not {getattr(self, name)}")
        for name in ("activity", "typos"):
            if not 0 <= getattr(self, name) <= 1000:
                raise UsageError(f"{name}: a factor from 0 to 1000, not {getattr(self, name)}")
        for name in ("ends_at", "historical_before"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise UsageError(f"{name}: a time with its zone, such as 2026-03-01T00:00:00Z")
        object.__setattr__(self, "ends_at", floor_to_milliseconds(self.ends_at))

    @property
    def starts_at(self) -> datetime:
        """Beginning of the history."""
        return self.ends_at - timedelta(days=self.days)
