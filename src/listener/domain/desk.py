"""Tickets that helpdesks keep for cases."""

from pydantic import Field

from listener.domain.contract import UtcTime, Versioned


class Ticket(Versioned):
    """Which ticket a case has at a desk, and up to which version the desk knows the case."""

    case_id: str
    desk: str
    ticket_id: str
    case_version: int = Field(ge=0, lt=2**63)
    url: str | None = None
    updated_at: UtcTime
