"""Rows of `parties`, the truth about identity."""

from collections.abc import Sequence

from listener.domain.party import PartyOf
from listener.domain.quick_read import quick_batch_reader
from listener.kafka.record import Record
from sinks.clickhouse.rows.row import (
    Columns,
    Rows,
    keys_of,
    milliseconds,
    or_empty,
    produced_at,
    published,
    told_and_withdrawn,
    unsigned,
    values_of,
    versions,
)

MAX_EPOCH = 2**32 - 1

_read = quick_batch_reader(PartyOf, PartyOf.read)


def party_rows(records: Sequence[Record]) -> list[Rows]:
    """Which party an author belongs to. A tombstone: the author is no longer known."""
    told, withdrawn = told_and_withdrawn(records)
    return [Rows("parties", _told(told)), Rows("parties", _withdrawn(withdrawn))]


def _told(records: Sequence[Record]) -> Columns:
    parties = _read(values_of(records))
    return {
        "author": [party.author for party in parties],
        "party": [party.party for party in parties],
        "epoch": unsigned([party.epoch for party in parties]),
        "at": milliseconds([party.at for party in parties]),
        "customer_id": or_empty(party.customer_id for party in parties),
        "method": [party.method for party in parties],
        "withdrawn": [0] * len(parties),
        "version": versions(
            ([min(party.epoch, MAX_EPOCH - 1) for party in parties], 32), *published(records)
        ),
    }


def _withdrawn(records: Sequence[Record]) -> Columns:
    count = len(records)
    return {
        "author": keys_of(records),
        "party": [""] * count,
        "epoch": [0] * count,
        "at": produced_at(records),
        "customer_id": [""] * count,
        "method": [""] * count,
        "withdrawn": [1] * count,
        "version": versions(([MAX_EPOCH] * count, 32), *published(records)),
    }
