"""What the company answered, and what it gave."""

from typing import Literal

from pydantic import Field

from listener.domain.contract import Contract, EventTime, Versioned
from listener.domain.mention import Channel

ResponseKind = Literal["acknowledged", "answered", "resolved", "declined"]
Level = Literal["product", "front_line", "manager", "executive"]
LEVELS: tuple[Level, ...] = ("product", "front_line", "manager", "executive")


class Goodwill(Contract):
    """What was given to make up for trouble; `amount` in units of `currency` (ISO 4217)."""

    amount: float = Field(ge=0, le=1e12)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    reason: str = Field(default="", max_length=300)


class Response(Versioned):
    """One answer to one contact. Derived from an outbound mention (then `response_id` is its id) or explicit.

    An explicit response with the id of an outbound mention overrides what was derived from it.
    """

    response_id: str = Field(min_length=1, max_length=300)
    contact: str | None = Field(default=None, max_length=300)
    """Id of the mention that is answered; none where the source does not say."""
    author: str = Field(min_length=3, max_length=300)
    """The author who is answered, and the key of the record."""
    channel: Channel
    by: str = Field(min_length=1, max_length=300)
    level: Level = "front_line"
    kind: ResponseKind
    reason: str | None = Field(default=None, max_length=1000)
    """Why it was declined."""
    excerpt: str = Field(default="", max_length=280)
    goodwill: Goodwill | None = None
    occurred_at: EventTime
    received_at: EventTime
    historical: bool = False
    derived: bool = False
    revision: int = 0
    """Derived: revision of the outbound mention; the highest seen holds."""


class Outcome(Versioned):
    """What became of a customer afterwards, from the company's own systems."""

    outcome_id: str = Field(min_length=1, max_length=200)
    customer_id: str = Field(min_length=1, max_length=200)
    kind: Literal["csat", "repeat_purchase", "churn"]
    value: float
    """CSAT on the company's own scale; amount bought; 1 for churn."""
    occurred_at: EventTime
