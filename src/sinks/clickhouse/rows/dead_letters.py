"""Rows of `dead_letters`, from the headers on mentions.dead; the original stays in Kafka."""

from collections.abc import Sequence
from hashlib import sha256

from pydantic import ValidationError

from listener.domain.dead_letter import DeadLetter
from listener.domain.errors import Rejected
from listener.kafka.record import Record
from sinks.clickhouse.rows.row import (
    Columns,
    Rows,
    milliseconds,
    or_empty,
    produced_at,
    published,
    unsigned,
    versions,
)

_MAX_ATTEMPT = 2**32 - 1


def dead_letter_rows(records: Sequence[Record]) -> list[Rows]:
    """Dead letters. One that is itself unreadable has a row that says so: it must not become another one."""
    return [Rows("dead_letters", _why(record) | _place(record)) for record in records]


def _why(record: Record) -> Columns:
    try:
        letter = DeadLetter.from_headers(record.headers)
        at = milliseconds([letter.at])
    except (Rejected, ValidationError) as error:
        return {
            "stage": ["unknown"],
            "origin": [f"{record.topic}[{record.partition}]@{record.offset}"],
            "source": [""],
            "reason": ["foreign"],
            "detail": [f"not written by Listener: {type(error).__name__}"],
            "attempt": [1],
            "at": produced_at([record]),
            "size": [len(record.value or b"")],
            "original_topic": [""],
        }
    return {
        "stage": [letter.stage],
        "origin": [letter.origin],
        "source": or_empty([letter.source]),
        "reason": [letter.reason],
        "detail": [letter.detail],
        "attempt": unsigned([letter.attempt], _MAX_ATTEMPT),
        "at": at,
        "size": unsigned([letter.size]),
        "original_topic": or_empty([letter.topic]),
    }


def _place(record: Record) -> Columns:
    return {
        "digest": [sha256(record.value or b"").hexdigest()],
        "dead_partition": [record.partition],
        "dead_offset": [record.offset],
        "version": versions(*published([record])),
    }
