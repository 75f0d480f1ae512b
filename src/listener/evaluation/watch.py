"""How often `listener watch` speaks in vain, and whether it speaks when it should, on made-up hours."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from listener.statistics.proportion import wilson
from listener.watch.findings import findings
from listener.watch.heard import HISTORY_DAYS, Heard, Hours, Ints

_CAUSES: Final = np.geomspace(0.1, 10, 20)
_SOURCES: Final = np.geomspace(2, 60, 6)
"""People, or mentions, an hour in the mean."""
_COMPLAIN: Final = 0.35
_DISPERSION: Final = 2.0
_ENDS: Final = datetime(2026, 3, 2, tzinfo=UTC)
_SPIKE_HOURS: Final = 4
_SPIKE: Final = 10.0


def evaluate_watch(histories: int, first_seed: int = 0) -> dict[str, Any]:
    """Of six weeks each: twenty causes and six sources with a daily wave, weekends, and dispersion 2.

    Returns:
        False alarms a week, of all causes and sources together, in histories in which nothing is unusual; and how
        often it is told that a cause which one person an hour raises is raised by ten times as many for four
        hours, or that a source at which 35 % complain has 70 % complaints in its last day.
    """
    spoken, by_sign = 0, dict[str, int]()
    told = {"spike": 0, "mood": 0}
    for seed in range(first_seed, first_seed + histories):
        generator = np.random.default_rng(seed)
        series = _usual(generator)
        for sign, _ in {(one.sign, one.subject) for one in findings(_heard(series))}:  # each told once a day
            spoken += 1
            by_sign[sign] = by_sign.get(sign, 0) + 1
        cause = series[int(np.argmin(np.abs(_CAUSES - 1)))]
        cause.parties[-_SPIKE_HOURS - 2 : -2] += generator.poisson((_SPIKE - 1) * 1.0, _SPIKE_HOURS)
        source = series[-2]
        source.complaints[-24:] = generator.binomial(source.said[-24:], 2 * _COMPLAIN)
        found = {(one.sign, one.subject) for one in findings(_heard([cause, source]))}
        told["spike"] += ("cause_spike", cause.subject) in found
        told["mood"] += ("source_mood", source.subject) in found
    return {
        "histories": histories,
        "false_alarms_per_week": round(spoken * 7 / histories, 2),
        "of_these": {sign: round(count * 7 / histories, 2) for sign, count in sorted(by_sign.items())},
        **{
            f"{what}_told": {"share": hits / histories, "low": share.low, "high": share.high}
            for what, hits in told.items()
            for share in (wilson(hits, histories),)
        },
    }


def _heard(series: list[Hours]) -> Heard:
    return Heard(_ENDS - timedelta(days=HISTORY_DAYS), HISTORY_DAYS * 24, tuple(series))


def _usual(generator: np.random.Generator) -> list[Hours]:
    hour = np.arange(HISTORY_DAYS * 24)
    wave = (1 + 0.6 * np.sin(2 * np.pi * (hour - 9) / 24)) * np.where(hour // 24 % 7 < 5, 1.1, 0.75)
    made = []
    for kind, levels in (("cause", _CAUSES), ("source", _SOURCES)):
        for number, level in enumerate(levels.tolist()):
            shape = level * wave / (_DISPERSION - 1)
            said: Ints = generator.poisson(generator.gamma(shape, level * wave / shape)).astype(np.int64)
            complaints = generator.binomial(said, _COMPLAIN).astype(np.int64)
            made.append(Hours(kind, f"{kind} {number}", said.copy(), said.copy(), complaints, said))  # type: ignore[arg-type]  # one of the kinds
    return made
