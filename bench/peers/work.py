"""What all peers share: their arguments, the product's pure stages, and what they do to one mention."""

import argparse
import gc
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from listener.domain.customer import Customer
from listener.domain.enriched import Complaint, EnrichedMention, Enrichment, Language, Match
from listener.domain.ids import author_party
from listener.domain.mention import Mention
from listener.domain.topics import CUSTOMERS
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from stream.enriching_process import GARBAGE_THRESHOLDS
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher
from stream.ledger.ledger import Enricher as AnyEnricher
from stream.ledger.ledger import Ledger
from stream.triage.policy import default_policy
from stream.triage.triage import Triage

BATCH_RECORDS = 1000
BATCH_WAIT_SECONDS = 0.05
"""As the product's workers have it."""
UNKNOWN = Match(status="unknown")


@dataclass(frozen=True)
class Task:
    """What a peer is told: the broker, its group, a directory of its own, whether to enrich."""

    servers: str
    group: str
    state_dir: Path
    enrichment: str


class NoEnrichment:
    """Says the same about every mention: what is left is the way of a record."""

    said = Enrichment(
        language=Language(code="und", probability=0.0),
        complaint=Complaint(probability=0.0),
        need="unsure",
        needs_response=True,
    )

    def enrich(self, mentions: Sequence[Mention]) -> list[Enrichment]:
        """The same for each."""
        return [self.said] * len(mentions)


def task() -> Task:
    """Reads the command line; quiet logs and a garbage collector that looks seldom, as the product has it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--state-dir", required=True, type=Path)
    parser.add_argument("--enrichment", choices=("product", "none"), default="product")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    logging.disable(logging.INFO)
    return Task(given.servers, given.group, given.state_dir, given.enrichment)


def settle() -> None:
    """What is there now stays; to be called when everything is loaded."""
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def enricher(of: Task) -> AnyEnricher:
    """The product's, or none."""
    return Enricher() if of.enrichment == "product" else NoEnrichment()


def stages(of: Task) -> tuple[Ledger, Triage]:
    """The product's two pure stages, with the customers that are on their topic now."""
    customers = CustomerIndex()
    for record in read_whole(KafkaConnection(of.servers), CUSTOMERS.name):
        if record.value is not None:
            customers.put(Customer.read(record.value))
    return Ledger(enricher(of), customers), Triage(default_policy(), customers)


def enriched(mention: Mention, found: Enrichment) -> EnrichedMention:
    """What stage 1 would publish if it remembered nothing and knew no customer."""
    return EnrichedMention.model_construct(
        party=author_party(mention.key),
        epoch=1,
        author=mention.key,
        deleted=False,
        mention=mention,
        enrichment=found,
        match=UNKNOWN,
        grouping_cause=found.root_causes[0].node if found.root_causes else "unknown",
        grouping_revision=mention.revision,
    )


def now() -> datetime:
    """The time of a step."""
    return datetime.now(UTC)
