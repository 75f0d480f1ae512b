"""`listener import` as it runs, beside a bare kafka-python producer of the same records."""

import csv
import os
import sys
from pathlib import Path
from typing import Any

from bench.broker import Broker, running_broker, stored_ms
from bench.figures import cpu_per_thousand, medians, rounded, window
from bench.options import Options
from bench.watch import Watched
from bench.world import world
from listener.domain.contract import format_utc
from listener.domain.topics import BACKFILL

IMPORT_SECONDS = 300.0
ROWS_PER_MENTION = 2
"""An import is faster than the stream, so it is measured with more."""


def measure(name: str, options: Options) -> dict[str, Any]:
    """In turn; the bare producer sends what the import has published."""
    rows = options.mentions * ROWS_PER_MENTION
    runs: dict[str, list[dict[str, float]]] = {"bare kafka-python producer": [], "listener import": []}
    with running_broker() as broker:
        file, records = broker.directory / "mentions.csv", broker.directory / "records"
        _write_csv(file, rows, options)
        for repetition in range(options.repeat):
            words = ["--source", f"bench{repetition}", "--zone", "UTC"]
            maps = [
                word
                for field in ("id", "text", "author", "occurred_at")
                for word in ("--map", f"{field}={field}")
            ]
            command = [
                "-m",
                "listener",
                "import",
                str(file),
                *words,
                *maps,
                "--data-dir",
                str(broker.directory),
            ]
            runs["listener import"].append(_run(broker, command, rows))
            _write_records(broker, records)
            command = ["-m", "bench.peers.bare_producer", broker.servers, BACKFILL.name, str(records)]
            runs["bare kafka-python producer"].append(_run(broker, command, rows))
            options.tell(", ".join(f"{n}: {rounded(r[-1]['records_per_second'])}/s" for n, r in runs.items()))
    return {
        "rows": rows,
        "contenders": [{"name": n, "median": medians(found), "runs": found} for n, found in runs.items()],
    }


def _write_csv(file: Path, rows: int, options: Options) -> None:
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(("id", "text", "author", "occurred_at"))
        for number, mention in enumerate(world(rows, options.texts).mentions):
            writer.writerow((number, mention.text, mention.author, format_utc(mention.occurred_at)))


def _run(broker: Broker, command: list[str], rows: int) -> dict[str, float]:
    broker.reset("bench-import", keep=())
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": broker.servers, "NO_COLOR": "1"}
    with Watched([sys.executable, *command], broker.directory / "import.log", environment) as process:
        process.wait(IMPORT_SECONDS)
        stored = [stored_ms(message) for message in broker.read(BACKFILL.name)]
        if len(stored) != rows:
            raise ValueError(f"{len(stored)} of {rows} rows were published:\n{process.said()}")
        measured = window(stored)
        return {
            "records_per_second": measured.rate,
            "cpu_seconds_per_1000": cpu_per_thousand([process.samples], measured),
            "peak_mib": process.peak_mib,
        }


def _write_records(broker: Broker, file: Path) -> None:
    """Keys and values as the bare producer reads them: two lengths, then both."""
    with file.open("wb") as out:
        for message in broker.read(BACKFILL.name):
            key, value = message.key(), message.value()
            out.write(len(key).to_bytes(4, "big") + len(value).to_bytes(4, "big") + key + value)
