"""The simulated company is about as hard to understand as real customers are, neither easy nor hopeless."""

from datetime import UTC, datetime

import pytest

from listener.domain.customer import Customer
from listener.domain.enriched import Enrichment
from listener.domain.mention import Mention
from listener.simulator import MentionTruth, SimulationSettings, simulate
from listener.simulator.company import CAUSES
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.identity import AuthorIdentity
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import default_taxonomy

Row = tuple[Mention, MentionTruth, Enrichment]


@pytest.fixture(scope="module")
def customers() -> list[Customer]:
    return []


@pytest.fixture(scope="module")
def rows(customers: list[Customer]) -> list[Row]:
    settings = SimulationSettings(customers=2000, days=45, seed=4, ends_at=datetime(2026, 1, 1, tzinfo=UTC))
    mentions: dict[str, Mention] = {}
    truth: dict[str, MentionTruth] = {}
    for event in simulate(settings):
        match event.value:
            case Customer():
                customers.append(event.value)
            case Mention(direction="inbound", revision=0):
                mentions[event.value.mention_id] = event.value
            case MentionTruth():
                truth[event.value.mention_id] = event.value
    found = Enricher().enrich(list(mentions.values()))
    return [
        (mention, truth[mention.mention_id], each)
        for mention, each in zip(mentions.values(), found, strict=True)
    ]


def test_all_causes_but_one_are_in_the_shipped_taxonomy() -> None:
    nodes = {node.id: node.owner for node in default_taxonomy().nodes}
    assert [cause.node for cause in CAUSES if cause.node not in nodes] == ["missed-appointment"]
    assert all(nodes.get(cause.node, cause.owner) == cause.owner for cause in CAUSES)


def test_causes_are_found_about_as_well_as_in_real_complaints(rows: list[Row]) -> None:
    first = [
        (t.root_cause, e)
        for _, t, e in rows
        if t.need == "complaint" and t.place == "first" and not t.campaign
    ]
    right = sum(bool(e.root_causes) and e.root_causes[0].node == cause for cause, e in first)
    assert 0.55 < right / len(first) < 0.78


def test_needs_are_found_mostly(rows: list[Row]) -> None:
    told = [(t.need, e.need) for _, t, e in rows if t.need != "spam"]
    assert 0.6 < sum(truth == found for truth, found in told) / len(told) < 0.92


def test_customers_are_matched_rightly_but_not_all(rows: list[Row], customers: list[Customer]) -> None:
    index = CustomerIndex("US")
    for customer in customers:
        index.put(customer)
    matched = [(t.customer_id, index.match(AuthorIdentity.of(m)).customer_id) for m, t, _ in rows]
    named = [(truth, found) for truth, found in matched if found is not None]
    assert sum(truth == found for truth, found in named) / len(named) > 0.98
    known = [found for truth, found in matched if truth is not None]
    assert 0.5 < sum(found is not None for found in known) / len(known) < 0.85
