"""Customers as the company knows them, and what people decided about who an author is."""

from typing import Literal

from pydantic import Field

from listener.domain.contract import Contract, EventTime, Versioned


class Handle(Contract):
    """An account that the company knows to be the customer's."""

    source_kind: str
    handle: str = Field(min_length=1, max_length=200)


class Detail(Contract):
    """Something told about a person, under a name of the company's choice, such as ``date_of_birth``."""

    field: str = Field(min_length=1, max_length=100)
    value: str = Field(min_length=1, max_length=300)


class Customer(Versioned):
    """One record of the company's customer database."""

    customer_id: str = Field(min_length=1, max_length=200)
    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    handles: tuple[Handle, ...] = ()
    segment: str | None = None
    preferred_channel: str | None = None
    consent: dict[str, bool] = Field(default_factory=dict)
    """Purpose to whether the customer agreed to it."""
    updated_at: EventTime | None = None
    places: tuple[str, ...] = ()
    """Towns and the like, where the customer lives or has lived."""
    references: tuple[str, ...] = ()
    """Numbers of orders, accounts and contracts, by which a mention may name the customer."""
    details: tuple[Detail, ...] = ()
    """What else can be compared with what an author tells; see docs/matching.md."""


class LinkDecision(Contract):
    """A person's word on whether an author is a customer."""

    customer_id: str = Field(min_length=1, max_length=200)
    verdict: Literal["confirmed", "rejected"]
    by: str = Field(min_length=1, max_length=200)
    at: EventTime
    evidence: str = ""


class IdentityLink(Versioned):
    """Everything that people decided about one author's identity; the newest decision on a customer holds."""

    author: str = Field(min_length=3, max_length=300)
    decisions: tuple[LinkDecision, ...] = ()

    def confirmed(self) -> str | None:
        """The customer confirmed last and not rejected since, if any."""
        holds = self._holding()
        chosen = [d for d in holds.values() if d.verdict == "confirmed"]
        return max(chosen, key=lambda d: (d.at, d.customer_id)).customer_id if chosen else None

    def rejected(self) -> frozenset[str]:
        """The customers whom this author is known not to be."""
        return frozenset(c for c, d in self._holding().items() if d.verdict == "rejected")

    def _holding(self) -> dict[str, LinkDecision]:
        holds: dict[str, LinkDecision] = {}
        for decision in sorted(self.decisions, key=lambda d: (d.at, d.verdict)):
            holds[decision.customer_id] = decision
        return holds
