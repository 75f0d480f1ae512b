"""Saying that nothing will be done about a dead letter."""

from collections.abc import Callable, Iterable
from datetime import datetime

from listener.dead_letters.letter import Letter
from listener.dead_letters.trace import audit_entry
from listener.domain.dead_letter import DeadLetterResolution
from listener.domain.topics import AUDIT, DEAD_RESOLUTIONS
from listener.kafka.publish import Outlet


def drop(letters: Iterable[Letter], outlet: Outlet, *, why: str, by: str, now: Callable[[], datetime]) -> int:
    """Marks letters as dropped. Nothing is deleted: a letter goes when its retention ends.

    Args:
        why: the person's reason.
        by: who does it.

    Returns:
        How many were marked.

    Raises:
        ServiceError: something was not acknowledged; do the same again.
    """
    count = 0
    at = now()
    for letter in letters:
        resolution = DeadLetterResolution(
            letter=letter.id, produced_at=letter.produced_at, resolution="dropped", by=by, at=at, why=why
        )
        outlet.publish(AUDIT.name, by, audit_entry(letter, "dead.drop", by, at, {"why": why}).to_json())
        outlet.publish(DEAD_RESOLUTIONS.name, letter.id, resolution.to_json())
        count += 1
    outlet.flush()
    return count
