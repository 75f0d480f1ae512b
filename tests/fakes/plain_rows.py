"""Rows made in the plainest way: one record at a time, read by its contract, a value for each column by name.

What `sinks.clickhouse.rows` must equal, for the topics whose many records it reads quickly.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from listener.domain.case import Case
from listener.domain.contract import Contract
from listener.domain.enriched import EnrichedDeletion, EnrichedMention, read_enriched
from listener.domain.errors import Rejected
from listener.domain.governance import Alert
from listener.domain.party import PartyEvent, PartyOf
from listener.kafka.record import Record
from sinks.clickhouse.rows.case_course import courses_of

PlainRow = tuple[str, dict[str, Any]]
"""A table, and columns with their values."""


def plain_rows(record: Record) -> list[PlainRow]:
    """The rows of a record of one of the five topics.

    Raises:
        Rejected: it can have none.
    """
    if record.value is None:
        raise Rejected("no-value", f"{record.topic} takes no tombstones")
    match record.topic:
        case "mentions.enriched":
            value = read_enriched(record.value)
            if isinstance(value, EnrichedDeletion):
                return [("mention_tombstones", _tombstone(value, record))]
            return [("mentions", _mention(value, record))]
        case "triage":
            case = Case.read(record.value)
            return [
                ("cases", _case(case, record)),
                *(("black_holes", hole) for hole in _black_holes(case, record)),
            ]
        case "parties":
            return [("parties", _party(PartyOf.read(record.value), record))]
        case "party.events":
            event = PartyEvent.read(record.value)
            told = event.kind == "response" and event.response is not None
            return [("responses", _response(event, record))] if told else []
        case "alerts":
            return [("alerts", _alert(Alert.read(record.value), record))]
    raise AssertionError(record.topic)


def _black_holes(case: Case, record: Record) -> list[dict[str, Any]]:
    whole = _case(case, record)
    return [
        {column: whole[column] for column in ("case_id", "case_version", "policy_hash", "version")}
        | {
            "contact": hole.contact,
            "author": hole.author,
            "source": hole.source,
            "channel": hole.channel,
            "queue": hole.queue,
            "owner": hole.owner or "",
            "since": _ms(hole.since),
            "due_at": _ms(hole.due_at),
            "became_at": _ms(hole.became_at),
            "acknowledged_at": _ms_or_none(hole.acknowledged_at),
            "chased": list(hole.chased),
            "chased_count": _cut(hole.chased_count),
            "last_chased_at": _ms_or_none(hole.last_chased_at),
            "ended_at": _ms_or_none(hole.ended_at),
            "ended_by": hole.ended_by or "",
        }
        for hole in case.black_holes
    ]


def _ms(moment: datetime) -> int:
    if not 1900 <= moment.year <= 2299:
        raise Rejected("time-out-of-range", f"{moment.isoformat()}: ClickHouse holds the years 1900 to 2299")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else _ms(moment)


def _cut(number: int | None) -> int | None:
    return None if number is None else min(number, 2**64 - 1)


def _packed(*parts: tuple[int, int]) -> int:
    packed = 0
    for value, bits in parts:
        packed = packed << bits | min(max(value, 0), 2**bits - 1)
    return packed


def _published(record: Record) -> int:
    return _packed((record.timestamp, 44), (record.offset, 52))


def _fields(part: Contract | None) -> list[Any] | None:
    return None if part is None else [_cut_number(getattr(part, name)) for name in type(part).model_fields]


def _cut_number(value: Any) -> Any:
    return min(value, 2**64 - 1) if isinstance(value, int) else value


def _mention(enriched: EnrichedMention, record: Record) -> dict[str, Any]:
    mention, found, match = enriched.mention, enriched.enrichment, enriched.match
    reach = mention.reach
    gone = enriched.deleted
    causes = list({cause.node: cause for cause in reversed(found.root_causes)}.values())[::-1]
    content = [
        *(
            getattr(mention, name)
            for name in sorted(type(mention).model_fields)
            if name not in ("received_at", "reach", "contactable")
        ),
        _fields(reach),
        _fields(mention.contactable),
    ]
    digest = blake2b(orjson.dumps(content), digest_size=4).digest()
    return {
        "mention_id": mention.mention_id,
        "revision": mention.revision,
        "source": mention.source,
        "source_kind": mention.source_kind,
        "native_id": mention.native_id,
        "author": mention.author,
        "history_author": enriched.author,
        "author_name": "" if gone else mention.author_name or "",
        "channel": mention.channel,
        "visibility": mention.visibility,
        "direction": mention.direction,
        "text": "" if gone else mention.text,
        "title": "" if gone else mention.title or "",
        "thread": mention.thread or "",
        "reply_to": mention.reply_to or "",
        "answers": mention.answers or "",
        "automatic": mention.automatic,
        "rating": mention.rating,
        "followers": _cut(reach.followers) if reach else None,
        "likes": _cut(reach.likes) if reach else None,
        "reposts": _cut(reach.reposts) if reach else None,
        "verified_author": reach.verified if reach else None,
        "url": "" if gone else mention.url or "",
        "occurred_at": _ms(mention.occurred_at),
        "edited_at": _ms_or_none(mention.edited_at),
        "received_at": _ms(mention.received_at),
        "historical": mention.historical,
        "deleted": gone,
        "language": found.language.code,
        "language_probability": found.language.probability,
        "sentiment": found.sentiment.compound if found.sentiment else None,
        "sentiment_label": found.sentiment.label if found.sentiment else "",
        "complaint": found.complaint.probability,
        "complaint_evidence": [] if gone else list(found.complaint.evidence),
        "need": found.need,
        "needs_response": found.needs_response,
        "need_reasons": list(found.need_reasons),
        "severity": list(found.severity),
        "causes": [cause.node for cause in causes],
        "cause_owners": [cause.owner for cause in causes],
        "cause_scores": [cause.score for cause in causes],
        "cause_evidence": []
        if gone
        else list(dict.fromkeys(word for cause in causes for word in cause.evidence)),
        "grouping_cause": enriched.grouping_cause,
        "match_status": match.status,
        "match_method": match.method,
        "match_customer": match.customer_id or "",
        "match_evidence": [] if gone else list(match.evidence),
        "model_versions": found.versions,
        "party": enriched.party,
        "epoch": _cut(enriched.epoch),
        "version": _packed(
            (mention.revision, 53),
            (gone, 1),
            (enriched.epoch, 16),
            (int.from_bytes(digest, "big") >> 6, 26),
            (record.timestamp // 1000, 32),
        ),
    }


def _tombstone(value: EnrichedDeletion, record: Record) -> dict[str, Any]:
    return {
        "mention_id": value.deletion.mention_id,
        "author": value.author,
        "source": value.deletion.source,
        "deleted_at": _ms(value.deletion.deleted_at),
        "received_at": _ms(value.deletion.received_at),
        "historical": value.deletion.historical,
        "version": _published(record),
    }


def _case(case: Case, record: Record) -> dict[str, Any]:
    customer = case.customer
    [course] = courses_of([case])
    return {
        "case_id": case.case_id,
        "case_version": case.version,
        "party": case.party,
        "anchor": case.anchor,
        "anchor_author": case.anchor_author,
        "state": case.state,
        "superseded_by": case.superseded_by or "",
        "supersedes": list(case.supersedes),
        "historical": case.historical,
        "queue": case.queue,
        "level": case.level,
        "owner": case.owner or "",
        "priority": case.priority,
        "waiting_since": _ms_or_none(case.waiting_since),
        "due_at": _ms_or_none(case.due_at),
        "reasons": [reason.rule for reason in case.reasons],
        "root_cause": case.root_cause,
        "root_cause_owner": case.root_cause_owner or "",
        "severity": list(case.severity),
        "needs_response": case.needs_response,
        "customer_id": customer.customer_id if customer else "",
        "segment": (customer.segment or "") if customer else "",
        "authors": list(case.authors),
        "contacts": [contact.mention_id for contact in case.contacts],
        "contact_count": _cut(case.contact_count),
        "failed_contacts": _cut(case.failed_contacts),
        "failed_levels": list(case.failed_levels),
        "response_count": _cut(case.response_count),
        "goodwill_amounts": [given.amount for given in case.goodwill],
        "goodwill_currencies": [given.currency for given in case.goodwill],
        "clock_kinds": [clock.kind for clock in case.clocks],
        "clock_states": [clock.state for clock in case.clocks],
        "clock_due_at": [_ms(clock.due_at) for clock in case.clocks],
        "clock_families": [clock.family for clock in case.clocks],
        "clock_jurisdictions": [clock.jurisdiction or "" for clock in case.clocks],
        "asked_at": _ms_or_none(course.asked_at),
        "channel": course.channel or "",
        "need": course.need or "",
        "visibility": course.visibility or "",
        "source": course.source or "",
        "first_answer_at": _ms_or_none(course.first_answer_at),
        "first_answer_channel": course.first_answer_channel or "",
        "first_answer_level": course.first_answer_level or "",
        "ended_at": _ms_or_none(course.ended_at),
        "private_attempts": course.private_attempts,
        "went_public_at": _ms_or_none(course.went_public_at),
        "executive_answers": course.executive_answers,
        "opened_at": _ms(case.opened_at),
        "last_at": _ms(case.last_at),
        "policy_hash": case.policy_hash,
        "snapshot_partition": record.partition,
        "snapshot_offset": record.offset,
        "version": _packed((case.version, 64), (record.timestamp, 64)),
    }


def _party(party: PartyOf, record: Record) -> dict[str, Any]:
    return {
        "author": party.author,
        "party": party.party,
        "epoch": _cut(party.epoch),
        "at": _ms(party.at),
        "customer_id": party.customer_id or "",
        "method": party.method,
        "withdrawn": 0,
        "version": _packed((min(party.epoch, 2**32 - 2), 32), (record.timestamp, 44), (record.offset, 52)),
    }


def _alert(alert: Alert, record: Record) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "kind": alert.kind,
        "subject": alert.subject,
        "due_at": _ms(alert.due_at),
        "text": alert.text,
        "withdrawn": alert.withdrawn,
        "severity": alert.severity,
        "version": _published(record),
    }


def _response(event: PartyEvent, record: Record) -> dict[str, Any]:
    response = event.response
    assert response is not None
    goodwill = response.goodwill
    return {
        "response_id": response.response_id,
        "contact": response.contact or "",
        "author": response.author,
        "channel": response.channel,
        "answered_by": response.by,
        "level": response.level,
        "kind": response.kind,
        "reason": response.reason or "",
        "excerpt": response.excerpt,
        "goodwill_amount": goodwill.amount if goodwill else None,
        "goodwill_currency": goodwill.currency if goodwill else "",
        "goodwill_reason": goodwill.reason if goodwill else "",
        "occurred_at": _ms(response.occurred_at),
        "received_at": _ms(response.received_at),
        "historical": response.historical,
        "derived": response.derived,
        "party": event.party,
        "epoch": _cut(event.epoch),
        "version": _packed(
            (not response.derived, 1), (response.revision, 53), (event.epoch, 16), (record.timestamp, 58)
        ),
    }
