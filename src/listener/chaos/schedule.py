"""When which fault strikes: decided by a seed, written to a file, and replayed from it."""

import random
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from listener.domain.errors import UsageError

Kind = Literal[
    "kill-worker",
    "kill-enriching",
    "kill-sink",
    "kill-broker",
    "kill-clickhouse",
    "kill-publisher",
    "kill-connector",
    "restart-broker",
    "pause-worker",
    "pause-between",
    "pause-sink",
    "pause-connector",
    "stop-clickhouse",
    "add-worker",
    "remove-worker",
    "cut-kafka",
    "slow-kafka",
    "cut-clickhouse",
    "slow-clickhouse",
    "cut-platforms",
    "fill-kafka-disk",
    "fill-clickhouse-disk",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
PROXIED: frozenset[Kind] = frozenset({"cut-kafka", "slow-kafka", "cut-clickhouse", "slow-clickhouse"})
"""They need a proxy between the installation and its servers."""
FILLING: frozenset[Kind] = frozenset({"fill-kafka-disk", "fill-clickhouse-disk"})
"""They need a file system of their own."""
WORKERS = 2
FIRST_SHARE, LAST_SHARE = 0.1, 0.95
"""Faults strike while records flow: in this part of the time that publishing takes."""
LASTING: dict[Kind, tuple[float, float]] = {
    "pause-worker": (8.0, 14.0),
    "pause-between": (8.0, 14.0),
    "pause-sink": (12.0, 18.0),
    "pause-connector": (12.0, 18.0),
    "stop-clickhouse": (15.0, 180.0),
    "add-worker": (8.0, 20.0),
    "remove-worker": (8.0, 20.0),
    "cut-kafka": (8.0, 16.0),
    "slow-kafka": (8.0, 20.0),
    "cut-clickhouse": (8.0, 20.0),
    "slow-clickhouse": (8.0, 20.0),
    "cut-platforms": (8.0, 20.0),
    "fill-kafka-disk": (8.0, 15.0),
    "fill-clickhouse-disk": (8.0, 15.0),
}
"""From and to how many seconds a fault lasts. A pause is longer than the victim's session timeout; connectors have
none, and theirs is longer than the broker may take for a request."""
LONGEST_SHARE = 0.25
"""So much of the campaign's time a fault lasts at most, if that is more than the shortest."""
SESSION_TIMEOUT_SECONDS = 6.0
"""Of the workers; the sink's is 10 s."""
SECONDS_BETWEEN = 12.0
"""About one fault in so many seconds, unless each kind is to strike once in less."""


class Fault(BaseModel):
    """One fault.

    Attributes:
        at_seconds: after publishing began.
        target: which of the workers, from 1; of no meaning for what there is only one of.
        lasts_seconds: 0 for what is over at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    at_seconds: float = Field(ge=0)
    target: int = Field(default=1, ge=1)
    lasts_seconds: float = Field(default=0.0, ge=0)

    @property
    def ends_seconds(self) -> float:
        """When it is over, after publishing began."""
        return self.at_seconds + self.lasts_seconds


class Schedule(BaseModel):
    """A whole campaign. Equal schedules publish equal records and strike at equal times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    mentions: int = Field(ge=1)
    minutes: float = Field(gt=0)
    """How long publishing takes."""
    faults: tuple[Fault, ...] = ()

    def save(self, path: Path) -> None:
        """Writes it as JSON."""
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def draw_schedule(
    seed: int, mentions: int, minutes: float, kinds: tuple[Kind, ...] = KINDS, count: int | None = None
) -> Schedule:
    """Faults at random points; each kind strikes once before any strikes again.

    Args:
        kinds: that may strike.
        count: of faults; by default one in about 12 seconds, but each kind at least once.
    """
    chance = random.Random(f"faults {seed}")  # noqa: S311  # to be repeated, not to be secret
    seconds = minutes * 60
    wanted = max(len(kinds), int(seconds / SECONDS_BETWEEN)) if count is None else count
    drawn: list[Kind] = []
    while kinds and len(drawn) < wanted:
        drawn.extend(chance.sample(kinds, len(kinds)))
    width = seconds * (LAST_SHARE - FIRST_SHARE) / max(1, wanted)
    faults = []
    for number, kind in enumerate(drawn[:wanted]):
        at = seconds * FIRST_SHARE + width * (number + chance.random())
        shortest, longest = LASTING.get(kind, (0.0, 0.0))
        longest = max(shortest, min(longest, LONGEST_SHARE * seconds))
        faults.append(
            Fault(
                kind=kind,
                at_seconds=round(at, 2),
                target=chance.randint(1, WORKERS),
                lasts_seconds=round(chance.uniform(shortest, longest), 2),
            )
        )
    return Schedule(seed=seed, mentions=mentions, minutes=minutes, faults=tuple(faults))


def read_schedule(path: Path) -> Schedule:
    """A schedule that was saved.

    Raises:
        UsageError: the file is missing, or is not a schedule.
    """
    try:
        return Schedule.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{path}: not a schedule of a campaign: {where}: {first['msg']}") from None
