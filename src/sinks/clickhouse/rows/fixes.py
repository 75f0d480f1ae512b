"""Rows of `fixes`."""

from collections.abc import Sequence

from listener.domain.governance import Fix
from listener.kafka.record import Record
from sinks.clickhouse.rows.row import (
    Columns,
    Rows,
    keys_of,
    milliseconds,
    produced_at,
    published,
    told_and_withdrawn,
    values_of,
    versions,
)


def fix_rows(records: Sequence[Record]) -> list[Rows]:
    """A declared fix. A tombstone: the declaration was taken back."""
    told, withdrawn = told_and_withdrawn(records)
    return [Rows("fixes", _told(told)), Rows("fixes", _withdrawn(withdrawn))]


def _told(records: Sequence[Record]) -> Columns:
    fixes = [Fix.read(value) for value in values_of(records)]
    return {
        "fix_id": [fix.fix_id for fix in fixes],
        "root_cause": [fix.root_cause for fix in fixes],
        "effective_at": milliseconds([fix.effective_at for fix in fixes]),
        "declared_by": [fix.by for fix in fixes],
        "description": [fix.description for fix in fixes],
        "declared_at": milliseconds([fix.declared_at for fix in fixes]),
        "withdrawn": [0] * len(fixes),
        "version": versions(*published(records)),
    }


def _withdrawn(records: Sequence[Record]) -> Columns:
    count = len(records)
    moments = produced_at(records)
    return {
        "fix_id": keys_of(records),
        "root_cause": [""] * count,
        "effective_at": moments,
        "declared_by": [""] * count,
        "description": [""] * count,
        "declared_at": moments,
        "withdrawn": [1] * count,
        "version": versions(*published(records)),
    }
