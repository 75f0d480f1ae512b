"""What is written down when a person does something about a dead letter."""

from collections.abc import Mapping
from datetime import datetime

from listener.dead_letters.letter import Letter
from listener.domain.contract import format_utc
from listener.domain.governance import AuditEntry
from listener.domain.ids import digest
from listener.domain.topics import DEAD


def audit_entry(letter: Letter, action: str, by: str, at: datetime, detail: Mapping[str, str]) -> AuditEntry:
    """Who did what to which letter."""
    subject = f"{DEAD.name}[{letter.partition}]@{letter.offset}"
    return AuditEntry(
        entry_id=digest(action, subject, format_utc(letter.produced_at), by, format_utc(at)),
        actor=by,
        action=action,
        subject=subject,
        at=at,
        detail={"origin": letter.why.origin, **detail},
    )
