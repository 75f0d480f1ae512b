"""Every topic: its key, its partitions, what becomes of old records. The only place that names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from listener.domain.case import Case
from listener.domain.clock import ClockTick, TimerDue
from listener.domain.command import CaseCommand, RematchAuthor
from listener.domain.connector_state import Cursor, IndexEntry, ParkedItem
from listener.domain.contract import Versioned
from listener.domain.customer import Customer, IdentityLink
from listener.domain.dead_letter import DeadLetter, DeadLetterResolution
from listener.domain.desk import Ticket
from listener.domain.enriched import EnrichedDeletion, EnrichedMention
from listener.domain.erasure import EraseAuthor, Erasure
from listener.domain.governance import Alert, AuditEntry, ConfigInForce, Fix
from listener.domain.level import LevelClaim
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.party import PartyEvent, PartyOf
from listener.domain.response import Outcome, Response

DAY_MS = 24 * 60 * 60 * 1000
DEFAULT_PARTITIONS = 12
MAX_RECORD_BYTES = 4 * 1024 * 1024
MAX_DERIVED_BYTES = 8 * 1024 * 1024
"""For what is made from a record: it must never be too large where the record was not."""
MAX_DEAD_BYTES = 10 * 1024 * 1024
"""Above every other topic's limit, so that whatever came in can be kept as it came."""
TOMBSTONE_MS = DAY_MS
"""How long a deleted key stays known as deleted. A copy of a table that was away for longer is rebuilt."""
SWEEP_KEY = b"__swept"
"""Of tombstones that delete nothing; see `stream.sweep`."""
SWEEP_SECONDS = 6 * 60 * 60.0
SEGMENT_MS = DAY_MS
"""Kafka deletes and compacts whole files, never the one that it writes: a record is there for so much longer."""


@dataclass(frozen=True)
class Topic:
    """One topic.

    Attributes:
        keyed_by: meaning of the key, in words.
        partitions: a number, or ``N``, the installation's count that author- and party-keyed topics share.
        retention_ms: records older than this are gone; None for compacted topics, where what was replaced or
            deleted is gone after two days at most, its key two days later.
        models: contracts of the value; the first is the main one.
    """

    name: str
    keyed_by: str
    models: tuple[type[Versioned], ...]
    partitions: int | Literal["N"] = "N"
    retention_ms: int | None = 30 * DAY_MS
    max_bytes: int = MAX_RECORD_BYTES

    @property
    def cleanup_policy(self) -> Literal["compact", "delete"]:
        """Kafka's ``cleanup.policy``."""
        return "compact" if self.retention_ms is None else "delete"

    def config(self) -> dict[str, str]:
        """Kafka's configuration of this topic. Record timestamps are times of producing."""
        config = {"cleanup.policy": self.cleanup_policy, "max.message.bytes": str(self.max_bytes)}
        if self.retention_ms is None:
            return config | {
                "max.compaction.lag.ms": str(SEGMENT_MS),
                "delete.retention.ms": str(TOMBSTONE_MS),
            }
        return config | gone_after(self.retention_ms)


