"""The page of results says what was measured, and what was not."""

import re
from typing import Any
from xml.etree import ElementTree

from bench.report import NOT_MEASURED, page, picture, table, targets
from bench.results import load


def measured(**rates: float) -> dict[str, Any]:
    """A section as `bench.results` keeps it."""
    contenders = [
        {
            "name": name,
            "median": {"mentions_per_second": rate, "cpu_seconds_per_1000": 0.5, "peak_mib": 100.0},
            "runs": [{"mentions_per_second": rate}],
            "failures": 0,
        }
        for name, rate in rates.items()
    ]
    return {
        "measured_at": "2026-01-01T00:00+00:00",
        "command": "python -m bench stage1",
        "machine": {"processor": "P", "cores": 2, "memory_gib": 8, "system": "S", "python": "3.11"},
        "versions": {"aiokafka": "1"},
        "load_before": 0.1,
        "data": {"mentions": 10, "customers": 1, "bytes_per_mention": 5, "contenders": contenders},
    }


STAGE_ONE = measured(
    **{"confluent-kafka loop, no state": 4000.0, "listener, 1 worker": 3000.0, "Faust, one at a time": 600.0}
)


def test_a_target_is_met_or_missed_by_a_ratio_of_rates() -> None:
    found = {what: value for what, _, _, value in targets({"stage1": STAGE_ONE})}
    assert found["stage 1, times the confluent-kafka loop without state"] == "0.75"
    assert found["stage 1, times a one-at-a-time Faust agent"] == "5.00"


def test_of_reports_the_slowest_counts_for_each_number_of_mentions() -> None:
    rows = [
        {
            "report": name,
            "seconds": seconds,
            "engine_cpu_seconds": 1.0,
            "python_cpu_seconds": 0.0,
            "seconds_of_quarter": 0.1,
        }
        for name, seconds in (("channels", 0.61), ("fixes", 0.73), ("goodwill", 0.2))
    ]
    size = {"mentions": 10_000_000, "parts": {"case_facts": 8}, "reports": rows}
    reports = {**STAGE_ONE, "data": {"sizes": [size]}}
    found = {what: value for what, _, _, value in targets({"reports": reports})}
    assert found["the slowest report on 10,000,000 mentions"] == "0.73 s, fixes"
    assert found["the slowest report on 100,000,000 mentions"] == NOT_MEASURED
    assert "| goodwill | 0.20 | 1.00 | 0.00 | 0.10 |" in page({"reports": reports})


def test_what_was_not_measured_says_so() -> None:
    assert {value for *_, value in targets({})} == {NOT_MEASURED}
    found = {what: value for what, _, _, value in targets({"stage1": STAGE_ONE})}
    assert found["stage 1, times Quix Streams with the same state"] == NOT_MEASURED
    assert page({}).count("Not measured.") == 12
    assert NOT_MEASURED in picture({})


def test_runs_that_failed_are_told_and_count_in_no_figure() -> None:
    section = measured(**{"confluent-kafka loop, no state": 4000.0, "listener, 1 worker": 3000.0})
    section["data"]["contenders"][1] |= {"median": {}, "runs": [], "failures": 3}
    told = page({"stage1": section})
    assert "Runs that failed, and count in no figure: listener, 1 worker: 3." in told
    assert "| listener, 1 worker |" not in told
    assert "3 repetitions in turn" in told


def test_figures_of_a_busy_machine_say_so() -> None:
    assert "busy" not in page({"stage1": STAGE_ONE})
    told = page({"stage1": {**STAGE_ONE, "load_before": 9.5}})
    assert "busy with other things** (load 9.5" in told
    assert "to be measured again: stage1." in told


def test_contenders_are_compared_with_the_first() -> None:
    [row] = re.findall(r"^\| listener, 1 worker .*$", page({"stage1": STAGE_ONE}), flags=re.MULTILINE)
    assert [cell.strip() for cell in row.split("|")][2:5] == ["3,000", "3,000 to 3,000", "0.75"]


def test_a_row_of_a_table_has_all_its_cells() -> None:
    assert table(("a", "b"), [("x", "1")]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_the_picture_has_a_bar_for_each_contender() -> None:
    drawing = ElementTree.fromstring(picture({"stage1": STAGE_ONE}))
    bars = drawing.findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 1 + 3
    lengths = [float(bar.attrib["width"]) for bar in bars[1:]]
    assert lengths == sorted(lengths, reverse=True)


def test_the_results_that_are_on_record_are_on_the_page() -> None:
    assert "Not measured" not in page(load())
    assert not [what for what, *_, value in targets(load()) if value == NOT_MEASURED]
