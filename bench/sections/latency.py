"""How long a mention takes from publishing to the first case that shows it, at half of what a contender can do."""

import time
from collections.abc import Sequence
from typing import Any

import orjson
from confluent_kafka import Producer

from bench import results
from bench.broker import Broker, running_broker, stored_ms
from bench.contenders import CONFLUENT_STAGES, WORKER, Contender, Run
from bench.figures import percentile, rounded
from bench.options import Options
from bench.producing import PRODUCER
from bench.sections.stages import OUTPUTS, WARM_UP, Published, check, warm_up
from bench.world import world
from listener.domain.topics import RAW, TRIAGE

TURN_SECONDS = 0.01
"""The publisher wakes so often and publishes what is due."""
STILL_SECONDS = 2.0
SETTLE_SECONDS = 15.0
"""At the same pace before anything counts: a broker that was just started answers ten times as slowly at first,
until its code is compiled, and all of the p99 would be its first two seconds."""
QUICK_RATE = 200.0


def measure(name: str, options: Options) -> dict[str, Any]:
    """Both contenders, each at half of its own rate."""
    rates = _half_peaks(options)
    found: list[dict[str, Any]] = []
    with running_broker() as broker:
        for number, contender in enumerate((CONFLUENT_STAGES, WORKER)):
            if contender.name not in rates:
                continue
            rate = rates[contender.name]
            settling = 0 if options.quick else int(rate * SETTLE_SECONDS)
            given = world(WARM_UP + settling + int(rate * options.seconds), options.texts)
            if number == 0 or not found:
                broker.publish_customers(given.customers)
            records = [(RAW.name, m.key.encode(), m.to_json()) for m in given.mentions]
            ids = [mention.mention_id for mention in given.mentions]
            delays = _delays(contender, broker, f"{name}-{number}", records, ids, rate, settling)
            row = {
                "name": contender.name,
                "mentions_per_second": rate,
                "mentions": len(ids) - WARM_UP - settling,
                "shown_in_cases": len(delays),
                "p50_ms": percentile(delays, 0.5),
                "p99_ms": percentile(delays, 0.99),
                "most_ms": max(delays),
            }
            found.append(row)
            options.tell(f"{name}: {contender.name} at {rounded(rate)}/s: p99 {row['p99_ms']:.0f} ms")
    return {"seconds": options.seconds, "contenders": found}


def _half_peaks(options: Options) -> dict[str, float]:
    if options.quick:
        return {contender.name: QUICK_RATE for contender in (CONFLUENT_STAGES, WORKER)}
    known = results.load().get("triage")
    if known is None:
        raise SystemExit(
            "latency is measured at half of the rate that `python -m bench triage` measures: run that first"
        )
    return {row["name"]: row["median"]["mentions_per_second"] / 2 for row in known["data"]["contenders"]}


def _delays(
    contender: Contender,
    broker: Broker,
    label: str,
    records: Sequence[Published],
    ids: Sequence[str],
    rate: float,
    settling: int,
) -> list[float]:
    """Milliseconds of each mention that a case ever showed; the first so many that are published do not count."""
    directory = broker.directory / label
    directory.mkdir()
    run = Run(broker, contender.group or f"bench-{label}", directory, "product")
    broker.reset(run.group)
    with contender.running(run) as processes:
        warm_up(contender, run, processes, records[:WARM_UP])
        published = _publish_evenly(broker, records[WARM_UP:], ids[WARM_UP:], rate)
        broker.wait_still(OUTPUTS, STILL_SECONDS, lambda: check(processes))
    shown: dict[str, float] = {}
    for message in broker.read(TRIAGE.name):
        at = stored_ms(message)
        for contact in orjson.loads(message.value()).get("contacts", ()):
            name = contact["mention_id"]
            shown[name] = min(at, shown.get(name, at))
    passed = set(ids[: WARM_UP + settling])
    return [shown[name] - at for name, at in published.items() if name in shown and name not in passed]


def _publish_evenly(
    broker: Broker, records: Sequence[Published], ids: Sequence[str], rate: float
) -> dict[str, float]:
    """Publishes so many a second; mention id to the moment, in milliseconds since 1970."""
    producer = Producer({"bootstrap.servers": broker.servers, **PRODUCER, "linger.ms": 1})
    published: dict[str, float] = {}
    started = time.monotonic()
    for number, ((topic, key, value), name) in enumerate(zip(records, ids, strict=True)):
        while (early := started + number / rate - time.monotonic()) > 0:
            producer.poll(min(early, TURN_SECONDS))
        published.setdefault(name, time.time() * 1000)
        producer.produce(topic, value, key)
    producer.flush()
    return published
