"""Mentions a second through the stream: stage 1 alone with and without enrichment, and both stages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from bench.broker import Broker, running_broker, stored_ms
from bench.contenders import BOTH_STAGES, STAGE_ONE, Contender, Run
from bench.figures import cpu_per_thousand, medians, rounded, window
from bench.options import Options
from bench.watch import Failed, Watched
from bench.world import world
from listener.domain.topics import ENRICHED, PARTIES, PARTY_EVENTS, RAW, TRIAGE

RUN_SECONDS = 600.0
WARM_UP = 240
WARM_UP_SECONDS = 120.0
STILL_SECONDS = 2.0
OUTPUTS = (ENRICHED.name, PARTY_EVENTS.name, PARTIES.name, TRIAGE.name)
Published = tuple[str, bytes, bytes]
"""Topic, key, value."""


@dataclass(frozen=True)
class Scenario:
    """What is measured, and between whom."""

    name: str
    contenders: Sequence[Contender]
    enrichment: str
    both_stages: bool


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("stage1", STAGE_ONE, "product", both_stages=False),
        Scenario("stage1-none", STAGE_ONE, "none", both_stages=False),
        Scenario("triage", BOTH_STAGES, "product", both_stages=True),
    )
}


def measure(name: str, options: Options) -> dict[str, Any]:
    """All contenders in turn, again and again, on one broker and with the same mentions."""
    scenario = SCENARIOS[name]
    given = world(WARM_UP + options.mentions, options.texts)
    records = [(RAW.name, m.key.encode(), m.to_json()) for m in given.mentions]
    chosen = [contender for contender in scenario.contenders if options.chosen(contender.name)]
    runs: dict[str, list[dict[str, float]]] = {contender.name: [] for contender in chosen}
    failures = dict.fromkeys(runs, 0)
    with running_broker() as broker:
        broker.publish_customers(given.customers)
        for repetition in range(options.repeat):
            for number, contender in enumerate(chosen):
                label = f"{name}-{repetition}-{number}"
                wanted = records[: WARM_UP + int(options.mentions * contender.share)]
                try:
                    found = _run(scenario, contender, broker, label, wanted)
                except Failed as error:
                    failures[contender.name] += 1
                    options.tell(f"{name}: {contender.name}: failed: {error}")
                    continue
                runs[contender.name].append(found)
                options.tell(f"{name}: {contender.name}: {rounded(found['mentions_per_second'])} mentions/s")
    return {
        "mentions": options.mentions,
        "customers": len(given.customers),
        "bytes_per_mention": round(sum(len(value) for _, _, value in records) / len(records)),
        "contenders": [
            {"name": c, "median": medians(found), "runs": found, "failures": failures[c]}
            for c, found in runs.items()
        ],
    }


def _run(
    scenario: Scenario, contender: Contender, broker: Broker, label: str, records: Sequence[Published]
) -> dict[str, float]:
    directory = broker.directory / label
    directory.mkdir()
    run = Run(broker, contender.group or f"bench-{label}", directory, scenario.enrichment)
    broker.reset(run.group)
    with contender.running(run) as processes:
        try:
            warm_up(contender, run, processes, records[:WARM_UP])
            broker.publish(records[WARM_UP:])
            broker.wait_records(ENRICHED.name, len(records), lambda: check(processes), RUN_SECONDS)
            broker.wait_still(OUTPUTS, STILL_SECONDS, lambda: check(processes))
        except TimeoutError as error:
            raise Failed("\n---\n".join([str(error), *(process.said() for process in processes)])) from None
    return _figures(scenario, broker, processes)


def warm_up(
    contender: Contender, run: Run, processes: Sequence[Watched], records: Sequence[Published]
) -> None:
    """Waits until all processes have their partitions and a first few mentions have come out."""
    broker = run.broker
    if contender.grouped:
        broker.wait_stable(run.group, contender.processes, lambda: check(processes))
    broker.publish(records)
    broker.wait_records(ENRICHED.name, len(records), lambda: check(processes), WARM_UP_SECONDS)
    broker.wait_still(OUTPUTS, 1.0, lambda: check(processes))


def check(processes: Sequence[Watched]) -> None:
    """Makes sure that all of them run.

    Raises:
        Failed: one has ended.
    """
    for process in processes:
        process.check()


def _figures(scenario: Scenario, broker: Broker, processes: Sequence[Watched]) -> dict[str, float]:
    enriched = sorted(stored_ms(message) for message in broker.read(ENRICHED.name))[WARM_UP:]
    last_ms = None
    found: dict[str, float] = {}
    if scenario.both_stages:
        newest: dict[bytes, bytes] = {}
        for message in broker.read(TRIAGE.name):
            last_ms = max(last_ms or 0, stored_ms(message))
            newest[message.key()] = message.value()
        cases = [case for value in newest.values() if (case := orjson.loads(value))["state"] != "superseded"]
        found = {
            "cases": len(cases),
            "contacts_in_cases": sum(case["contact_count"] for case in cases),
        }
    measured = window(enriched, last_ms)
    return {
        "mentions_per_second": measured.rate,
        "cpu_seconds_per_1000": cpu_per_thousand([p.samples for p in processes], measured),
        "peak_mib": sum(process.peak_mib for process in processes),
        "enriched": len(enriched),
        **found,
    }
