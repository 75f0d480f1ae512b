"""Results as a page for people: bench/RESULTS.md with tables and targets, bench/RESULTS.svg as a picture."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from bench.figures import ratio, rounded

Results = Mapping[str, Mapping[str, Any]]
Bar = tuple[str, float]

STAGES = {
    "stage1": "Stage 1: `mentions.raw` to `mentions.enriched`, with the product's enrichment",
    "stage1-none": "Stage 1 without enrichment",
    "triage": "Both stages: `mentions.raw` to `triage`",
}
WORKER = "listener, 1 worker"
QUIET_LOAD = 0.7
"""With more than that, somebody else used the machine in the minute before."""
BUSY = (
    "**The machine was busy with other things** (load {} in the minute before): contenders that ran in turn can "
    "be compared roughly, the figures themselves say little."
)
NOT_MEASURED = "not measured"


def render(results: Results, directory: Path) -> None:
    """Writes both files."""
    (directory / "RESULTS.md").write_text(page(results), encoding="utf-8")
    (directory / "RESULTS.svg").write_text(picture(results), encoding="utf-8")


def page(results: Results) -> str:
    """The whole page; a section that was not measured says so."""
    parts = [
        "# Benchmark results",
        "Made by `make bench`; do not edit. What is measured, and how, says each file in `bench/sections/`.",
        "![mentions a second, by contender](RESULTS.svg)",
        "## Targets",
        table(("what", "must", "aim", "measured"), targets(results)),
        *_busy_sections(results),
    ]
    for section, title in STAGES.items():
        parts += [f"## {title}", *_section(results.get(section), _stage)]
    for section, title, body in (
        ("latency", "Latency: publish to the first case that shows it, at half of the rate above", _latency),
        ("sink", "The ClickHouse sink beside a bare columnar insert of the same rows", _sink),
        ("import", "`listener import` beside a bare kafka-python producer of the same records", _import),
        ("functions", "The pure functions, microseconds for a mention", _functions),
        ("chain", "The whole chain on one core, without Kafka", _chain),
        ("matcher", "The customer index of a worker", _matcher),
        ("parties", "Rate and recovery with many parties", _parties),
        ("timers", "Timers of many parties in one worker", _timers),
        ("reports", "Reports on many mentions", _reports),
    ):
        parts += [f"## {title}", *_section(results.get(section), body)]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first are aligned to the right."""
    lines = [_row(head), _row(["---", *["---:"] * (len(head) - 1)])]
    return "\n".join([*lines, *map(_row, rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def targets(results: Results) -> list[tuple[str, str, str, str]]:
    """What is to be reached (DESIGN.md section 10), and what was."""

    def against(section: str, reference: str, one: str = WORKER) -> str:
        rates = _rates(results.get(section))
        if one not in rates or reference not in rates:
            return NOT_MEASURED
        return f"{rates[one] / rates[reference]:.2f}"

    return [
        ("stage 1, times the confluent-kafka loop without state", "0.65", "0.9", against("stage1", LOOP)),
        ("the same without enrichment", "0.35", "0.65", against("stage1-none", LOOP)),
        ("stage 1, times Quix Streams with the same state", "above 1", "", against("stage1", QUIX)),
        ("stage 1, times a one-at-a-time Faust agent", "3", "5", against("stage1", FAUST)),
        ("both stages, times the confluent-kafka loop with both", "0.6", "1.0", against("triage", BOTH)),
        (
            "latency at half of the rate, p99, median of turns",
            "500 ms",
            "150 ms",
            _p99(results.get("latency")),
        ),
        (
            "ClickHouse sink, times a bare columnar insert into the same tables",
            "0.8",
            "",
            _sink_ratio(results.get("sink")),
        ),
        *(
            (
                f"enriched and matched by {what}, mentions/s of one core",
                must,
                aim,
                _chained(results.get("chain"), what),
            )
            for what, must, aim in (("rules alone", "2,000", "3,000"), ("fast models", "600", "1,200"))
        ),
        *(
            (f"1 million customers, {what}", must, "", _million(results.get("matcher"), figure, unit))
            for what, must, figure, unit in (
                ("memory of the whole process", "500 MiB", "process_mib", (1, "MiB")),
                ("exact keys, p99", "1 ms", "exact_known_p99_microseconds", (1000, "ms")),
                ("weighed, p99", "5 ms", "weighed_known_p99_microseconds", (1000, "ms")),
                ("weighed, of strangers, p99", "5 ms", "weighed_unknown_p99_microseconds", (1000, "ms")),
            )
        ),
        *(
            (
                f"the slowest report on {mentions:,} mentions",
                must,
                aim,
                _slowest(results.get("reports"), mentions),
            )
            for mentions, must, aim in ((10_000_000, "1 s", ""), (100_000_000, "", "1 s"))
        ),
    ]


def _busy_sections(results: Results) -> list[str]:
    busy = [name for name, result in results.items() if result["load_before"] > QUIET_LOAD]
    return [f"Measured on a busy machine, so to be measured again: {', '.join(busy)}."] if busy else []


LOOP = "confluent-kafka loop, no state"
BOTH = "confluent-kafka loop, both stages"
QUIX = "Quix Streams, same state"
FAUST = "Faust, one at a time"


def _rates(result: Mapping[str, Any] | None) -> dict[str, float]:
    if result is None:
        return {}
    rows = result["data"]["contenders"]
    return {row["name"]: row["median"]["mentions_per_second"] for row in rows if row["runs"]}


def _slowest(result: Mapping[str, Any] | None, mentions: int) -> str:
    for size in result["data"]["sizes"] if result else []:
        if size["mentions"] == mentions:
            slowest = max(size["reports"], key=lambda row: float(row["seconds"]))
            return f"{slowest['seconds']:.2f} s, {slowest['report']}"
    return NOT_MEASURED


def _p99(result: Mapping[str, Any] | None) -> str:
    rows = {row["name"]: row for row in result["data"]["contenders"]} if result else {}
    if WORKER not in rows:
        return NOT_MEASURED
    row = rows[WORKER]
    return f"{row['p99_ms']:.0f} ms; worst turn {max(row['p99_of_each_turn_ms']):.0f}"


def _sink_ratio(result: Mapping[str, Any] | None) -> str:
    if result is None:
        return NOT_MEASURED
    data = result["data"]
    return f"{data['sink_records_per_second'] / data['bare_records_per_second']:.2f}"


def _chained(result: Mapping[str, Any] | None, what: str) -> str:
    rows = {row["what"]: row["enriched_per_second"] for row in result["data"]["ways"]} if result else {}
    return rounded(rows[what]) if what in rows else NOT_MEASURED


def _million(result: Mapping[str, Any] | None, figure: str, unit: tuple[int, str]) -> str:
    sizes = {row["customers"]: row for row in result["data"]["sizes"]} if result else {}
    if figure not in sizes.get(1_000_000, {}):
        return NOT_MEASURED
    divisor, name = unit
    value = sizes[1_000_000][figure] / divisor
    return f"{value:.2f} {name}" if divisor > 1 else f"{value:.0f} {name}"


def _section(result: Mapping[str, Any] | None, body: Any) -> list[str]:
    if result is None:
        return ["Not measured."]
    busy = [BUSY.format(result["load_before"])] if result["load_before"] > QUIET_LOAD else []
    return [*busy, *body(result["data"]), _provenance(result)]


def _provenance(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"<sub>{result['measured_at']} · `{result['command']}` · {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, "
        f"Python {machine['python']} · {versions}</sub>"
    )


def _stage(data: Mapping[str, Any]) -> list[str]:
    contenders = data["contenders"]
    first = contenders[0]["median"].get("mentions_per_second") if contenders else None
    rows = []
    failed = [f"{row['name']}: {row['failures']}" for row in contenders if row["failures"]]
    for row in contenders:
        found = row["median"]
        if not row["runs"]:
            continue
        rates = [run["mentions_per_second"] for run in row["runs"]]
        times = ratio(found["mentions_per_second"], first)
        rows.append(
            (
                row["name"],
                rounded(found["mentions_per_second"]),
                f"{rounded(min(rates))} to {rounded(max(rates))}",
                "" if times is None else f"{times:.2f}",
                f"{found['cpu_seconds_per_1000']:.2f}",
                f"{found['peak_mib']:.0f}",
                *([rounded(found["cases"])] if "cases" in found else []),
            )
        )
    head = ["contender", "mentions/s, median", "range", "ratio", "CPU s per 1,000", "peak MiB"]
    if any("cases" in row["median"] for row in contenders):
        head.append("cases")
    repetitions = max((len(row["runs"]) + row["failures"] for row in contenders), default=0)
    words = (
        f"{data['mentions']:,} mentions of {data['bytes_per_mention']} bytes on average, {data['customers']:,} "
        f"customers, {repetitions} repetitions in turn."
    )
    told = [f"Runs that failed, and count in no figure: {', '.join(failed)}."] if failed else []
    return [words, table(head, rows), *told]


def _latency(data: Mapping[str, Any]) -> list[str]:
    rows = [
        (
            row["name"],
            rounded(row["mentions_per_second"]),
            f"{row['p50_ms']:.0f}",
            f"{row['p99_ms']:.0f}",
            ", ".join(f"{p99:.0f}" for p99 in row["p99_of_each_turn_ms"]),
            f"{row['most_ms']:.0f}",
            f"{row['shown_in_cases'] - row['held_back']:,} of {row['mentions']:,}",
            f"{row['held_back']:,}",
            f"{row['with_held_back_p99_ms']:.0f}",
        )
        for row in data["contenders"]
    ]
    words = (
        f"Medians of {data['turns']} turns of {data['seconds']:.0f} seconds each at an even pace, after others at "
        "the same that do not count: a broker that has just been started is slow. Mentions that no case shows "
        "(thanks, the company's own words) are not counted. Held back: the case had been published less than "
        "`publishing.min_seconds_between` before, so that the policy lets its next snapshot wait; simulated "
        "customers write again at once, since days pass in seconds."
    )
    head = (
        "contender",
        "mentions/s",
        "p50 ms",
        "p99 ms",
        "of each turn",
        "longest ms",
        "counted",
        "held back",
        "p99 ms with these",
    )
    return [words, table(head, rows)]


def _sink(data: Mapping[str, Any]) -> list[str]:
    bare, sink = data["bare_records_per_second"], data["sink_records_per_second"]
    alone = data["bare_filling_no_others_records_per_second"]
    made = data["rows_made_records_per_cpu_second"]
    rows = [
        ("bare columnar insert of rows that are ready", rounded(bare), "1.00"),
        ("the same, without the tables that reports count from", rounded(alone), f"{alone / bare:.2f}"),
        ("listener sink clickhouse, from Kafka", rounded(sink), f"{sink / bare:.2f}"),
        ("making rows of records alone", rounded(made), f"{made / bare:.2f}"),
    ]
    return [
        f"{data['records']:,} records, {data['rows']:,} rows.",
        table(("way", "records/s", "ratio"), rows),
    ]


def _import(data: Mapping[str, Any]) -> list[str]:
    first = data["contenders"][0]["median"]["records_per_second"]
    rows = [
        (
            row["name"],
            rounded(row["median"]["records_per_second"]),
            f"{row['median']['records_per_second'] / first:.2f}",
            f"{row['median']['cpu_seconds_per_1000']:.3f}",
            f"{row['median']['peak_mib']:.0f}",
        )
        for row in data["contenders"]
    ]
    return [
        f"{data['rows']:,} rows.",
        table(("way", "records/s", "ratio", "CPU s per 1,000", "peak MiB"), rows),
    ]


def _functions(data: Mapping[str, Any]) -> list[str]:
    rows = [(row["part"], row["step"], f"{row['microseconds']:.1f}") for row in data["steps"]]
    return [f"{data['mentions']:,} mentions, one at a time.", table(("part", "step", "µs"), rows)]


def _chain(data: Mapping[str, Any]) -> list[str]:
    rows = [
        (way["what"], rounded(way["enriched_per_second"]), rounded(way["both_stages_per_second"]))
        for way in data["ways"]
    ]
    words = (
        f"{data['mentions']:,} mentions in batches of 500, {data['customers']:,} customers loaded. The models "
        f"({', '.join(data['tasks'])}) are trained on what the rules say of the same texts. Processor time."
    )
    head = ("by", "enriched and matched, mentions/s", "with histories and cases, mentions/s")
    return [words, table(head, rows)]


def _matcher(data: Mapping[str, Any]) -> list[str]:
    rows = [
        (
            f"{row['customers']:,}",
            f"{row['index_mib']:.0f}",
            f"{row['process_mib']:.0f}",
            f"{row['fill_seconds']:.0f}",
            *(
                f"{row[f'{way}_p50_microseconds']:.0f} / {row[f'{way}_p99_microseconds']:.0f}"
                for way in ("exact_known", "exact_unknown", "weighed_known", "weighed_unknown")
            ),
            f"{100 * row['weighed_known_found']:.1f} %",
        )
        for row in data["sizes"]
    ]
    head = (
        *("customers", "MiB", "process MiB", "seconds to fill"),
        *("exact keys: a customer, p50 / p99 µs", "a stranger", "weighed: a customer", "a stranger", "found"),
    )
    words = (
        "A name, a town, an e-mail address, a telephone number and an account each, names and towns as unevenly "
        "spread as in life. Weighed: a name, a town and an account that may be anybody's. Processor time."
    )
    return [words, table(head, rows)]


def _timers(data: Mapping[str, Any]) -> list[str]:
    rows = [
        (
            f"{row['parties']:,}",
            f"{row['heap_mib']:.0f}",
            f"{row['rebuild_seconds']:.1f}",
            f"{row['idle_microseconds']:.0f}",
            f"{row['fire_microseconds']:.1f}",
        )
        for row in data["sizes"]
    ]
    head = ("running clocks", "MiB", "rebuilt from the table, s", "each second, µs", "each that fires, µs")
    return [table(head, rows)]


def _reports(data: Mapping[str, Any]) -> list[str]:
    head = ("report", "seconds", "of the engine's processor", "of Python's", "on the last 90 days")
    words = (
        "Everything is in the window, and then the last 90 days of two years. With both processors free a report "
        "takes about half of the engine's processor time, and Python's."
    )
    parts = [words]
    for size in data["sizes"]:
        tables = ", ".join(f"{table} {count}" for table, count in sorted(size["parts"].items()))
        rows = [
            (
                row["report"],
                f"{row['seconds']:.2f}",
                f"{row['engine_cpu_seconds']:.2f}",
                f"{row['python_cpu_seconds']:.2f}",
                f"{row['seconds_of_quarter']:.2f}",
            )
            for row in size["reports"]
        ]
        parts += [f"{size['mentions']:,} mentions; parts: {tables}.", table(head, rows)]
    return parts


def _parties(data: Mapping[str, Any]) -> list[str]:
    rows = [
        (
            f"{row['parties']:,}",
            rounded(row["mentions_per_second"]),
            f"{row['cpu_seconds_per_1000']:.2f}",
            f"{row['peak_mib']:.0f}",
            f"{row['states_mib']:.0f}",
            f"{row['recovery_seconds']:.0f}",
            f"{row['recovery_after_kill_seconds']:.0f}",
        )
        for row in data["sizes"]
    ]
    head = (
        "parties",
        "mentions/s",
        "CPU s per 1,000",
        "peak MiB",
        "states, MiB",
        "empty directory to ready, s",
        "the same after kill -9, s",
    )
    words = (
        f"One worker, both stages, {data['mentions']:,} mentions of random ones of so many authors, each with one "
        "earlier mention in the tables. After kill -9 the group waits for the session timeout of the dead worker, "
        "10 s."
    )
    return [words, table(head, rows)]


WIDTH, LEFT, BAR, GAP = 860, 260, 18, 8


def picture(results: Results) -> str:
    """Bars: mentions a second of each contender, one group a section."""
    parts: list[str] = []
    top = 16
    for section, title in STAGES.items():
        bars = list(_rates(results.get(section)).items())
        parts.append(_text(8, top + 12, title.replace("`", ""), weight="bold"))
        top += 26
        if not bars:
            parts.append(_text(8, top + 12, NOT_MEASURED))
            top += BAR + GAP
        most = max((value for _, value in bars), default=1.0)
        for name, value in bars:
            length = (WIDTH - LEFT - 90) * value / most
            colour = "#1f6f8b" if name.startswith("listener") else "#a9b4b9"
            parts.append(_text(LEFT - 8, top + 13, name, anchor="end"))
            parts.append(f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>')
            parts.append(_text(LEFT + length + 6, top + 13, f"{rounded(value)}/s"))
            top += BAR + GAP
        top += 18
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}" '
        f'font-family="sans-serif" font-size="12">\n<rect width="{WIDTH}" height="{top}" fill="white"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _text(x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'
    )
