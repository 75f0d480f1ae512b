"""How long a mention takes from publishing to the first case that shows it, at half of what a contender can do.

The simulated years pass in seconds here, so that customers who wrote again after days do so at once. A case that
was published in the two seconds before is held back then on purpose (`publishing.min_seconds_between` of the
policy); the mentions that this meets are counted apart.
"""

import time
from collections.abc import Sequence
from typing import Any

import orjson
from confluent_kafka import Producer

from bench import results
from bench.broker import Broker, running_broker, stored_ms
from bench.contenders import CONFLUENT_STAGES, WORKER, Contender, Run
from bench.figures import Shown, first_shown, percentile, rounded
from bench.options import Options
from bench.producing import PRODUCER
from bench.sections.stages import OUTPUTS, WARM_UP, Published, check, warm_up
from bench.world import world
from listener.domain.topics import RAW, TRIAGE
from stream.triage.policy import default_policy

TURN_SECONDS = 0.01
"""The publisher wakes so often and publishes what is due."""
STILL_SECONDS = 2.0
SETTLE_SECONDS = 60.0
"""At the same pace before anything counts: a broker that was just started answers ten times as slowly until its
code is compiled, and all of the p99 would be its first seconds."""
QUICK_RATE = 200.0
HOLD_MS = default_policy().publishing.min_seconds_between * 1000


def measure(name: str, options: Options) -> dict[str, Any]:
    """Both contenders, each at half of its own rate."""
    rates = _half_peaks(options)
    found: list[dict[str, Any]] = []
    with running_broker() as broker:
        for number, contender in enumerate((CONFLUENT_STAGES, WORKER)):
            if contender.name not in rates or not options.chosen(contender.name):
                continue
            rate = rates[contender.name]
            settling = 0 if options.quick else int(rate * SETTLE_SECONDS)
            given = world(WARM_UP + settling + int(rate * options.seconds), options.texts)
            if number == 0 or not found:
                broker.publish_customers(given.customers)
            records = [(RAW.name, m.key.encode(), m.to_json()) for m in given.mentions]
            ids = [mention.mention_id for mention in given.mentions]
            shown = _shown(contender, broker, f"{name}-{number}", records, ids, rate, settling)
            delays = [one.delay_ms for one in shown if not one.held]
            every = [one.delay_ms for one in shown]
            row = {
                "name": contender.name,
                "mentions_per_second": rate,
                "mentions": len(ids) - WARM_UP - settling,
                "shown_in_cases": len(shown),
                "held_back": len(shown) - len(delays),
                "p50_ms": percentile(delays, 0.5),
                "p99_ms": percentile(delays, 0.99),
                "most_ms": max(delays),
                "with_held_back_p99_ms": percentile(every, 0.99),
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


def _shown(
    contender: Contender,
    broker: Broker,
    label: str,
    records: Sequence[Published],
    ids: Sequence[str],
    rate: float,
    settling: int,
) -> list[Shown]:
    """Of each mention that a case ever showed; the first so many that are published do not count."""
    directory = broker.directory / label
    directory.mkdir()
    run = Run(broker, contender.group or f"bench-{label}", directory, "product")
    broker.reset(run.group)
    with contender.running(run) as processes:
        warm_up(contender, run, processes, records[:WARM_UP])
        published = _publish_evenly(broker, records[WARM_UP:], ids[WARM_UP:], rate)
        broker.wait_still(OUTPUTS, STILL_SECONDS, lambda: check(processes))
    passed = set(ids[: WARM_UP + settling])
    counted = {name: at for name, at in published.items() if name not in passed}
    snapshots = sorted(
        (
            (stored_ms(message), message.key(), orjson.loads(message.value()))
            for message in broker.read(TRIAGE.name)
            if message.value() is not None
        ),
        key=lambda snapshot: snapshot[0],
    )
    return list(
        first_shown(
            counted,
            ((at, key, [c["mention_id"] for c in case.get("contacts", ())]) for at, key, case in snapshots),
            HOLD_MS,
        )
    )


def _publish_evenly(
    broker: Broker, records: Sequence[Published], ids: Sequence[str], rate: float
) -> dict[str, float]:
    """Publishes so many a second; mention id to the moment, in milliseconds since 1970."""
    producer = Producer({"bootstrap.servers": broker.servers, **PRODUCER, "linger.ms": 1})
    published: dict[str, float] = {}
    started = time.monotonic()
    for number, ((topic, key, value), name) in enumerate(zip(records, ids, strict=True)):
        while started + number / rate > time.monotonic():
            producer.poll(TURN_SECONDS)
        published.setdefault(name, time.time() * 1000)
        producer.produce(topic, value, key)
    producer.flush()
    return published
