"""What is kept of a party that says more than anybody will read: the newest, and how much there was before.

Each author keeps so many contacts, and a party, however many authors it has, keeps so many in all; so a bot, a
campaign, or a form that a thousand people fill in under one address makes no state that grows, and takes no more
time for each record. What goes lives on as a number in a contact of its case. The contact that a case is named
after stays as long as the case has others: a case does not change its name with every contact. What has waited in
a case for longest is the last to go, so that nobody's target moves forward with those who ask behind.
"""

from collections.abc import Collection, Iterable, Sequence

from listener.domain.enriched import NEVER_OPENS
from listener.domain.ids import case_id
from stream.history import CommandRow, ContactRow, ResponseRow
from stream.stage import Position
from stream.triage.cases import DraftCase
from stream.triage.events import Said
from stream.triage.party_state import PartyState, Present

MAX_CONTACTS = 200
"""Kept whole of one author."""
MAX_OF_PARTY = 300
"""Contacts kept whole of all authors of a party together; also answers, and commands."""
MAX_AUTHORS = 400
"""Remembered of a party."""
KEPT = 0.9
"""Of what there may be, so much stays where something has to go: so that not every record makes something go."""
MAX_DELETED = 20_000
"""Deletions of a party that are remembered before their mentions come."""
MAX_ALERTS = 400
"""That stand for a party, the newest; older ones are left as they are."""
MAX_PUBLISHED = 1000
"""Ids of former cases that are remembered of a party."""


def is_too_much(memory: PartyState) -> bool:
    """Whether something has to go."""
    contacts = answers = commands = most = 0
    for entry in memory.authors.values():
        if isinstance(entry, Present):
            history = entry.history
            contacts += len(history.contacts)
            answers += len(history.responses)
            commands += len(history.commands)
            most = max(most, len(history.contacts))
    return (
        most > MAX_CONTACTS
        or max(contacts, answers, commands) > MAX_OF_PARTY
        or max(len(memory.authors), len(memory.untold)) > MAX_AUTHORS
    )


def is_gone(memory: PartyState, entry: Present, row: ContactRow) -> bool:
    """Whether a contact was dropped before, or is older than what was; it is not to be counted again."""
    if row.mention_id in entry.history.contacts:
        return False
    place = (row.at_ms, row.mention_id)
    return any(dropped is not None and place <= dropped for dropped in (entry.dropped, memory.dropped))


def remembers_deletion(memory: PartyState, entry: Present, mention_id: str) -> bool:
    """Whether the deletion of a mention is to be kept in mind: always if the mention is known."""
    history = entry.history
    if mention_id in history.contacts or mention_id in history.responses:
        return True
    return sum(len(other.history.deleted) for other in _present(memory)) < MAX_DELETED


def forget(memory: PartyState, cases: list[DraftCase]) -> None:
    """Drops what is too much, the oldest first.

    Args:
        cases: made of everything that is still there.
    """
    places = {said.name: case for case in cases for said in case.contacts}
    waiting = {case.life.pending[0][1] for case in cases if case.life.pending}
    opening = {said.name for case in cases for said in case.contacts if said.row.need not in NEVER_OPENS}
    _forget_of_authors(memory, places, waiting, opening)
    _forget_of_party(memory, cases, places, waiting, opening)
    _keep_newest(MAX_OF_PARTY, [entry.history.responses for entry in _present(memory)])
    _keep_newest(MAX_OF_PARTY, [entry.history.commands for entry in _present(memory)])
    _forget_authors(memory)


def forget_published(memory: PartyState, current: Iterable[str], positions: Collection[Position]) -> None:
    """Drops ids of former cases beyond what is remembered, the oldest first.

    Args:
        current: ids of the cases that there are.
        positions: of the records in hand; what was said after them may have to be said again.
    """
    excess = len(memory.published) - MAX_PUBLISHED
    if excess > 0:
        kept = set(current)
        former = [name for name, entry in memory.published.items() if name not in kept]
        for name in [name for name in former if memory.published[name].changed not in positions][:excess]:
            del memory.published[name]


def _excess(count: int, most: int) -> int:
    """How many have to go."""
    return 0 if count <= most else count - round(most * KEPT)


def _present(memory: PartyState) -> list[Present]:
    return [entry for entry in memory.authors.values() if isinstance(entry, Present)]


