"""How long a mention takes from publishing to the first case that shows it, at half of what a contender can do.

The simulated years pass in seconds here, so that customers who wrote again after days do so at once. A case that
was published in the two seconds before is held back then on purpose (`publishing.min_seconds_between` of the
policy); the mentions that this meets are counted apart.

It is measured several times one after the other, without a pause between, and the medians count: one bad second of
the machine is five of a hundred mentions of its turn.
"""

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import orjson
from confluent_kafka import Producer

from bench import results
from bench.broker import Broker, running_broker, stored_ms
from bench.contenders import CONFLUENT_STAGES, WORKER, Contender, Run
from bench.figures import Shown, first_shown, new_ones, percentile, rounded
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
            turn = int(rate * options.seconds)
            given = world(WARM_UP + settling + turn * options.repeat, options.texts)
            if number == 0 or not found:
                broker.publish_customers(given.customers)
            records = [(RAW.name, m.key.encode(), m.to_json()) for m in given.mentions]
            ids = [mention.mention_id for mention in given.mentions]
            first = WARM_UP + settling
            turns = [new_ones(ids, at, at + turn) for at in range(first, len(ids), turn)]
            shown = _shown(contender, broker, f"{name}-{number}", records, ids, rate, turns)
            row = {"name": contender.name, "mentions_per_second": rate, **_figures(shown, len(ids) - first)}
            found.append(row)
            each = ", ".join(f"{p99:.0f}" for p99 in row["p99_of_each_turn_ms"])
            options.tell(
                f"{name}: {contender.name} at {rounded(rate)}/s: p99 {row['p99_ms']:.0f} ms (of {each})"
            )
    return {"seconds": options.seconds, "turns": options.repeat, "contenders": found}


def _figures(turns: Sequence[Sequence[Shown]], mentions: int) -> dict[str, Any]:
    """Sums and, of the delays, medians over the turns."""
    live = [[one.delay_ms for one in turn if not one.held] for turn in turns]
    shown = sum(map(len, turns))
    p99 = [percentile(delays, 0.99) for delays in live]
    return {
        "mentions": mentions,
        "shown_in_cases": shown,
        "held_back": shown - sum(map(len, live)),
        "p50_ms": median(percentile(delays, 0.5) for delays in live),
        "p99_ms": median(p99),
        "p99_of_each_turn_ms": p99,
        "most_ms": max(map(max, live)),
        "with_held_back_p99_ms": median(percentile([one.delay_ms for one in turn], 0.99) for turn in turns),
    }


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
    turns: Sequence[Sequence[str]],
) -> list[list[Shown]]:
    """Of each turn, the mentions that a case ever showed; what is in none of the turns does not count."""
    directory = broker.directory / label
    directory.mkdir()
    run = Run(broker, contender.group or f"bench-{label}", directory, "product")
    broker.reset(run.group)
    with contender.running(run) as processes:
        warm_up(contender, run, processes, records[:WARM_UP])
        published = _publish_evenly(broker, records[WARM_UP:], ids[WARM_UP:], rate)
        broker.wait_still(OUTPUTS, STILL_SECONDS, lambda: check(processes))
    snapshots = sorted(
        (
            (stored_ms(message), message.key() or b"", _mentions_of(message.value() or b""))
            for message in broker.read(TRIAGE.name)
            if message.value() is not None
        ),
        key=lambda snapshot: snapshot[0],
    )
    return [list(first_shown({name: published[name] for name in turn}, snapshots, HOLD_MS)) for turn in turns]


def _mentions_of(case: bytes) -> list[str]:
    return [contact["mention_id"] for contact in orjson.loads(case).get("contacts", ())]


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
