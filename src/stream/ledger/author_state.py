"""What the ledger keeps of one author."""

from collections.abc import Iterable
from typing import Any

import orjson

from listener.domain.contract import format_utc
from listener.domain.customer import IdentityLink, LinkDecision
from listener.domain.quick_read import maker
from stream.enrichment.identity import EVIDENCE, AuthorIdentity
from stream.history import ContactRow, History
from stream.id_set import IdSet
from stream.moments import month_of
from stream.stage import Position

GENERATION = 1
"""Of the form of the state; raise it when the form changes, and read the earlier ones."""
MAX_CONTACTS = 200
MAX_OLDER = 10_000
MAX_TOLD = 100
MAX_DECISIONS = 200
_make_identity = maker(AuthorIdentity)


class AuthorState:
    """History, identity and party of one author.

    Attributes:
        history: the newest contacts whole; answers and commands.
        older: contacts that are kept as counts only, by month (``2026-11``).
        mass: so many contacts that they are counted no further.
        identity: all evidence of who the author is.
        decisions: what people decided about it.
        party: whom the contacts belong to; empty before the first record.
        epoch: how often the party has changed, from 1.
        told: every party that was ever told about this author, without the present one.
        moved: the record after which the party changed last.
        moved_ms: when that was.
    """

    __slots__ = (
        "_links",
        "_older_ids",
        "author",
        "decisions",
        "epoch",
        "history",
        "identity",
        "mass",
        "moved",
        "moved_ms",
        "older",
        "party",
        "told",
    )

    def __init__(self, author: str) -> None:
        self.author = author
        self.history = History()
        self.older: dict[str, int] = {}
        self.mass = False
        self.identity = _make_identity(author=author, source_kind=author.partition(":")[0])
        self.decisions: list[dict[str, Any]] = []
        self.party = ""
        self.epoch = 0
        self.told: list[str] = []
        self.moved: Position | None = None
        self.moved_ms = 0
        self._older_ids = IdSet()
        self._links: IdentityLink | None = None

    @property
    def older_count(self) -> int:
        """How many contacts are known by their number only."""
        return sum(self.older.values())

    def learn(self, found: AuthorIdentity) -> None:
        """Adds evidence of who the author is."""
        known = self.identity
        for sort in EVIDENCE:
            values = getattr(found, sort)
            if values and not set(values).issubset(getattr(known, sort)):
                self.identity = known.merged(found)
                return

    def add_contact(self, row: ContactRow) -> ContactRow:
        """Counts a contact once, keeps it whole if it is among the newest; what is now known of it."""
        contacts = self.history.contacts
        name = row.mention_id
        if name not in contacts and name in self._older_ids:
            return row
        self.history.add_contact(row)
        known = contacts[name]
        while len(contacts) > MAX_CONTACTS:
            self._count(contacts.pop(min(contacts, key=lambda other: (contacts[other].at_ms, other))))
        return known

    def _count(self, row: ContactRow) -> None:
        if len(self._older_ids) >= MAX_OLDER:
            self.mass = True
            return
        self._older_ids.add(row.mention_id)
        month = month_of(row.at_ms)
        self.older[month] = self.older.get(month, 0) + 1

    def decide(self, decisions: Iterable[LinkDecision]) -> None:
        """Adds what people decided; nothing is lost if two of them wrote at the same time."""
        known = {orjson.dumps(decision): decision for decision in self.decisions}
        for decision in decisions:
            value = {
                "customer_id": decision.customer_id,
                "verdict": decision.verdict,
                "by": decision.by,
                "at": format_utc(decision.at),
                "evidence": decision.evidence,
            }
            known[orjson.dumps(value)] = value
        self.decisions = sorted(known.values(), key=lambda d: (d["at"], orjson.dumps(d)))[-MAX_DECISIONS:]
        self._links = None

    def links(self) -> IdentityLink:
        """What people decided, as the contract that says which decision holds."""
        if self._links is None:
            value = {"author": self.author, "decisions": self.decisions}
            self._links = IdentityLink.model_validate_json(orjson.dumps(value))
        return self._links

    def move(self, party: str, position: Position, at_ms: int) -> None:
        """The author belongs to another party from now on."""
        if self.party and self.party not in self.told:
            self.told = [*self.told, self.party][-MAX_TOLD:]
        if party in self.told:
            self.told.remove(party)
        self.party = party
        self.epoch += 1
        self.moved = position
        self.moved_ms = at_ms

    def packed(self) -> bytes:
        """The state as compact JSON."""
        state: dict[str, Any] = {"g": GENERATION, "p": self.party, "e": self.epoch, "t": self.moved_ms}
        if self.moved is not None:
            state["m"] = tuple(self.moved)
        if self.told:
            state["w"] = self.told
        evidence = {sort: values for sort in EVIDENCE if (values := getattr(self.identity, sort))}
        if evidence:
            state["i"] = evidence
        if self.decisions:
            state["l"] = self.decisions
        if self.older:
            state["o"] = self.older
            state["h"] = self._older_ids.packed()
        if self.mass:
            state["x"] = True
        state.update(self.history.packed())
        return orjson.dumps(state)

    @classmethod
    def unpacked(cls, author: str, state: bytes) -> "AuthorState":
        """Reads what `packed` wrote."""
        packed = orjson.loads(state)
        if packed["g"] != GENERATION:
            raise ValueError(f"the state of an author has generation {packed['g']}, not {GENERATION}")
        memory = cls.__new__(cls)
        memory.author = author
        memory.history = History.unpacked(packed)
        memory.older = packed.get("o", {})
        memory.mass = packed.get("x", False)
        evidence: dict[str, Any] = {sort: tuple(values) for sort, values in packed.get("i", {}).items()}
        memory.identity = _make_identity(author=author, source_kind=author.partition(":")[0], **evidence)
        memory.decisions = packed.get("l", [])
        memory.party = packed["p"]
        memory.epoch = packed["e"]
        memory.told = packed.get("w", [])
        memory.moved = Position(*packed["m"]) if "m" in packed else None
        memory.moved_ms = packed["t"]
        memory._older_ids = IdSet(packed.get("h", ""))  # noqa: SLF001  # its own
        memory._links = None  # noqa: SLF001  # its own
        return memory
