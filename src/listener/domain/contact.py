"""A contact: an inbound mention in the short form that histories and cases keep."""

from pydantic import Field

from listener.domain.contract import Contract, UtcTime
from listener.domain.enriched import NO_CAUSE, EnrichedMention, Need, Severity
from listener.domain.mention import Channel, Reach, Visibility

EXCERPT = 280


class Contact(Contract):
    """What remains of a mention in the history of its author; without text once it is deleted."""

    mention_id: str
    revision: int = 0
    author: str
    source: str
    channel: Channel
    visibility: Visibility
    occurred_at: UtcTime
    effective_at: UtcTime
    historical: bool = False
    deleted: bool = False
    thread: str | None = None
    reply_to: str | None = None
    excerpt: str = Field(default="", max_length=EXCERPT)
    url: str | None = None
    need: Need
    needs_response: bool
    complaint: float = Field(ge=0, le=1)
    severity: tuple[Severity, ...] = ()
    causes: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    """Process owners of `causes`, in the same order."""
    grouping_cause: str = NO_CAUSE
    grouping_revision: int = 0
    """Revision that `grouping_cause` was found in; the lowest seen holds."""
    failed_by_hand: bool = False
    """A person marked this contact as failed."""
    reach: Reach | None = None
    """As the source told it; with `reach_claims` left out of cases, see `listener.domain.case.Case.reach`."""
    reach_claims: tuple[str, ...] = ()
    """How far their words carry, as the author says; gone with the text."""


def contact_of(enriched: EnrichedMention) -> Contact:
    """The short form of an enriched inbound mention."""
    mention, found = enriched.mention, enriched.enrichment
    return Contact(
        mention_id=mention.mention_id,
        revision=mention.revision,
        author=enriched.author,
        source=mention.source,
        channel=mention.channel,
        visibility=mention.visibility,
        occurred_at=mention.occurred_at,
        effective_at=mention.effective_at,
        historical=mention.historical,
        deleted=enriched.deleted,
        thread=mention.thread,
        reply_to=mention.reply_to,
        excerpt="" if enriched.deleted else shorten(mention.text),
        url=mention.url,
        need=found.need,
        needs_response=found.needs_response,
        complaint=found.complaint.probability,
        severity=found.severity,
        causes=tuple(cause.node for cause in found.root_causes),
        owners=tuple(cause.owner for cause in found.root_causes),
        grouping_cause=enriched.grouping_cause,
        grouping_revision=enriched.grouping_revision,
        reach=mention.reach,
        reach_claims=() if enriched.deleted else found.reach_claims,
    )


def shorten(text: str, limit: int = EXCERPT) -> str:
    """The text in one line of at most `limit` characters, with an ellipsis where it was cut."""
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
