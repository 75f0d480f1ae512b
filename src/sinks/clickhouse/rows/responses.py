"""Rows of `responses`, from the answers on party.events."""

from collections.abc import Sequence

from listener.domain.party import PartyEvent
from listener.domain.quick_read import quick_batch_reader
from listener.kafka.record import Record
from sinks.clickhouse.rows.row import Columns, Rows, milliseconds, or_empty, unsigned, values_of, versions

_read = quick_batch_reader(PartyEvent, PartyEvent.read)


def response_rows(records: Sequence[Record]) -> list[Rows]:
    """The answers that events tell of; other events of parties have no row."""
    told = [
        (event, event.response, record.timestamp)
        for event, record in zip(_read(values_of(records)), records, strict=True)
        if event.kind == "response" and event.response is not None
    ]
    events = [event for event, _, _ in told]
    responses = [response for _, response, _ in told]
    goodwill = [response.goodwill for response in responses]
    columns: Columns = {
        "response_id": [response.response_id for response in responses],
        "contact": or_empty(response.contact for response in responses),
        "author": [response.author for response in responses],
        "channel": [response.channel for response in responses],
        "answered_by": [response.by for response in responses],
        "level": [response.level for response in responses],
        "kind": [response.kind for response in responses],
        "reason": or_empty(response.reason for response in responses),
        "excerpt": [response.excerpt for response in responses],
        "goodwill_amount": [given.amount if given else None for given in goodwill],
        "goodwill_currency": [given.currency if given else "" for given in goodwill],
        "goodwill_reason": [given.reason if given else "" for given in goodwill],
        "occurred_at": milliseconds([response.occurred_at for response in responses]),
        "received_at": milliseconds([response.received_at for response in responses]),
        "historical": [response.historical for response in responses],
        "derived": [response.derived for response in responses],
        "party": [event.party for event in events],
        "epoch": unsigned([event.epoch for event in events]),
        "version": versions(
            ([not response.derived for response in responses], 1),
            ([response.revision for response in responses], 53),
            ([event.epoch for event in events], 16),
            ([timestamp for _, _, timestamp in told], 58),
        ),
    }
    return [Rows("responses", columns)]
