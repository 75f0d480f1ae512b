"""What triage found of a simulated company beside its truth: who was failed how often, what was never answered.

The same records go through the two stages four times: as in the stream; with the truth about what each mention
says in place of enrichment; with the truth about who said it in place of matching; and with both. What is
wrong in the last run is triage's own; what the others add is that of enrichment and of matching.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from listener.domain.case import Case
from listener.domain.customer import Customer
from listener.domain.enriched import NO_CAUSE, Complaint, Enrichment, Language, Match, RootCause
from listener.domain.mention import Mention
from listener.domain.response import Outcome
from listener.evaluation.retrieval import Found, b_cubed
from listener.simulator.truth import MatterTruth, MentionTruth
from stream import offline
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.identity import AuthorIdentity
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import Taxonomy, default_taxonomy
from stream.ledger.ledger import Enricher as EnricherLike
from stream.ledger.ledger import Ledger, Recorded
from stream.triage.policy import Policy
from stream.triage.triage import Triage


@dataclass(frozen=True)
class World:
    """A simulated company as it was recorded, and what is true of it.

    Attributes:
        recorded: mentions, deletions and answers.
        mentions: the truth about each inbound mention, by id.
        matters: the truth about each matter.
        outcomes: what became of customers.
    """

    recorded: Sequence[Recorded]
    customers: Sequence[Customer]
    mentions: Mapping[str, MentionTruth]
    matters: Sequence[MatterTruth]
    outcomes: Sequence[Outcome]

    @property
    def as_of(self) -> datetime:
        """When the truth was true: the end of the history."""
        return max(matter.as_of for matter in self.matters)


class TrueWords:
    """Says of each mention what is true of it; of those without truth nothing.

    Args:
        mentions: the truth by mention id.
        otherwise: enriches what the truth does not know: the company's own words.
    """

    def __init__(self, mentions: Mapping[str, MentionTruth], otherwise: EnricherLike) -> None:
        self._mentions = mentions
        self._otherwise = otherwise

    def enrich(self, mentions: Sequence[Mention]) -> list[Enrichment]:
        """As `stream.ledger.ledger.Enricher`."""
        found = self._otherwise.enrich(mentions)
        return [
            _true_words(self._mentions[mention.mention_id]) if mention.mention_id in self._mentions else other
            for mention, other in zip(mentions, found, strict=True)
        ]


def _true_words(truth: MentionTruth) -> Enrichment:
    """Only a contact wants an answer of ours: replies to our question, thanks and talk do not."""
    known = truth.root_cause != NO_CAUSE
    return Enrichment(
        language=Language(code=truth.language, probability=1.0),
        complaint=Complaint(probability=1.0 if truth.need == "complaint" else 0.0),
        need=truth.need,
        needs_response=truth.role in ("contact", "reply"),
        severity=truth.severity,
        root_causes=(RootCause(node=truth.root_cause, owner="", score=1.0),) if known else (),
    )


class TruePeople(CustomerIndex):
    """A customer table that knows whose every account is."""

    def __init__(self, customer_of: Mapping[str, str | None]) -> None:
        super().__init__()
        self._customer_of = customer_of

    def match(
        self, identity: AuthorIdentity, confirmed: str | None = None, rejected: frozenset[str] = frozenset()
    ) -> Match:
        """Who it truly is."""
        customer_id = self._customer_of.get(identity.author)
        if customer_id is None:
            return Match(status="unknown")
        return Match(status="matched", customer_id=customer_id, method="confirmed")


def evaluate_triage(
    world: World, policy: Policy, taxonomy: Taxonomy | None = None, region: str | None = None
) -> dict[str, Any]:
    """Compares the cases at the end of the history with the truth.

    Args:
        policy: with the response targets that the truth counts by.

    Returns:
        For JSON: sizes, and for each of the four runs

        - failed_contacts: precision and recall over contacts that were failed
        - never_answered: over matters that no person ever answered though the first target has passed;
          knowable leaves out matters with an answer that left no trace, of which nobody can know
        - failures_of_party: share of parties of whom exactly as many failed contacts are known as is true
        - grouping: B-cubed precision and recall of contacts in cases against matters
    """
    enricher = Enricher((taxonomy or default_taxonomy()).with_severity_words(policy.severity_words))
    words = TrueWords(world.mentions, enricher)
    runs: dict[str, tuple[EnricherLike, CustomerIndex]] = {
        "as_in_the_stream": (enricher, CustomerIndex(region)),
        "with_true_enrichment": (words, CustomerIndex(region)),
        "with_true_match": (enricher, TruePeople(_customers_of(world.mentions.values()))),
        "with_both_true": (words, TruePeople(_customers_of(world.mentions.values()))),
    }
    figures: dict[str, Any] = {
        "mentions": len(world.mentions),
        "matters": len(world.matters),
        "as_of": world.as_of.isoformat(),
        "policy": policy.hash,
    }
    for name, (enrich, customers) in runs.items():
        for customer in world.customers:
            customers.put(customer)
        stages = offline.run(
            world.recorded, Ledger(enrich, customers, region), Triage(policy, customers), world.as_of
        )
        found = [case for case in stages.cases.values() if case.state != "superseded"]
        figures[name] = _figures(world, found)
    return figures


def _customers_of(mentions: Iterable[MentionTruth]) -> dict[str, str | None]:
    """Whose each account is; where several people share one, the first who spoke."""
    found: dict[str, str | None] = {}
    for mention in sorted(mentions, key=lambda mention: (mention.occurred_at, mention.mention_id)):
        found.setdefault(mention.author, mention.customer_id)
    return found


def _figures(world: World, cases: Sequence[Case]) -> dict[str, Any]:
    case_of = {contact.mention_id: case for case in cases for contact in case.contacts}
    failed = {contact.mention_id for case in cases for contact in case.contacts if contact.failed}
    truly_failed = {name for name, truth in world.mentions.items() if truth.failed}
    never, truly_never = set(), set()
    for matter in world.matters:
        if matter.never_answered:
            truly_never.add(matter.matter_id)
        case = case_of.get(matter.contacts[0])
        if case is not None and matter.contacts[0] in failed and not _answered(case):
            never.add(matter.matter_id)
    lost = {matter.matter_id for matter in world.matters if matter.lost_answers}
    known: dict[str, int] = {}
    true: dict[str, int] = {}
    for name, truth in world.mentions.items():
        known[truth.party] = known.get(truth.party, 0) + (name in failed)
        true[truth.party] = true.get(truth.party, 0) + truth.failed
    exact = sum(known[party] == count for party, count in true.items())
    matter_of = {name: truth.matter_id for name, truth in world.mentions.items() if truth.matter_id}
    precision, recall = b_cubed(matter_of, {name: case.case_id for name, case in case_of.items()})
    return {
        "cases": len(cases),
        "failed_contacts": Found.of(truly_failed, failed).figures(),
        "never_answered": {
            **Found.of(truly_never, never).figures(),
            "knowable": Found.of(truly_never - lost, never - lost).figures(),
        },
        "failures_of_party": {
            "parties": len(true),
            "exact": exact,
            "share": round(exact / len(true), 4) if true else None,
        },
        "grouping": {"precision": precision, "recall": recall},
    }


def _answered(case: Case) -> bool:
    return any(answer.kind != "acknowledged" for answer in case.responses)
