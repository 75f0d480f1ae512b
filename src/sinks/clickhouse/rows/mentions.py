"""Rows of `mentions` and `mention_tombstones`, from mentions.enriched."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import Any

import orjson

from listener.domain.enriched import (
    TOLD,
    EnrichedDeletion,
    EnrichedMention,
    RootCause,
    as_told,
    need_as_told,
    read_enriched,
)
from listener.domain.ids import is_kind
from listener.domain.mention import Contactable, Mention, Reach
from listener.domain.quick_read import quick_batch_reader
from listener.kafka.record import Record
from sinks.clickhouse.rows.row import (
    Columns,
    Rows,
    milliseconds,
    milliseconds_or_none,
    or_empty,
    published,
    unless,
    unsigned,
    values_of,
    versions,
)


def mention_rows(records: Sequence[Record]) -> list[Rows]:
    """Mentions, and the news that some were deleted."""
    mentions: list[EnrichedMention] = []
    deletions: list[EnrichedDeletion] = []
    of_mentions: list[Record] = []
    of_deletions: list[Record] = []
    for value, record in zip(_read(values_of(records)), records, strict=True):
        if value.kind == "deleted":
            deletions.append(value)
            of_deletions.append(record)
        else:
            mentions.append(value)
            of_mentions.append(record)
    return [
        Rows("mentions", _mentions(mentions, of_mentions)),
        Rows("mention_tombstones", _tombstones(deletions, of_deletions)),
    ]


def mention_versions(mentions: Sequence[EnrichedMention], produced_ms: Iterable[int]) -> list[int]:
    """Which row of a mention holds: revision, then deleted, epoch, hash of content, time of publishing (s).

    Of a deleted mention, too, the highest revision holds, and its causes count: whether its row was made before
    the deletion was known depends on how the stream cut its batches. The views hide the words of either.

    The hash makes the winner among two texts with one id and revision independent of their order. The time
    lets a later enrichment of the same content hold.
    """
    return versions(
        ([enriched.mention.revision for enriched in mentions], 53),
        ([enriched.deleted for enriched in mentions], 1),
        ([enriched.epoch for enriched in mentions], 16),
        ([content_hash(enriched.mention) for enriched in mentions], 26),
        ([produced // 1000 for produced in produced_ms], _PUBLISHED_BITS),
    )


def told_version(version: int, told_ms: int) -> int:
    """The version of the row that takes a row's place once somebody told a cause: newer than this one's, and than
    that of the same content published earlier.

    Args:
        told_ms: when it was told, in milliseconds since 1970.
    """
    told_seconds = min(max(0, told_ms // 1000), (1 << _PUBLISHED_BITS) - 1)
    return max(version + 1, version >> _PUBLISHED_BITS << _PUBLISHED_BITS | told_seconds)


def content_hash(mention: Mention) -> int:
    """26 bits that depend on everything in the mention but when it was received."""
    reach, contactable = mention.reach, mention.contactable
    content = (
        *_CONTENT(mention),
        None if reach is None else unsigned(_REACH(reach)),  # orjson writes 64 bits
        None if contactable is None else _CONTACTABLE(contactable),
    )
    return int.from_bytes(blake2b(orjson.dumps(content), digest_size=4).digest(), "big") >> 6


_PUBLISHED_BITS = 32
_CONTENT = attrgetter(*sorted(Mention.model_fields.keys() - {"received_at", "reach", "contactable"}))
_REACH = attrgetter(*Reach.model_fields)
_CONTACTABLE = attrgetter(*Contactable.model_fields)


def _valid(mentions: Sequence[Any]) -> bool:
    """What the validators of `Mention` say."""
    answering = [mention for mention in mentions if mention.answers or mention.answers_author]
    return all(map(is_kind, {mention.source_kind for mention in mentions})) and "inbound" not in {
        mention.direction for mention in answering
    }


_read = quick_batch_reader(EnrichedMention, read_enriched, required=["kind"], holds={Mention: _valid})


def _mentions(enriched: Sequence[EnrichedMention], records: Sequence[Record]) -> Columns:
    mentions = [one.mention for one in enriched]
    found = [one.enrichment for one in enriched]
    matches = [one.match for one in enriched]
    reach = [mention.reach for mention in mentions]
    causes = [_each_once(_causes(one)) for one in enriched]
    gone = [one.deleted for one in enriched]
    needs = [
        need_as_told(one.enrichment.need, one.enrichment.needs_response, one.told_response)
        for one in enriched
    ]
    return {
        "mention_id": [mention.mention_id for mention in mentions],
        "revision": [mention.revision for mention in mentions],
        "source": [mention.source for mention in mentions],
        "source_kind": [mention.source_kind for mention in mentions],
        "native_id": [mention.native_id for mention in mentions],
        "author": [mention.author for mention in mentions],
        "history_author": [one.author for one in enriched],
        "author_name": unless(gone, or_empty(mention.author_name for mention in mentions), ""),
        "channel": [mention.channel for mention in mentions],
        "visibility": [mention.visibility for mention in mentions],
        "direction": [mention.direction for mention in mentions],
        "text": unless(gone, [mention.text for mention in mentions], ""),
        "title": unless(gone, or_empty(mention.title for mention in mentions), ""),
        "thread": or_empty(mention.thread for mention in mentions),
        "reply_to": or_empty(mention.reply_to for mention in mentions),
        "answers": or_empty(mention.answers for mention in mentions),
        "automatic": [mention.automatic for mention in mentions],
        "rating": [mention.rating for mention in mentions],
        "followers": unsigned([one.followers if one else None for one in reach]),
        "likes": unsigned([one.likes if one else None for one in reach]),
        "reposts": unsigned([one.reposts if one else None for one in reach]),
        "verified_author": [one.verified if one else None for one in reach],
        "url": unless(gone, or_empty(mention.url for mention in mentions), ""),
        "occurred_at": milliseconds([mention.occurred_at for mention in mentions]),
        "edited_at": milliseconds_or_none([mention.edited_at for mention in mentions]),
        "received_at": milliseconds([mention.received_at for mention in mentions]),
        "historical": [mention.historical for mention in mentions],
        "deleted": gone,
        "language": [one.language.code for one in found],
        "language_probability": [one.language.probability for one in found],
        "sentiment": [one.sentiment.compound if one.sentiment else None for one in found],
        "sentiment_label": [one.sentiment.label if one.sentiment else "" for one in found],
        "complaint": [one.complaint.probability for one in found],
        "complaint_evidence": unless(gone, [one.complaint.evidence for one in found], ()),
        "need": [need for need, _ in needs],
        "needs_response": [needs_response for _, needs_response in needs],
        "need_reasons": [one.need_reasons for one in found],
        "severity": [one.severity for one in found],
        "causes": [[cause.node for cause in named] for named in causes],
        "cause_owners": [[cause.owner for cause in named] for named in causes],
        "cause_scores": [[cause.score for cause in named] for named in causes],
        "cause_evidence": unless(gone, [_evidence(named) for named in causes], ()),
        "grouping_cause": [one.grouping_cause for one in enriched],
        "match_status": [match.status for match in matches],
        "match_method": [match.method for match in matches],
        "match_customer": or_empty(match.customer_id for match in matches),
        "match_evidence": unless(gone, [match.evidence for match in matches], ()),
        "model_versions": [_versions(one) for one in enriched],
        "copy_of": or_empty(one.copy_of for one in found),
        "copy_marks": [one.copy_marks for one in found],
        "party": [one.party for one in enriched],
        "epoch": unsigned([one.epoch for one in enriched]),
        "version": mention_versions(enriched, (record.timestamp for record in records)),
    }


def _causes(enriched: EnrichedMention) -> tuple[RootCause, ...]:
    """What was said about it, before what was found."""
    found, told = enriched.enrichment.root_causes, enriched.told_cause
    return found if told is None else as_told(found, told)


def _versions(enriched: EnrichedMention) -> dict[str, str]:
    made_by = enriched.enrichment.versions
    if enriched.told_response is not None:
        made_by = made_by | {"need": TOLD}
    if enriched.told_cause is None or _causes(enriched) == enriched.enrichment.root_causes:
        return made_by
    return made_by | {"root_causes": TOLD}


def _each_once(causes: tuple[RootCause, ...]) -> Sequence[RootCause]:
    """Reports count a mention once for each cause."""
    if len(causes) < 2:
        return causes
    first: dict[str, RootCause] = {}
    for cause in causes:
        first.setdefault(cause.node, cause)
    return list(first.values())


def _evidence(causes: Sequence[RootCause]) -> tuple[str, ...]:
    """Each word once, in the order of its first appearance."""
    return tuple(dict.fromkeys(word for cause in causes for word in cause.evidence)) if causes else ()


def _tombstones(values: Sequence[EnrichedDeletion], records: Sequence[Record]) -> Columns:
    deletions = [value.deletion for value in values]
    return {
        "mention_id": [deletion.mention_id for deletion in deletions],
        "author": [value.author for value in values],
        "source": [deletion.source for deletion in deletions],
        "deleted_at": milliseconds([deletion.deleted_at for deletion in deletions]),
        "received_at": milliseconds([deletion.received_at for deletion in deletions]),
        "historical": [deletion.historical for deletion in deletions],
        "version": versions(*published(records)),
    }
