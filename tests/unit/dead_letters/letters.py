"""Letters for tests."""

from datetime import UTC, datetime
from typing import Any

from listener.dead_letters.letter import Letter
from listener.domain.dead_letter import DeadLetter

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
WHY = DeadLetter(
    origin="mentions.raw[3]@17",
    reason="failed",
    detail="ValueError: as told",
    stage="ledger",
    at=NOON,
    size=4,
    topic="mentions.raw",
)


def letter(
    offset: int = 5, *, key: bytes | None = b"test:a", original: bytes | None = b"text", **why: Any
) -> Letter:
    """A letter of partition 1; `why` changes its headers."""
    headers = WHY.model_copy(update={"size": len(original or b""), **why})
    return Letter(1, offset, NOON, headers, key, original)
