"""How long live severe cases take while a backfill runs, and without one.

    python bench/backfill_yields.py [--mentions 1000000] [--seconds 60] [--rate 40] [--workers 1]

Two runs, each on an embedded Kafka and with stream workers of its own. Both hear live mentions at a steady rate,
every second one of them a matter of safety by an author of its own. Before the second run starts, so many
historical mentions wait on `mentions.backfill`. Measured is from the publishing of a live severe mention to the
snapshot of its case on `triage`, by the two records' timestamps, made on the same machine. Exit code 1 where the
backfill ended before the measurement did, so that it proves nothing, or where p99 is more than twice that without.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from math import inf, isinf
from pathlib import Path

import orjson
from kafka import KafkaConsumer, TopicPartition

from listener.bootstrap import topic_plans
from listener.domain.contract import format_utc
from listener.domain.mention import Mention
from listener.domain.topics import BACKFILL, RAW, STREAM_GROUP, TRIAGE
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin
from listener.kafka.publish import Publisher
from listener.settings import Settings, load_settings
from listener.simulator import SimulatedCompany, SimulationSettings

TEMPLATES = 10_000
WARM_UP_SECONDS = 10.0
SETTLE_SECONDS = 15.0
SEVERE = "Your charger caught fire in our kitchen, I have written three times and nobody answers."


@dataclass(frozen=True)
class Measured:
    """Latencies in milliseconds, ascending; and what was left of the backfill when the measurement ended."""

    latencies: list[float]
    lost: int
    backfill_done: int
    backfill_left: int
    seconds: float

    def at(self, share: float) -> float:
        """The quantile by nearest rank."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def simulated(count: int) -> list[Mention]:
    """What customers of a simulated company say."""
    company = SimulatedCompany(
        SimulationSettings(
            customers=max(200, count // 4), days=90, seed=1, ends_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
    )
    said = (event.value for event in company.history() if isinstance(event.value, Mention))
    return list(islice((mention for mention in said if mention.direction == "inbound"), count))


def copies(templates: list[Mention], count: int) -> Iterator[tuple[str, bytes]]:
    """Historical mentions as key and value: the templates again and again, under other ids."""
    values = [(mention.key, orjson.loads(mention.to_json())) for mention in templates]
    for number, (key, value) in enumerate(islice(cycle(values), count)):
        round_ = number // len(values)
        again = value | {
            "mention_id": f"{value['mention_id']}-{round_}",
            "author": f"{value['author']}-{round_}",
            "historical": True,
        }
        yield f"{key}-{round_}", orjson.dumps(again)


@contextmanager
def worker(data_dir: Path, environment: dict[str, str], name: str, health_port: int) -> Iterator[None]:
    """One stream worker."""
    with (data_dir / f"worker-{name}.log").open("wb") as log:
        words = ["stream", "--worker", name, "--health-port", str(health_port), "--data-dir", str(data_dir)]
        process = subprocess.Popen(
            [sys.executable, "-m", "listener", *words], stdout=log, stderr=log, env=environment
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


class Heard:
    """Follows `triage` and notes when the first snapshot of each live severe case was published."""

    def __init__(self, settings: Settings) -> None:
        self.at_ms: dict[str, int] = {}
        self._stop = threading.Event()
        self._consumer = KafkaConsumer(
            **settings.kafka.kafka_python(), group_id=None, enable_auto_commit=False, metrics_enabled=False
        )
        numbers = self._consumer.partitions_for_topic(TRIAGE.name)
        partitions = [TopicPartition(TRIAGE.name, number) for number in numbers]
        self._consumer.assign(partitions)
        self._consumer.seek_to_end(*partitions)
        for partition in partitions:
            self._consumer.position(partition)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the following."""
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def _follow(self) -> None:
        while not self._stop.is_set():
            for records in self._consumer.poll(timeout_ms=100).values():
                for record in records:
                    if record.value and b'"bench-live:' in record.value:
                        anchor = orjson.loads(record.value)["anchor"]
                        self.at_ms.setdefault(anchor, record.timestamp)


def speak(
    settings: Settings, templates: list[Mention], rate: float, seconds: float, run: str
) -> dict[str, int]:
    """Publishes live mentions at a steady rate.

    Returns:
        When each severe one was published, in milliseconds since 1970; those of the warm-up are left out.
    """
    sent: dict[str, int] = {}
    started = time.time()
    with Publisher(settings.kafka, client_id="bench-live") as out:
        for number in range(int(rate * (seconds + WARM_UP_SECONDS))):
            due = started + number / rate
            time.sleep(max(0.0, due - time.time()))
            severe = number % 2 == 0
            said = orjson.loads(templates[number % len(templates)].to_json())
            now = datetime.now(UTC)
            name = f"{run}-{number}"
            said |= {
                "mention_id": f"bench-live:{name}",
                "author": f"bench-live:author-{name}",
                "historical": False,
                "occurred_at": format_utc(now),
                "received_at": format_utc(now),
            }
            if severe:
                said["text"] = SEVERE
            if severe and time.time() - started >= WARM_UP_SECONDS:
                sent[said["mention_id"]] = int(time.time() * 1000)
            out.deliver(RAW.name, said["author"], orjson.dumps(said))
    return sent


def measure(mentions: int, workers: int, rate: float, seconds: float) -> Measured:
    """One run."""
    with ExitStack() as stack:
        data_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="listener-bench-")))
        kafka = KafkaServer(data_dir / "kafka", free_port())
        stack.callback(kafka.stop)
        kafka.start()
        kafka.wait_ready()
        environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
        settings = load_settings(None, data_dir, environment)
        admin = stack.enter_context(TopicAdmin(settings.kafka))
        admin.create(topic_plans(settings))
        templates = simulated(TEMPLATES)
        with Publisher(settings.kafka, client_id="bench-backfill") as out:
            for key, value in copies(templates, mentions):
                out.publish(BACKFILL.name, key, value)
            out.flush()
        for number in range(workers):
            stack.enter_context(worker(data_dir, environment, str(number), free_port()))
        while len(admin.committed_offsets(STREAM_GROUP)) == 0 and mentions:
            time.sleep(0.1)
        time.sleep(SETTLE_SECONDS)
        heard = Heard(settings)
        stack.callback(heard.close)
        before, started = backfilled(admin), time.monotonic()
        sent = speak(settings, templates, rate, seconds, str(mentions))
        left, taken = mentions - backfilled(admin), time.monotonic() - started
        deadline = time.monotonic() + 30
        while sent.keys() - heard.at_ms.keys() and time.monotonic() < deadline:
            time.sleep(0.1)
        latencies = sorted(float(heard.at_ms.get(name, inf) - at) for name, at in sent.items())
        return Measured(latencies, sum(map(isinf, latencies)), mentions - left - before, left, taken)


def backfilled(admin: TopicAdmin) -> int:
    """Historical mentions that the workers have acknowledged."""
    committed = admin.committed_offsets(STREAM_GROUP)
    return sum(offset for (topic, _), offset in committed.items() if topic == BACKFILL.name)


def told(name: str, of: Measured) -> str:
    """One line of the table."""
    return (
        f"{name:<18} n={len(of.latencies)} p50={of.at(0.5):.0f} ms  p90={of.at(0.9):.0f} ms  "
        f"p99={of.at(0.99):.0f} ms  max={of.latencies[-1]:.0f} ms  lost={of.lost}"
    )


def main() -> None:
    """Prints both runs and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mentions", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=40.0, help="Live mentions a second; half are severe.")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    without = measure(0, given.workers, given.rate, given.seconds)
    print(told("without backfill", without), flush=True)
    during = measure(given.mentions, given.workers, given.rate, given.seconds)
    print(told("with backfill", during), flush=True)
    ratio = during.at(0.99) / without.at(0.99)
    print(
        f"backfill: {during.backfill_done / during.seconds:.0f} mentions/s meanwhile, "
        f"{during.backfill_left} of {given.mentions} left\np99 with / without: {ratio:.2f}"
    )
    if during.backfill_left <= 0:
        print("the backfill ended first: give more --mentions")
    if during.backfill_left <= 0 or ratio > 2 or during.lost or without.lost:
        sys.exit(1)


if __name__ == "__main__":
    main()
