"""Finding cases, contacts and parties among the records of `triage` and `parties`. Pure."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from listener.domain.case import Case
from listener.domain.errors import UsageError
from listener.domain.ids import is_case_id
from listener.domain.party import PartyOf
from listener.kafka.record import Record


@dataclass(frozen=True)
class Found:
    """What was asked for, as far as it is there.

    Attributes:
        cases: by id, the newest snapshot.
        authors: mention id of a contact to who wrote it.
    """

    cases: dict[str, Case] = field(default_factory=dict)
    authors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """What an act is about.

    Attributes:
        name: as the user named it.
        contact: mention id; of a case, the one that it is named after.
        author: key of what is published about it.
        case: where a case was named.
    """

    name: str
    contact: str
    author: str
    case: Case | None = None


def find(records: Iterable[Record], names: Collection[str]) -> Found:
    """Looks for cases and contacts by their ids, in one pass over the records of `triage`."""
    wanted_cases = {name.encode() for name in names if is_case_id(name)}
    needles = {name: _in_json(name) for name in names if not is_case_id(name)}
    found = Found()
    for record in records:
        if record.value is None:
            found.cases.pop((record.key or b"").decode(errors="replace"), None)
            continue
        named = [name for name, needle in needles.items() if needle in record.value]
        if not named and record.key not in wanted_cases:
            continue
        case = Case.read(record.value)
        if record.key in wanted_cases:
            before = found.cases.get(case.case_id)
            if before is None or before.version <= case.version:
                found.cases[case.case_id] = case
        found.authors.update(
            {contact.mention_id: contact.author for contact in case.contacts if contact.mention_id in named}
        )
        if case.anchor in named:
            found.authors[case.anchor] = case.anchor_author
    return found


def targets(found: Found, names: Iterable[str], authors: Iterable[str | None]) -> Iterator[Target]:
    """What each name stands for.

    Args:
        authors: whose contact each is, where the user says so.

    Raises:
        UsageError: there is no such case, or nobody says whose contact it is.
    """
    for name, author in zip(names, authors, strict=True):
        case = found.cases.get(name)
        if case is not None:
            yield Target(name, case.anchor, case.anchor_author, case)
        elif is_case_id(name):
            raise UsageError(
                f"{name}: there is no such case; the topic triage has those that are open or were lately"
            )
        else:
            whose = author or found.authors.get(name)
            if whose is None:
                raise UsageError(
                    f"{name}: no case shows this contact. A case shows its first and last 50: where it is another "
                    "one, say whose it is with --author"
                )
            yield Target(name, name, whose)


def find_parties(records: Iterable[Record], authors: Collection[str]) -> dict[str, PartyOf]:
    """Who these authors are, from the records of `parties`; those never heard of are left out."""
    wanted = {author.encode() for author in authors}
    found: dict[str, PartyOf] = {}
    for record in records:
        if record.key in wanted and record.value is not None:
            party = PartyOf.read(record.value)
            before = found.get(party.author)
            if before is None or before.epoch <= party.epoch:
                found[party.author] = party
    return found


def _in_json(text: str) -> bytes:
    """The text as it stands in a snapshot, quotes included."""
    return json.dumps(text, ensure_ascii=False).encode()
