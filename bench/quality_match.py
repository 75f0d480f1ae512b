"""How right customers are found, as a row of `bench.quality` and a part of its page."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from listener.cli.evaluate_match import command

FEBRL = ("febrl_dataset1", "febrl_dataset2", "febrl_dataset3")
FAKE = "fake_1000"
SPLITS = 10
MOST = 0.0001
"""Share of strangers who may be linked."""
Row = Mapping[str, Any]


def match(data: Path, advance: Callable[[float], None]) -> dict[str, Any]:
    """Each set alone; strangers among the people of all FEBRL sets, half of whom are left out, ten times over."""
    files = {name: str(data / "record_linkage" / f"{name}.csv") for name in (*FEBRL, FAKE)}
    made: dict[str, Any] = {}
    for name in FEBRL:
        made[name] = _evaluated("--data", files[name])
        advance(0.1)
    made[FAKE] = _evaluated("--data", files[FAKE], "--id", "unique_id", "--person", "cluster")
    advance(0.1)
    together = [word for name in FEBRL for word in ("--data", files[name])]
    made["strangers"] = _evaluated(*together, "--splits", str(SPLITS))
    advance(0.6)
    return made


def _evaluated(*words: str) -> Any:
    return json.loads(CliRunner().invoke(command, words, catch_exceptions=False).stdout)


_WORDS = f"""## Customers found

Weights are estimated from the records alone, without their labels. FEBRL: the originals are customers, the
duplicates authors who are looked up in the index of the stream. fake_1000: the table is put together by mean
weight. Strangers: half of the people of all FEBRL sets are no customers, and all their records are looked up;
{SPLITS} halves, so that each person is met several times, among other customers each time. In brackets 95 %
intervals (Wilson); of strangers the upper bound from one side (Clopper and Pearson).

| data | measure | figure | of | must |
| --- | --- | --- | --- | --- |
"""


def match_part(row: Row) -> str:
    """The part of the page."""
    return _WORDS + "".join(f"| {' | '.join(cells)} |\n" for cells in _rows(row))


def _rows(row: Row) -> Iterator[tuple[str, ...]]:
    musts = dict.fromkeys(FEBRL, ("closed", 0.999, 0.99)) | {FAKE: ("clusters", 0.99, 0.95)}
    for name, (way, precise, complete) in musts.items():
        for measure, must in (("precision", precise), ("recall", complete)):
            figure = row[name][way][measure]
            low, high = figure["interval"]
            told = f"{figure['value']:.4f} ({low:.4f} to {high:.4f})"
            yield name, measure, told, f"{figure['of']:,}", _met(must, reached=figure["value"] >= must)
    absent = row["strangers"]["open"]["false_links_of_absent"]
    told = f"{absent['hits']} (at most {absent['at_most']:.6f})"
    yield (
        "strangers",
        "falsely linked",
        told,
        f"{absent['of']:,}",
        _met(MOST, reached=absent["at_most"] <= MOST),
    )


def _met(must: float, *, reached: bool) -> str:
    return f"{must:g}: {'met' if reached else 'missed'}"
