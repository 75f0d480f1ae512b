"""Results as files: one JSON a section, with the machine, the versions and the command that made it."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DIRECTORY = HERE / "results"
PACKAGES = (
    "faust-streaming",
    "aiokafka",
    "kafka-python",
    "confluent-kafka",
    "quixstreams",
    "bytewax",
    "rocksdict",
    "pydantic",
    "clickhouse-driver",
    "chdb-core",
)


def save(
    section: str,
    data: dict[str, Any],
    command: Sequence[str],
    load_before: float,
    directory: Path = DIRECTORY,
    program: str = "python -m bench",
) -> Path:
    """Writes the results of a section over the earlier ones.

    Args:
        load_before: how many processes wanted to run on this machine in the minute before.
        program: what was started, with the command as its arguments.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{section}.json"
    if path.exists():
        data = with_earlier(data, json.loads(path.read_text())["data"])
    whole = {
        "section": section,
        "measured_at": datetime.now(UTC).isoformat(timespec="minutes"),
        "command": " ".join([program, *command]),
        "load_before": round(load_before, 1),
        "machine": machine(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "data": data,
    }
    path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return path


def with_earlier(data: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """Sizes that were measured before and not now stay, since each is a measurement of its own."""
    if "sizes" not in data or "sizes" not in earlier:
        return data
    sizes = {size_of(row): row for row in (*earlier["sizes"], *data["sizes"])}
    return {**data, "sizes": [sizes[size] for size in sorted(sizes)]}


def size_of(row: dict[str, Any]) -> int:
    """How many customers, parties or mentions it was measured with; a row begins with that."""
    return int(next(iter(row.values())))


def load(directory: Path = DIRECTORY) -> dict[str, dict[str, Any]]:
    """Section to its results, of those that there are."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(directory.glob("*.json"))}


def machine() -> dict[str, Any]:
    """Where this runs: processor, cores, memory, system, Python."""
    processor = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or "unknown",
    )
    memory = next(
        (int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0
    )
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / (1 << 20)),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
