"""Whose record it is that cannot be processed: which source it is of, as far as that can be told."""

from typing import Any, NamedTuple

from listener.domain.contract import json_object
from listener.domain.dead_letter import SOURCE_HEADER
from listener.domain.errors import Rejected
from listener.domain.topics import BACKFILL

MAX_NAME = 100
LOOK_BYTES = 64 * 1024
"""Larger values are not searched for their source: that a record is poison must not make it expensive, too."""


class Origin(NamedTuple):
    """Whose record it is.

    Attributes:
        source: None where it cannot be told.
        live: whether it was heard as it happened.
    """

    source: str | None
    live: bool


NOBODY = Origin(None, live=False)


def origin_of(message: Any) -> Origin:
    """Of a record that may be anything: by its header, else by what can be read of its value. Never raises."""
    for name, content in message.headers or ():
        if name == SOURCE_HEADER and content:
            return Origin(content.decode(errors="replace")[:MAX_NAME], message.topic != BACKFILL.name)
    value = message.value
    if value is None or len(value) > LOOK_BYTES:
        return NOBODY
    try:
        found = json_object(value)
    except Rejected:
        return NOBODY
    for field in ("mention", "deletion"):
        if isinstance(found.get(field), dict):
            found = found[field]
    source = found.get("source")
    if not isinstance(source, str) or not source:
        return NOBODY
    return Origin(source[:MAX_NAME], message.topic != BACKFILL.name and found.get("historical") is not True)
