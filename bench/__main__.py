"""The command line of the benchmark."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import results
from bench.options import Options
from bench.world import Texts

SECTIONS: dict[str, tuple[str, str]] = {
    "stage1": ("stages", "mentions.raw to mentions.enriched, with the product's enrichment"),
    "stage1-none": ("stages", "the same without enrichment"),
    "triage": ("stages", "mentions.raw to triage, both stages"),
    "latency": ("latency", "publish to triage at half of the rate measured by `triage`"),
    "sink": ("sink", "the ClickHouse sink beside a bare columnar insert"),
    "import": ("importing", "`listener import` beside a bare producer"),
    "functions": ("functions", "the pure functions, step by step"),
    "chain": (
        "chain",
        "the whole chain on one core, by rules and by trained models, 100,000 customers loaded",
    ),
    "matcher": ("matcher", "memory and time of the customer index"),
    "parties": ("parties", "rate and recovery with many parties"),
    "timers": ("timers", "memory and time of the timers of many parties"),
}
"""Section to the module that measures it, and what it is."""
QUICK = Options(quick=True, mentions=3000, repeat=1, parties=(2000,), customers=(5000,), seconds=5.0)


def main() -> None:
    """Runs sections, one after the other, and renders what is known."""
    listed = "\n".join(f"  {name:<12} {what}" for name, (_, what) in SECTIONS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures the product beside others that do the same work. Writes bench/results/SECTION.json, "
        "bench/RESULTS.md and bench/RESULTS.svg.",
        epilog=f"sections:\n{listed}\n  all          everything, one after the other\n"
        "  report       only renders what was measured before",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sections", nargs="+", choices=[*SECTIONS, "all", "report"], metavar="SECTION")
    parser.add_argument("--quick", action="store_true", help="a smoke run; nothing is written")
    parser.add_argument("--mentions", type=int, help="how many are published")
    parser.add_argument("--repeat", type=int, help="how often each contender runs")
    parser.add_argument("--seconds", type=float, help="how long latency is measured")
    parser.add_argument(
        "--only", action="append", default=[], metavar="PART_OF_NAME", help="these contenders only"
    )
    parser.add_argument("--parties", type=int, action="append", help="how many parties; may be given again")
    parser.add_argument(
        "--customers", type=int, action="append", help="how many customers; may be given again"
    )
    parser.add_argument(
        "--file", type=Path, help="CSV file whose texts are used instead of the simulated ones"
    )
    parser.add_argument("--column", default="text", help="its column with the texts")
    given = parser.parse_args()
    # as with Ctrl-C: what was started is ended, and nothing goes on alone
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    options = _options(given)
    chosen = [*SECTIONS] if "all" in given.sections else [s for s in given.sections if s in SECTIONS]
    load_before = os.getloadavg()[0]  # once: the load that a section leaves is not somebody else's
    for section in chosen:
        measure: Callable[[str, Options], dict[str, Any]] = import_module(
            f"bench.sections.{SECTIONS[section][0]}"
        ).measure
        data = measure(section, options)
        if given.quick:
            print(section, data, flush=True)
        else:
            results.save(section, data, sys.argv[1:], load_before)
    if not given.quick:
        from bench.report import render  # the sections measure processes that never need it

        render(results.load(), results.HERE)


def _options(given: argparse.Namespace) -> Options:
    wanted = {
        name: value
        for name in ("mentions", "repeat", "seconds", "parties", "customers")
        if (value := getattr(given, name)) is not None
    }
    base = QUICK if given.quick else Options()
    texts = Texts(given.file, given.column) if given.file else None
    return Options(**{**base.__dict__, **wanted, "only": given.only, "texts": texts})


if __name__ == "__main__":
    main()
