"""Results are kept one file a section."""

from pathlib import Path

from bench.results import load, save


def test_a_section_is_replaced_by_its_next_run(tmp_path: Path) -> None:
    save("sink", {"records": 1}, ["sink"], 0.1, tmp_path)
    save("sink", {"records": 2}, ["sink", "--repeat", "1"], 0.1, tmp_path)
    found = load(tmp_path)["sink"]
    assert found["data"] == {"records": 2}
    assert found["command"] == "python -m bench sink --repeat 1"
    assert found["machine"]["cores"]


def test_sizes_are_measured_one_by_one(tmp_path: Path) -> None:
    save("parties", {"sizes": [{"parties": 10, "rate": 1}, {"parties": 1000, "rate": 2}]}, [], 0.1, tmp_path)
    save("parties", {"sizes": [{"parties": 100, "rate": 3}, {"parties": 10, "rate": 4}]}, [], 0.1, tmp_path)
    rows = load(tmp_path)["parties"]["data"]["sizes"]
    assert [(row["parties"], row["rate"]) for row in rows] == [(10, 4), (100, 3), (1000, 2)]