def _forget_of_authors(
    memory: PartyState, places: dict[str, DraftCase], waiting: set[str], opening: set[str]
) -> None:
    """The others of an author live on in the author's next contact of their case."""
    for author, entry in memory.authors.items():
        if not isinstance(entry, Present):
            continue
        contacts = entry.history.contacts
        oldest_first = sorted(contacts, key=lambda name: (name in waiting, contacts[name].at_ms, name))
        for name in oldest_first[: _excess(len(contacts), MAX_CONTACTS)]:
            gone = contacts.pop(name)
            entry.dropped = max(entry.dropped or (0, ""), (gone.at_ms, name))
            others = places[name].contacts if name in places else []
            heir = next((said.name for said in others if _can_inherit(said, author, contacts)), None)
            if heir is not None:
                contacts[heir] = _inherited(contacts[heir], gone, opens=name in opening)
                memory.inherit(name, heir)
            elif (other := next((said.name for said in others if _is_kept(memory, said)), None)) is not None:
                memory.inherit(
                    name, other
                )  # the case goes on under another author's contact, and another name
            else:
                memory.lose(case_id(gone.head[0] if gone.head else name))


def _forget_of_party(
    memory: PartyState,
    cases: list[DraftCase],
    places: dict[str, DraftCase],
    waiting: set[str],
    opening: set[str],
) -> None:
    """The contact that a case has its name from is as old as the newest of the case, and the last of it to go."""
    contacts = {
        name: (entry.history.contacts, row)
        for entry in _present(memory)
        if entry.visible
        for name, row in entry.history.contacts.items()
    }
    excess = _excess(len(contacts), MAX_OF_PARTY)
    if not excess:
        return
    ages = {name: (name in waiting, row.at_ms, False, name) for name, (_, row) in contacts.items()}
    holders = {}
    for case in cases:
        kept = [said for said in case.contacts if said.name in contacts]
        holder = min((said for said in kept if said.row.need not in NEVER_OPENS), key=_names, default=None)
        if holder is not None:
            holders[id(case)] = holder.name
            ages[holder.name] = (holder.name in waiting, kept[-1].at_ms, True, holder.name)
    for name in sorted(contacts, key=ages.__getitem__)[:excess]:
        rows, _ = contacts[name]
        gone = rows.pop(name)
        memory.dropped = max(memory.dropped or (0, ""), (gone.at_ms, name))
        ended = case_id(gone.head[0] if gone.head else name)
        memory.lose(ended)
        holder_name = holders.get(id(places.get(name)), name)
        if holder_name == name:  # the whole case goes; what was raised about it is left as it is
            for raising in [raising for raising, raised in memory.raised.items() if raised.case == ended]:
                del memory.raised[raising]
        else:
            kept_rows = contacts[holder_name][0]
            kept_rows[holder_name] = _inherited(kept_rows[holder_name], gone, opens=name in opening)
            memory.inherit(name, holder_name)


def _names(said: Said) -> tuple[int, str]:
    """Which contact that a case has its name from comes first."""
    head = said.row.head
    return (head[2], head[0]) if head else (said.at_ms, said.name)


def _forget_authors(memory: PartyState) -> None:
    """Those of whom nothing is kept, and those who were announced and did not come; whoever came first.

    Not whoever has a case with a claim: its end is told under the author's epoch.
    """
    for author in list(memory.untold)[: _excess(len(memory.untold), MAX_AUTHORS)]:
        del memory.untold[author]
    excess = _excess(len(memory.authors), MAX_AUTHORS)
    if not excess:
        return
    claiming = {case.author for case in memory.published.values() if case.claimed}
    empty = [
        author
        for author, entry in memory.authors.items()
        if author not in claiming
        and (not isinstance(entry, Present) or (entry.visible and not entry.history.contacts))
    ]
    for author in empty[:excess]:
        del memory.authors[author]


def _keep_newest(limit: int, of_authors: Sequence[dict[str, ResponseRow] | dict[str, CommandRow]]) -> None:
    """Of all authors together."""
    excess = _excess(sum(map(len, of_authors)), limit)
    if not excess:
        return
    rows = sorted((own[name].at_ms, name, number) for number, own in enumerate(of_authors) for name in own)
    for _, name, number in rows[:excess]:
        del of_authors[number][name]


def _is_kept(memory: PartyState, said: Said) -> bool:
    entry = memory.authors.get(said.author)
    return (
        isinstance(entry, Present)
        and said.name in entry.history.contacts
        and said.row.need not in NEVER_OPENS
    )


def _can_inherit(said: Said, author: str, contacts: dict[str, ContactRow]) -> bool:
    return said.author == author and said.name in contacts and said.row.need not in NEVER_OPENS


def _inherited(row: ContactRow, gone: ContactRow, *, opens: bool) -> ContactRow:
    """A contact that stands for an older one of its case, too, and for what that one stood for.

    Args:
        opens: whether the older one could open a case.
    """
    own = (row.head[2], row.head[0]) if row.head else (row.at_ms, row.mention_id)
    if gone.head:
        own = min(own, (gone.head[2], gone.head[0]))
    elif opens:
        own = min(own, (gone.at_ms, gone.mention_id))
    count = 1 + (gone.head[1] if gone.head else 0) + (row.head[1] if row.head else 0)
    return row._replace(head=[own[1], count, own[0]])