def gone_after(kept_ms: int) -> dict[str, str]:
    """Kafka's settings with which a record is gone after so many milliseconds."""
    segment_ms = min(SEGMENT_MS, kept_ms // 2)
    return {"retention.ms": str(kept_ms - segment_ms), "segment.ms": str(segment_ms)}


RAW = Topic("mentions.raw", "author; outbound: author answered", (Mention, MentionDeleted))
BACKFILL = Topic("mentions.backfill", "author; outbound: author answered", (Mention, MentionDeleted))
RESPONSES = Topic("responses", "author of the contact answered", (Response,))
LINKS = Topic("links", "author", (IdentityLink,), retention_ms=None)
COMMANDS = Topic("case.commands", "author of the first contact named", (CaseCommand, RematchAuthor))
ERASURES = Topic(
    "erasures", "keyed hash of an author or a customer", (Erasure,), partitions=1, retention_ms=None
)
"""Who must not come back; see `listener.domain.erasure`."""
ERASE = Topic("erase.commands", "author", (EraseAuthor,))
CUSTOMERS = Topic("customers", "customer id", (Customer,), retention_ms=None)
ENRICHED = Topic(
    "mentions.enriched", "party", (EnrichedMention, EnrichedDeletion), max_bytes=MAX_DERIVED_BYTES
)
PARTY_EVENTS = Topic("party.events", "party", (PartyEvent,), max_bytes=MAX_DERIVED_BYTES)
TIMERS_DUE = Topic("timers.due", "party", (TimerDue,), retention_ms=DAY_MS)
LEVEL_CLAIMS = Topic("level.claims", "level", (LevelClaim,))
PARTIES = Topic("parties", "author", (PartyOf,), retention_ms=None)
TRIAGE = Topic("triage", "case id", (Case,), retention_ms=None)
TICKETS = Topic("tickets", "case id and desk", (Ticket,), retention_ms=None)
OUTCOMES = Topic("outcomes", "customer id", (Outcome,))
FIXES = Topic("fixes", "fix id", (Fix,), partitions=1, retention_ms=None)
CONFIG = Topic("config", "name", (ConfigInForce,), partitions=1, retention_ms=None)
AUDIT = Topic("audit", "actor", (AuditEntry,), partitions=1)
CLOCK = Topic("clock", "none", (ClockTick,), partitions=1, retention_ms=DAY_MS)
CURSORS = Topic("connector.cursors", "source", (Cursor,), partitions=1, retention_ms=None)
INDEX = Topic("connector.index", "mention id", (IndexEntry,), retention_ms=None)
PARKED = Topic("connector.parked", "source and mention id awaited", (ParkedItem,), retention_ms=None)
ALERTS = Topic("alerts", "alert id", (Alert,), partitions=1)
DEAD = Topic("mentions.dead", "as it came", (DeadLetter,), max_bytes=MAX_DEAD_BYTES)
DEAD_RESOLUTIONS = Topic(
    "dead.resolutions",
    "letter: partition@offset in mentions.dead",
    (DeadLetterResolution,),
    partitions=1,
    retention_ms=60 * DAY_MS,
)
"""Kept longer than the letters: a letter is gone before what was done about it."""

ALL: tuple[Topic, ...] = (
    RAW,
    BACKFILL,
    RESPONSES,
    LINKS,
    COMMANDS,
    ERASURES,
    ERASE,
    CUSTOMERS,
    ENRICHED,
    PARTY_EVENTS,
    TIMERS_DUE,
    LEVEL_CLAIMS,
    PARTIES,
    TRIAGE,
    TICKETS,
    OUTCOMES,
    FIXES,
    CONFIG,
    AUDIT,
    CLOCK,
    CURSORS,
    INDEX,
    PARKED,
    ALERTS,
    DEAD,
    DEAD_RESOLUTIONS,
)
FROM_OUTSIDE: tuple[Topic, ...] = (
    ERASURES,
    CUSTOMERS,
    LINKS,
    RAW,
    BACKFILL,
    RESPONSES,
    COMMANDS,
    ERASE,
    OUTCOMES,
    FIXES,
    CONFIG,
    TICKETS,
    AUDIT,
    INDEX,
    PARKED,
    CURSORS,
)
"""What sources, people and desks wrote, and what connectors remember; the stages make the rest from it."""
NOT_ABOUT_PEOPLE: tuple[Topic, ...] = (CLOCK, CONFIG, FIXES, DEAD_RESOLUTIONS, ERASURES)
"""Hold nothing that tells of people who speak to the company; `erasures` holds keyed hashes."""
STREAM_GROUP = "listener"
"""Consumer group of the stream workers; Faust names the group, and the tables' topics, by its application."""
READ_BY_STAGE: dict[str, tuple[Topic, ...]] = {
    "ledger": (RAW, BACKFILL, RESPONSES, LINKS, COMMANDS, ERASE),
    "triage": (ENRICHED, PARTY_EVENTS, TIMERS_DUE),
    "levels": (LEVEL_CLAIMS,),
}
"""Stage to the topics that it reads."""
CHANGELOGS: tuple[Topic, ...] = tuple(
    Topic(
        f"{STREAM_GROUP}-{stage}-changelog",
        "key of the stage",
        (),
        retention_ms=None,
        max_bytes=MAX_DERIVED_BYTES,
    )
    for stage in READ_BY_STAGE
)
"""What the tables of the stages are rebuilt from; Faust names them by application and table."""
LEDGER_CHANGELOG = CHANGELOGS[[*READ_BY_STAGE].index("ledger")]
"""Key to what the ledger knows of an author."""
BY_NAME: dict[str, Topic] = {topic.name: topic for topic in ALL}


def check_overrides(overrides: Mapping[str, Mapping[str, str]]) -> None:
    """Looks at settings that are to stand above the product's own.

    Raises:
        ValueError: there is no such topic, or the pipeline would lose something or stop with such a setting.
    """
    topics = BY_NAME | {topic.name: topic for topic in CHANGELOGS}
    for name, settings in overrides.items():
        topic = topics.get(name)
        if topic is None:
            raise ValueError(f"there is no topic {name}; docs/operations.md lists them")
        if "cleanup.policy" in settings:
            raise ValueError(f"{name}: cleanup.policy is part of what the topic means, and is fixed")
        if "retention.ms" in settings and topic.retention_ms is None:
            raise ValueError(f"{name}: the topic is compacted, so that retention.ms would have no effect")
        if int(settings.get("max.message.bytes", topic.max_bytes)) < topic.max_bytes:
            raise ValueError(
                f"{name}: max.message.bytes below {topic.max_bytes} would refuse records of ours"
            )
    letters, resolutions = (
        float("inf") if kept < 0 else kept
        for kept in (
            int(overrides.get(topic.name, {}).get("retention.ms", topic.retention_ms or 0))
            for topic in (DEAD, DEAD_RESOLUTIONS)
        )
    )
    if resolutions < letters:
        raise ValueError(
            f"{DEAD_RESOLUTIONS.name} must be kept at least as long as {DEAD.name} (retention.ms): letters that "
            "were replayed would be open again"
        )
