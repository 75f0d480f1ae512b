"""Stage 3: who has a place at a level with a capacity; keyed by level, over all parties.

Of the claims that are open, the first by (claimed_at, case id) have a place, as many as the level can hold: a
function of the set of claims, so that neither the order of their arrival nor repeats matter. Every new claim is
answered; after that a party hears when its case loses its place or gets one.
"""

from collections.abc import Sequence
from datetime import datetime

import orjson

from listener.domain.errors import Rejected
from listener.domain.level import LevelClaim, LevelPlace
from listener.domain.party import PartyEvent
from listener.domain.response import Level
from listener.domain.topics import PARTY_EVENTS, READ_BY_STAGE
from stream.moments import from_ms, to_ms
from stream.stage import Input, Output, Position, Step
from stream.triage.policy import Policy

GENERATION = 1
"""Of the form of the state; raise it when the form changes, and read the earlier ones."""
MAX_CLAIMS = 10_000
"""Kept of one level, the first; whoever is beyond has no place, and claims again with the next snapshot."""


class OpenClaim:
    """A claim as the state keeps it.

    Attributes:
        told: whether it has a place, as its party was told last; None before.
        sequence: of what was told.
        changed: the record after which that was told.
    """

    __slots__ = ("author", "changed", "claimed_ms", "party", "sequence", "told", "version")

    def __init__(self, party: str, author: str, version: int, claimed_ms: int) -> None:
        self.party = party
        self.author = author
        self.version = version
        self.claimed_ms = claimed_ms
        self.told: bool | None = None
        self.sequence = 0
        self.changed: Position | None = None


class LevelState:
    """The open claims of one level.

    Attributes:
        claims: by case id.
        sequence: of the last thing that was told.
        overflow: how many claims were put off because there were too many to keep.
    """

    __slots__ = ("claims", "overflow", "sequence")

    def __init__(self) -> None:
        self.claims: dict[str, OpenClaim] = {}
        self.sequence = 0
        self.overflow = 0

    def take(self, claim: LevelClaim) -> None:
        """Folds one record in; what is older than what is known of the case is passed over."""
        known = self.claims.get(claim.case_id)
        if known is not None and claim.version < known.version:
            return
        if not claim.open or claim.claimed_at is None:
            self.claims.pop(claim.case_id, None)
            return
        if known is None or known.party != claim.party or known.version >> 32 != claim.version >> 32:
            # a party that an author comes back to has forgotten what it was told before
            known = self.claims[claim.case_id] = OpenClaim(claim.party, claim.anchor_author, 0, 0)
        known.version, known.claimed_ms = claim.version, to_ms(claim.claimed_at)

    def in_order(self) -> list[str]:
        """The cases, who waits longest first."""
        return sorted(self.claims, key=lambda name: (self.claims[name].claimed_ms, name))

    def packed(self) -> bytes:
        """The state as compact JSON."""
        claims = {
            name: (
                claim.party,
                claim.author,
                claim.version,
                claim.claimed_ms,
                claim.told,
                claim.sequence,
                None if claim.changed is None else tuple(claim.changed),
            )
            for name, claim in self.claims.items()
        }
        return orjson.dumps({"g": GENERATION, "s": self.sequence, "o": self.overflow, "c": claims})

    @classmethod
    def unpacked(cls, state: bytes) -> "LevelState":
        """Reads what `packed` wrote."""
        packed = orjson.loads(state)
        if packed["g"] != GENERATION:
            raise ValueError(f"the state of a level has generation {packed['g']}, not {GENERATION}")
        memory = cls()
        memory.sequence, memory.overflow = packed["s"], packed["o"]
        for name, (party, author, version, claimed_ms, told, sequence, changed) in packed["c"].items():
            claim = memory.claims[name] = OpenClaim(party, author, version, claimed_ms)
            claim.told, claim.sequence = told, sequence
            claim.changed = None if changed is None else Position(*changed)
        return memory


class Levels:
    """Stage 3, as `stream.stage.Stage` has it.

    Args:
        policy: says how much a level can hold.
    """

    name = "levels"
    topics = tuple(topic.name for topic in READ_BY_STAGE[name])

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def decode(self, topic: str, value: bytes | None) -> LevelClaim:
        """Reads one record.

        Raises:
            Rejected: it can never be processed.
        """
        if value is None:
            raise Rejected("no-value", "the record has no value")
        claim = LevelClaim.read(value)
        if claim.open and claim.claimed_at is None:
            raise Rejected("invalid", "claimed_at: an open claim says since when")
        return claim

    def prepare(self, values: Sequence[LevelClaim]) -> list[LevelClaim]:
        """Nothing is cheaper in bulk."""
        return list(values)

    def step(self, key: str, state: bytes | None, inputs: Sequence[Input[LevelClaim]], now: datetime) -> Step:
        """Folds claims on one level, and tells the parties of those whose place changed.

        Raises:
            Rejected: a record stands under a key that is not its level.
        """
        memory = LevelState() if state is None else LevelState.unpacked(state)
        for given in inputs:
            if given.value.level != key:
                raise Rejected("wrong-key", f"the key is not the level, {given.value.level}")
            memory.take(given.value)
        level = inputs[0].value.level
        capacity = self._policy.capacity(level)
        positions, last = {given.position for given in inputs}, inputs[-1].position
        outputs: list[Output] = []
        for place, name in enumerate(memory.in_order()):
            claim = memory.claims[name]
            admitted = capacity is None or place < capacity
            if claim.told != admitted:
                memory.sequence += 1
                claim.told, claim.sequence, claim.changed = admitted, memory.sequence, last
            if claim.changed in positions:
                outputs.append(_told(level, name, claim))
            if place >= MAX_CLAIMS:
                memory.overflow += 1
                del memory.claims[name]
        purges = any(given.value.erased for given in inputs)
        return Step(memory.packed(), tuple(outputs), purges)


def _told(level: Level, name: str, claim: OpenClaim) -> Output:
    place = LevelPlace(level=level, case_id=name, admitted=bool(claim.told), sequence=claim.sequence)
    event = PartyEvent(
        kind="level",
        party=claim.party,
        author=claim.author,
        epoch=max(claim.version >> 32, 1),
        at=from_ms(claim.claimed_ms),
        place=place,
    )
    return Output(PARTY_EVENTS.name, claim.party, event)
