"""The simulated company as the rest of the product uses it: its history, and how it goes on live."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from listener.domain.contract import floor_to_milliseconds
from listener.domain.customer import Customer
from listener.domain.errors import UsageError
from listener.domain.governance import Fix
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.response import Outcome, Response
from listener.domain.topics import BACKFILL, CUSTOMERS, FIXES, OUTCOMES, RAW, RESPONSES, Topic
from listener.simulator.company import DAY_MS
from listener.simulator.matter import Value
from listener.simulator.settings import SimulationSettings
from listener.simulator.truth import DayTruth, MatterTruth, MentionTruth
from listener.simulator.voices import milliseconds, moment
from listener.simulator.world import Truth, World

EVENTS_PER_MINUTE = 12.0
MEASURED_DAYS = 7
"""The usual rate of a world is measured over so many days at the end of its history."""
_TIMES = (
    "occurred_at",
    "received_at",
    "edited_at",
    "deleted_at",
    "updated_at",
    "declared_at",
    "effective_at",
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a moment: a value for a topic."""

    at: datetime
    """When a connector hears it: `received_at` where the value has one."""
    value: Value

    @property
    def topic(self) -> Topic:
        """Where it belongs; historical mentions on the topic for backfilling."""
        match self.value:
            case Mention() | MentionDeleted():
                return BACKFILL if self.value.historical else RAW
            case Response():
                return RESPONSES
            case Customer():
                return CUSTOMERS
            case Outcome():
                return OUTCOMES
            case Fix():
                return FIXES

    @property
    def key(self) -> str:
        """The record's key on that topic."""
        match self.value:
            case Mention() | MentionDeleted():
                return self.value.key
            case Response():
                return self.value.author
            case Customer() | Outcome():
                return self.value.customer_id
            case Fix():
                return self.value.fix_id


@dataclass(frozen=True, slots=True)
class TruthKnown:
    """A truth that no longer changes, or the truth at the end of the history."""

    at: datetime
    value: Truth


def simulate(settings: SimulationSettings) -> Iterator[Event | TruthKnown]:
    """The whole history with its truth, in order of time; the truth about what is unfinished comes last.

    Every inbound mention has exactly one `MentionTruth`, every matter one `MatterTruth`.
    """
    world = World(settings)
    end = milliseconds(settings.ends_at)
    for at, value in world.run(end):
        if isinstance(value, MentionTruth | MatterTruth | DayTruth):
            yield TruthKnown(moment(at), value)
        else:
            yield Event(moment(at), _marked(value, at, settings))
    for truth in world.truth_at(end):
        yield TruthKnown(settings.ends_at, truth)


class SimulatedCompany:
    """A company whose history is laid first and which then goes on.

    Args:
        settings: of the history; a company with equal settings has an equal history and an equal future.
    """

    def __init__(self, settings: SimulationSettings) -> None:
        self.settings = settings
        self._reached: tuple[World, float] | None = None

    def history(self) -> Iterator[Event]:
        """Everything up to `settings.ends_at`, customer records first, in order of time."""
        world = World(self.settings)
        end = milliseconds(self.settings.ends_at)
        measured_days = min(MEASURED_DAYS, self.settings.days)
        recent = 0
        for at, value in world.run(end):
            if isinstance(value, MentionTruth | MatterTruth | DayTruth):
                continue
            recent += isinstance(value, Mention) and at > end - measured_days * DAY_MS
            yield Event(moment(at), _marked(value, at, self.settings))
        self._reached = world, max(1, recent) / (measured_days * 24 * 60)

    def live(
        self,
        now: datetime,
        *,
        events_per_minute: float = EVENTS_PER_MINUTE,
        speed_up: float | None = None,
        since: datetime | None = None,
    ) -> Iterator[Event]:
        """What happens from `now` on, without end, each to be published when its time `at` has come.

        The world goes on where its history ended; its time runs `speed_up` times as fast, so that answers and
        further contacts come sooner by that factor.

        Args:
            now: the moment that stands for the end of the history. With the same moment the same events come again
                (same ids, same times), so that a restarted program can go on where it stopped.
            events_per_minute: mentions wanted per minute, on average; decides the speed where
                `speed_up` is not given.
            speed_up: 1 lets the world run at its own pace.
            since: leaves out what came before.

        Raises:
            UsageError: a rate that is not above zero, or a time without zone.
        """
        if now.tzinfo is None or (since is not None and since.tzinfo is None):
            raise UsageError("a live simulation needs times with their zone")
        if (speed_up if speed_up is not None else events_per_minute) <= 0:
            raise UsageError("speed and events per minute must be above zero")
        return self._live(floor_to_milliseconds(now), events_per_minute, speed_up, since)

    def _live(
        self, now: datetime, events_per_minute: float, speed_up: float | None, since: datetime | None
    ) -> Iterator[Event]:
        if self._reached is None:
            for _ in self.history():
                pass
        if self._reached is None:
            raise AssertionError("the history ends without saying so")
        (world, usual_rate), self._reached = self._reached, None
        speed = speed_up if speed_up is not None else events_per_minute / usual_rate
        pace = _Pace(self.settings.ends_at, now, speed)
        until = milliseconds(self.settings.ends_at)
        while True:
            until += DAY_MS // 24
            for at, value in world.run(until):
                if isinstance(value, MentionTruth | MatterTruth | DayTruth):
                    continue
                event = Event(pace.wall(moment(at)), pace.moved(value))
                if since is None or event.at >= since:
                    yield event


@dataclass(frozen=True)
class _Pace:
    """Turns times of the world after `end` into times after `now`, `speed` times as fast."""

    end: datetime
    now: datetime
    speed: float

    def wall(self, at: datetime) -> datetime:
        return floor_to_milliseconds(
            self.now + timedelta(seconds=(at - self.end).total_seconds() / self.speed)
        )

    def moved(self, value: Value) -> Value:
        """The same value with its times moved; what was said before the end keeps its time."""
        update: dict[str, Any] = {}
        for name in _TIMES:
            at = getattr(value, name, None)
            if at is not None and at > self.end:
                update[name] = self.wall(at)
        if isinstance(value, Mention) and "edited_at" in update:
            update["revision"] = milliseconds(update["edited_at"])
        return value.model_copy(update=update)


def _marked(value: Value, at: int, settings: SimulationSettings) -> Value:
    before = settings.historical_before
    if (
        before is None
        or at >= milliseconds(before)
        or not isinstance(value, Mention | MentionDeleted | Response)
    ):
        return value
    return value.model_copy(update={"historical": True})
