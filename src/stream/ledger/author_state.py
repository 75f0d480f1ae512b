"""What the ledger keeps of one author."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from listener.domain.contract import format_utc
from listener.domain.customer import IdentityLink, LinkDecision
from listener.domain.erasure import epoch_after
from listener.domain.quick_read import maker
from stream.enrichment.identity import EVIDENCE, AuthorIdentity
from stream.history import ContactRow, History
from stream.id_set import IdSet
from stream.moments import month_of, to_ms
from stream.stage import Position

GENERATION = 1
"""Of the form of the state; raise it when the form changes, and read the earlier ones."""
MAX_CONTACTS = 200
MAX_OLDER = 10_000
MAX_TOLD = 100
MAX_DECISIONS = 200
_make_identity = maker(AuthorIdentity)


class Erasing(NamedTuple):
    """An erasure that not everybody may have been told yet.

    Attributes:
        at_ms: what was said until then goes.
        parties: who was ever told about the author.
        changed: the record that said so.
    """

    at_ms: int
    parties: list[str]
    changed: Position


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
        erasing: what is left to do of an erasure; None where nothing is.
    """

    __slots__ = (
        "_links",
        "_older_ids",
        "author",
        "decisions",
        "epoch",
        "erasing",
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
        self.erasing: Erasing | None = None
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
            if values and values != (held := getattr(known, sort)) and not set(values).issubset(held):
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

    def move(self, party: str, position: Position, at_ms: int, first_epoch: int = 1) -> None:
        """The author belongs to another party from now on.

        Args:
            first_epoch: of a history that begins.
        """
        if self.party and self.party not in self.told:
            self.told = [*self.told, self.party][-MAX_TOLD:]
        if party in self.told:
            self.told.remove(party)
        self.party = party
        self.epoch = self.epoch + 1 if self.epoch else first_epoch
        self.moved = position
        self.moved_ms = at_ms

    def erase(self, at_ms: int, position: Position) -> None:
        """Forgets all that was said until then, and who it was; only whom that is to be told is kept.

        What was said later is kept, under an epoch of its own: it belongs to whoever says it from now on.

        Args:
            position: of the record that says so.
        """
        before = self.erasing
        told = {self.party, *self.told, *(before.parties if before is not None else ())} - {""}
        latest_ms = max(at_ms, before.at_ms if before is not None else 0)
        self.erasing = Erasing(latest_ms, sorted(told), position)
        self.history.forget_until(at_ms)
        self.decisions = [d for d in self.decisions if to_ms(datetime.fromisoformat(d["at"])) > at_ms]
        self._links = None
        if self.epoch >= epoch_after(at_ms):
            return  # this history began after an erasure: this one comes again, or right behind it
        self.older, self._older_ids, self.mass = {}, IdSet(), False
        self.identity = _make_identity(author=self.author, source_kind=self.author.partition(":")[0])
        self.party, self.epoch, self.moved, self.moved_ms = "", 0, None, 0
        # they hand on what they have published of what is kept
        self.told = [] if self.history.empty else sorted(told)[-MAX_TOLD:]

    @property
    def empty(self) -> bool:
        """Whether nothing is known of the author, and nothing is left to do."""
        return not (self.party or self.decisions or self.erasing) and self.history.empty

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
        if self.erasing is not None:
            state["f"] = (self.erasing.at_ms, self.erasing.parties, tuple(self.erasing.changed))
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
        memory.erasing = None
        if "f" in packed:
            at_ms, parties, changed = packed["f"]
            memory.erasing = Erasing(at_ms, parties, Position(*changed))
        memory._older_ids = IdSet(packed.get("h", ""))  # noqa: SLF001  # its own
        memory._links = None  # noqa: SLF001  # its own
        return memory
