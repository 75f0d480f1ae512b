"""Records as the stream publishes them, made by hand for tests of what ClickHouse shows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from listener.cases.act import audit_of_command, command_of
from listener.cases.find import Target
from listener.domain.case import Case
from listener.domain.clock import BlackHole
from listener.domain.contract import Versioned
from listener.domain.enriched import NO_CAUSE, EnrichedDeletion, EnrichedMention, RootCause
from listener.domain.ids import author_party
from listener.domain.mention import MentionDeleted
from listener.domain.party import PartyEvent, PartyOf
from listener.domain.response import Response
from listener.examples import examples
from sinks.clickhouse.store_rows import ClickHouseSink

SPRING = datetime(2024, 3, 1, 12, tzinfo=UTC)
PUBLISHED_MS = 1_760_000_000_000


class Sample(NamedTuple):
    """A record as kafka-python gives it."""

    topic: str
    value: bytes | None
    offset: int
    timestamp: int
    key: bytes | None = b"key"
    partition: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


class Log:
    """Records in the order in which they were published."""

    def __init__(self) -> None:
        self.records: list[Sample] = []

    def add(self, topic: str, value: Versioned) -> None:
        place = len(self.records)
        self.records.append(Sample(topic, value.to_json(), place, PUBLISHED_MS + 1000 * place))

    def mention(
        self,
        number: int,
        author: str,
        causes: tuple[str, ...] = (),
        *,
        text: str = "late",
        revision: int = 0,
        epoch: int = 1,
        party: str | None = None,
        at: datetime = SPRING,
        deleted: bool = False,
        need: str | None = None,
        **changes: Any,
    ) -> None:
        base = examples()[EnrichedMention]
        assert isinstance(base, EnrichedMention)
        mention = base.mention.model_copy(
            update={
                "mention_id": f"t:{number}",
                "author": author,
                "text": text,
                "revision": revision,
                "occurred_at": at,
                "edited_at": SPRING if revision else None,
                **changes,
            }
        )
        found = tuple(RootCause(node=node, owner=f"owner of {node}", score=0.5) for node in causes)
        enrichment = {"root_causes": found, "need": need or base.enrichment.need}
        self.add(
            "mentions.enriched",
            base.model_copy(
                update={
                    "party": party or author_party(author),
                    "epoch": epoch,
                    "author": author,
                    "deleted": deleted,
                    "mention": mention,
                    "enrichment": base.enrichment.model_copy(update=enrichment),
                }
            ),
        )

    def deletion(self, number: int, author: str) -> None:
        base = examples()[MentionDeleted]
        deletion = base.model_copy(update={"mention_id": f"t:{number}", "author": author})
        assert isinstance(deletion, MentionDeleted)
        told = EnrichedDeletion(party=author_party(author), epoch=1, author=author, deletion=deletion)
        self.add("mentions.enriched", told)

    def reclassified(self, number: int, author: str, cause: str, days: int) -> None:
        """Somebody said so many days later what a mention is about."""
        contact = f"t:{number}"
        act = command_of(
            "reclassify",
            [Target(contact, contact, author)],
            "K. Agent",
            SPRING + timedelta(days=days),
            cause=cause,
            owner=None if cause == NO_CAUSE else "their owner",
        )
        self.add("audit", audit_of_command(act, contact))

    def needs_response(self, number: int, author: str, days: int, *, wanted: bool) -> None:
        """Somebody said so many days later whether a mention needs a response."""
        contact = f"t:{number}"
        act = command_of(
            "needs_response" if wanted else "needs_no_response",
            [Target(contact, contact, author)],
            "K. Agent",
            SPRING + timedelta(days=days),
        )
        self.add("audit", audit_of_command(act, contact))

    def party(self, author: str, party: str, epoch: int) -> None:
        self.add("parties", PartyOf(author=author, party=party, epoch=epoch, at=SPRING))

    def case(self, number: int, author: str, cause: str, version: int, **changes: Any) -> None:
        base = examples()[Case]
        update = {
            "case_id": f"K-{number}",
            "anchor_author": author,
            "party": author_party(author),
            "root_cause": cause,
            "version": (1 << 32) + version,
            "opened_at": SPRING,
        }
        self.add("triage", base.model_copy(update=update | changes))

    def response(self, number: int, author: str, **changes: Any) -> None:
        event, base = examples()[PartyEvent], examples()[Response]
        response = base.model_copy(update={"response_id": f"r:{number}", "author": author} | changes)
        update = {"kind": "response", "party": author_party(author), "author": author, "response": response}
        self.add("party.events", event.model_copy(update=update))


def hole(number: int, **changes: Any) -> BlackHole:
    """A contact that nobody answered."""
    known = BlackHole(
        contact=f"t:{number}",
        author="t:a",
        source="t",
        channel="email",
        queue="complaints",
        since=SPRING,
        due_at=SPRING + timedelta(hours=8),
        became_at=SPRING + timedelta(hours=9),
    )
    return known.model_copy(update=changes)


def store(url: str, records: Sequence[Sample], batch: int = 1000) -> None:
    sink = ClickHouseSink(url)
    sink.ping()
    for start in range(0, len(records), batch):
        prepared = sink.prepare(records[start : start + batch])
        assert prepared.refused == []
        sink.store(prepared.content)
    sink.close()
