"""How far a customer's words carry, for the people who answer, where the policy wants it shown."""

from collections.abc import Iterable

from listener.domain.case import CaseReach
from stream.triage.events import Said

MAX_SHOWN = 10


def reach_shown(contacts: Iterable[Said]) -> tuple[CaseReach, ...]:
    """What sources told, the newest of each author, and what texts claim; nothing of deleted contacts.

    Args:
        contacts: by time.
    """
    told: dict[str, CaseReach] = {}
    claimed: dict[str, CaseReach] = {}
    for said in contacts:
        row = said.row
        if row.deleted:
            continue
        if row.reach is not None and row.reach[0] is not None:
            told[said.author] = CaseReach(
                followers=row.reach[0], source=row.source, basis="verified", author=said.author
            )
        for words in row.reach_claims or ():
            claimed[words] = CaseReach(words=words, source=row.source, basis="claimed", author=said.author)
    return (*told.values(), *claimed.values())[:MAX_SHOWN]
