"""Scenarios without Kafka: as they happened, or in any order and twice."""

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from listener.domain.enriched import Enrichment
from listener.domain.mention import Mention
from scenarios.format import DIRECTORY, Say
from scenarios.laid import Laid
from scenarios.outcome import Outcome
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher
from stream.ledger.ledger import Ledger, Recorded
from stream.offline import run
from stream.triage.policy import DEFAULT, Policy, read_policy
from stream.triage.triage import Triage


@cache
def enricher() -> Enricher:
    """The product's own, with its own taxonomy."""
    return Enricher()


@cache
def policy(name: str) -> Policy:
    """A policy by the name that scenarios have for it."""
    return read_policy(policy_file(name))


def policy_file(name: str) -> Path:
    """Where the policy of this name is."""
    return DEFAULT if name == "default" else DIRECTORY / "policies" / f"{name}.yaml"


def straight(laid: Laid) -> Outcome:
    """How things stand where everything was processed when it was heard."""
    return _ended(laid, [value for _, value in laid.records()])


def shuffled(laid: Laid, seed: int) -> Outcome:
    """The same where everything came twice and in any order."""
    values = [value for _, value in laid.records()] * 2
    random.Random(seed).shuffle(values)
    return _ended(laid, values)


def _ended(laid: Laid, values: Sequence[Recorded]) -> Outcome:
    stages = run(values, *_stages(laid), laid.ends_at)
    return Outcome(stages.cases, stages.alerts)


def misread(laid: Laid) -> list[str]:
    """Where the words of a scenario are not read as it says they are."""
    told = []
    for event in laid.scenario.events:
        said = event.say or event.edit
        if said is None:
            continue
        wanted = {"need": said.need, "cause": said.cause}
        if event.say is not None and event.say.severity is not None:
            wanted["severity"] = ", ".join(event.say.severity)
        found = _read(laid, said.ids[0] if isinstance(said, Say) else said.id, said.text)
        read = {
            "need": found.need,
            "cause": found.root_causes[0].node if found.root_causes else "unknown",
            "severity": ", ".join(found.severity),
        }
        told += [
            f"{said.id}: its {field} is read as {read[field] or 'none'}, not as {value or 'none'}"
            f" ({'; '.join(found.need_reasons)})"
            for field, value in wanted.items()
            if value is not None and value != read[field]
        ]
    return told


def _read(laid: Laid, name: str, text: str) -> Enrichment:
    mention = next(
        value
        for _, value in laid.records()
        if isinstance(value, Mention) and value.mention_id == laid.mention_id(name)
    )
    [found] = enricher().enrich([mention.model_copy(update={"text": text})])
    return found


def _stages(laid: Laid) -> tuple[Ledger, Triage]:
    index = CustomerIndex()
    for customer in laid.customers():
        index.put(customer)
    return Ledger(enricher(), index), Triage(policy(laid.scenario.policy), index)
