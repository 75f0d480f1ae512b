"""A simulated company whose whole history stands in ClickHouse, as stream and sink would have stored it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from listener.cli.evaluate_command import read_world
from listener.domain.contract import Versioned
from listener.domain.governance import Fix
from listener.domain.mention import Mention
from listener.domain.topics import CUSTOMERS, FIXES, OUTCOMES
from listener.evaluation.triage import TruePeople, TrueWords, World
from listener.simulator.files import write_simulation
from listener.simulator.settings import SimulationSettings
from sinks.clickhouse.rows import ROWS_OF
from stored_log import PUBLISHED_MS, Sample, store
from stream import offline
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import Taxonomy
from stream.ledger.ledger import Ledger
from stream.triage.policy import read_policy
from stream.triage.triage import Triage
from true_cases import NO_CASE

ENDS_AT = datetime(2026, 1, 1, tzinfo=UTC)
LOUD = {"followers": 12_000_000, "verified": True}


def make_company(directory: Path, customers: int, days: int, seed: int) -> World:
    """Writes a company into the directory."""
    write_simulation(SimulationSettings(customers, days, seed, ENDS_AT), directory)
    return read_world(directory)


def with_one_loud_account(world: World) -> World:
    """Of people who said something of their own from several accounts with a reach, one is loud, in turn the first
    and the last: with a mark and many followers, where the simulator gives all of them the same."""
    accounts: dict[str, set[str]] = defaultdict(set)
    for value in world.recorded:
        if isinstance(value, Mention) and value.reach:
            truth = world.mentions.get(value.mention_id)
            if truth is not None and truth.need not in NO_CASE:
                accounts[truth.party].add(value.author)
    several = sorted(sorted(those) for those in accounts.values() if len(those) > 1)
    loud = {those[-(place % 2)] for place, those in enumerate(several)}
    recorded = [
        value.model_copy(update={"reach": value.reach.model_copy(update=LOUD)})
        if isinstance(value, Mention) and value.reach and value.author in loud
        else value
        for value in world.recorded
    ]
    return replace(world, recorded=recorded)


def store_company(
    url: str, directory: Path, world: World, *, truly: bool, taxonomy: Taxonomy | None = None
) -> None:
    """Runs the company's history through both stages and stores what they publish.

    Args:
        truly: with the truth about words and people in place of enrichment and matching.
        taxonomy: of enrichment; the shipped one where None.
    """
    store(url, list(_records(directory, world, truly, Enricher(taxonomy))), batch=100_000)


def _records(directory: Path, world: World, truly: bool, enricher: Any) -> Iterator[Sample]:
    policy = read_policy(directory / "policy.yaml")
    people = CustomerIndex()
    if truly:
        owners = sorted(world.mentions.values(), key=lambda truth: (truth.occurred_at, truth.mention_id))
        people = TruePeople({truth.author: truth.customer_id for truth in reversed(owners)})
        enricher = TrueWords(world.mentions, enricher)
    for customer in world.customers:
        people.put(customer)
    stages = offline.run(world.recorded, Ledger(enricher, people), Triage(policy, people), world.as_of)
    others: list[tuple[str, str, Versioned]] = [
        (CUSTOMERS.name, customer.customer_id, customer) for customer in world.customers
    ]
    others.extend((OUTCOMES.name, outcome.customer_id, outcome) for outcome in world.outcomes)
    for line in (directory / "fixes.jsonl").read_text().splitlines():
        fix = Fix.read(line)
        others.append((FIXES.name, fix.fix_id, fix))
    told = [(out.topic, out.key, out.value) for out in stages.published if out.topic in ROWS_OF]
    for offset, (topic, key, value) in enumerate([*told, *others]):
        if value is not None:
            yield Sample(topic, value.to_json(), offset, PUBLISHED_MS, key.encode())
