"""What connectors remember in Kafka: where they stopped, who wrote what, and what waits for its original."""

from typing import Any

from listener.domain.contract import UtcTime, Versioned


class Cursor(Versioned):
    """How far a source has been published; only ever moved after the broker's acknowledgement."""

    source: str
    position: dict[str, Any]
    """What the connector needs to go on; only the connector of that source reads it."""
    at: UtcTime
    heard_at: UtcTime | None = None
    """When something was heard last: a position may move without that."""


class IndexEntry(Versioned):
    """Who wrote a mention of a source, and what it replies to; keyed by ``source-kind:native id``."""

    mention_id: str
    author: str
    outbound: bool = False
    reply_to: str | None = None
    said_at: UtcTime | None = None
    """When it was said; None in entries of before this was written down."""


class ParkedItem(Versioned):
    """A company's answer or a deletion whose author is not known yet; keyed by the id that it waits for."""

    awaits: str
    """Mention id of what it answers or deletes."""
    items: tuple[dict[str, Any], ...] = ()
    """Mention or MentionDeleted values without their author."""
    at: UtcTime
