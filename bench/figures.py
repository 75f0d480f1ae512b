"""Numbers out of measurements: rates, shares of CPU time, percentiles, ratios. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

BURST_MS = 20
"""What is stored so soon after the first output is the batch that was in hand when the clock started."""


class Sample(NamedTuple):
    """A process at a moment: CPU seconds so far, all threads together."""

    at: float
    cpu_seconds: float


class Window(NamedTuple):
    """What is measured: from a moment (seconds since 1970) to another, and how many mentions in between."""

    begins: float
    ends: float
    mentions: int

    @property
    def rate(self) -> float:
        """Mentions a second."""
        return self.mentions / (self.ends - self.begins)


def window(stored_ms: Sequence[int], last_ms: int | None = None) -> Window:
    """From the first outputs to the last one.

    The outputs that came at once with the first were worked on before it; neither they nor that time count.

    Args:
        stored_ms: when the broker stored the output of each mention, in any order.
        last_ms: the last output of a later stage that has to follow; that of `stored_ms` where None.

    Raises:
        ValueError: everything came at once, so that there is no time to measure.
    """
    ordered = sorted(stored_ms)
    burst = [at for at in ordered if at <= ordered[0] + BURST_MS]
    ends = ordered[-1] if last_ms is None else last_ms
    if len(burst) == len(ordered) or ends <= burst[-1]:
        raise ValueError("all outputs came at once: take more mentions")
    return Window(burst[-1] / 1000, ends / 1000, len(ordered) - len(burst))


def cpu_at(samples: Sequence[Sample], at: float) -> float:
    """CPU seconds of a process at a moment, between two samples in proportion.

    Raises:
        ValueError: there are no samples.
    """
    if not samples:
        raise ValueError("no samples of this process")
    before = max((s for s in samples if s.at <= at), key=lambda s: s.at, default=samples[0])
    after = min((s for s in samples if s.at >= at), key=lambda s: s.at, default=samples[-1])
    if after.at <= before.at:
        return before.cpu_seconds
    share = (at - before.at) / (after.at - before.at)
    return before.cpu_seconds + share * (after.cpu_seconds - before.cpu_seconds)


def cpu_per_thousand(processes: Sequence[Sequence[Sample]], measured: Window) -> float:
    """CPU seconds that all processes together spent on 1,000 mentions."""
    spent = sum(cpu_at(s, measured.ends) - cpu_at(s, measured.begins) for s in processes)
    return spent / measured.mentions * 1000


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each figure over the runs that have it."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: median(run[name] for run in runs if name in run) for name in names}


def ratio(value: float, reference: float | None) -> float | None:
    """How many times the reference; None where there is none."""
    return value / reference if reference else None


def rounded(value: float) -> str:
    """Three digits that count, with commas between thousands."""
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(0, digits)}f}"


@dataclass(frozen=True, slots=True)
class Shown:
    """When a case first showed a mention.

    Attributes:
        delay_ms: since it was published.
        held: whether the case had been published so lately that the policy holds its next snapshot back.
    """

    delay_ms: float
    held: bool


def first_shown(
    published: Mapping[str, float],
    snapshots: Iterable[tuple[float, bytes, Sequence[str]]],
    hold_ms: float,
) -> Iterator[Shown]:
    """Each mention that a case ever showed.

    Args:
        published: mention id to the moment, in milliseconds since 1970.
        snapshots: moment, case and the mentions that it shows, in the order of time.
        hold_ms: so long after a snapshot of a case the next one may be held back.
    """
    seen: set[str] = set()
    before: dict[bytes, float] = {}
    for at, case, names in snapshots:
        last = before.get(case)
        before[case] = at
        for name in names:
            if name in published and name not in seen:
                seen.add(name)
                held = last is not None and last > published[name] - hold_ms
                yield Shown(at - published[name], held)


def new_ones(ids: Sequence[str], begin: int, end: int) -> list[str]:
    """Those of this part that were not published before: a repeat or an edit is shown already."""
    before = set(ids[:begin])
    return [name for name in dict.fromkeys(ids[begin:end]) if name not in before]
