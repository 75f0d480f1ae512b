"""What triage keeps of one party: its authors, present or left, the cases that were published, alerts raised.

A contact never changes its author, so everything that is ever told about an author at any epoch is true:
records of a present author are merged whatever their epoch is, as long as it is not lower. An id of a case
belongs to the party of the author of its anchor, an alert to that of the author whose contact waits; both are
handed on when the author leaves.

A state begins with its `Head`: when the party is to be looked at again. Timers read no more than that.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from listener.domain.ids import case_id
from listener.domain.level import LevelPlace
from listener.domain.party import PartyEvent
from listener.domain.response import Level
from stream.history import History
from stream.moments import to_ms
from stream.stage import Position
from stream.triage.alerts import Raising

GENERATION = 2
"""Of the form of the state; raise it when the form changes, and read the earlier ones. The first had no head."""
HEAD_BYTES = 200
"""A head ends within so many bytes of the beginning of a packed state."""
_HEAD_BEGINS = b'{"w":['


class Head(NamedTuple):
    """When a party is to be looked at again.

    Attributes:
        wake_ms: when its cases say something else if nothing happens until then; None if they never will.
        policy_hash: of the policy under which that was found.
        live: whether it has an open case that is not only imported.
        held: whether something new was not published yet, so as not to publish too often.
    """

    wake_ms: int | None
    policy_hash: str
    live: bool
    held: bool


def read_head(state: bytes) -> Head | None:
    """The head of a packed state, or of its first `HEAD_BYTES`; None for what is no state of this stage.

    A state of an earlier generation has none: it may have an open case, under a policy that nobody knows.
    """
    if not state.startswith(_HEAD_BEGINS):
        return Head(None, "", live=True, held=False) if state.startswith(b'{"g":1,') else None
    wake_ms, policy_hash, live, held, _ = orjson.loads(
        state[len(_HEAD_BEGINS) - 1 : state.index(b"]", 0, HEAD_BYTES) + 1]
    )
    return Head(wake_ms, policy_hash, bool(live), bool(held))


@dataclass(slots=True)
class Present:
    """An author who belongs to the party.

    Attributes:
        visible: whether cases are made of the contacts; not before everything was told (`join`), except at the
            first epoch, when nothing was said before.
        dropped: (time, mention id) of the newest contact that is kept no more; what is older is passed over.
        claimed: as `Left.claimed`, of an author who is here again.
    """

    epoch: int
    visible: bool
    history: History = field(default_factory=History)
    dropped: tuple[int, str] | None = None
    claimed: set[Level] = field(default_factory=set)


@dataclass(slots=True)
class Left:
    """An author who belonged to the party.

    Attributes:
        anchors: the cases that were handed on, by the mention ids of their anchors.
        alerts: the alerts that were handed on, with the cases that they were about.
        claimed: levels that any of them had ever claimed a place at.
        times: when the contacts that cases and alerts are named after were said, as far as that is known.
    """

    epoch: int
    to_party: str
    anchors: set[str] = field(default_factory=set)
    alerts: dict[Raising, str] = field(default_factory=dict)
    claimed: set[Level] = field(default_factory=set)
    times: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Published:
    """What the party has published under an id.

    Attributes:
        counter: of changes.
        content: hash of what was published last; empty if nothing was.
        changed: the record after which it changed last.
        said_ms: when that was.
        shown: hash of what in it matters to people.
        claimed: levels that it ever claimed a place at: each snapshot says whether it still does.
        places: by level what was told last: (sequence, whether it has a place).
        heir: the contact that stands for the anchor, where that is kept no more.
    """

    anchor: str
    author: str
    counter: int = 0
    content: str = ""
    changed: Position | None = None
    said_ms: int = 0
    shown: str = ""
    claimed: set[Level] = field(default_factory=set)
    places: dict[Level, tuple[int, bool]] = field(default_factory=dict)
    heir: str | None = None

    @property
    def refused(self) -> frozenset[Level]:
        """The levels that are known to be full."""
        return frozenset(level for level, (_, admitted) in self.places.items() if not admitted)


@dataclass(slots=True)
class Raised:
    """An alert that the party has raised, or has taken over.

    Attributes:
        case: the id of the case that it is about.
        author: whose contact waits.
        content: hash of what was published last; empty if this party has published nothing about it.
        standing: whether it was not withdrawn since.
        changed: the record after which it changed last.
    """

    case: str
    author: str
    content: str = ""
    standing: bool = True
    changed: Position | None = None


@dataclass(slots=True)
class Erased:
    """What was published about an author who is erased, and has to be taken back.

    Attributes:
        epoch: the first that the author may speak under again.
        at_ms: what was said until then is gone.
        anchors: anchor of each case to the levels that it had ever claimed a place at.
        alerts: that were raised, with the cases that they were about.
        changed: the record that said so.
        version: not below any that was published.
    """

    epoch: int
    at_ms: int
    changed: Position
    anchors: dict[str, set[Level]] = field(default_factory=dict)
    alerts: dict[Raising, str] = field(default_factory=dict)
    version: int = 0

    def take(self, alerts: dict[Raising, str], stays: Collection[str]) -> list[Raising]:
        """Takes over, and out of `alerts`, all but those about contacts that stay."""
        taken = [raising for raising in alerts if raising.anchor not in stays]
        self.alerts |= {raising: alerts.pop(raising) for raising in taken}
        return taken

    def take_handed(
        self, handed: "Left | Untold", stays: Collection[str], epoch: int, claimed: Iterable[Level]
    ) -> None:
        """Takes over what was, or is, handed on, of which perhaps nobody has heard: all but what stays.

        Behind the erasure, also what was said later is handed on, and stays; and of what was said before, as the
        author's party may have changed before this was heard. Where nobody knows when it was said, it goes.
        """
        if handed.epoch >= epoch:
            stays = {*stays, *(name for name, said_ms in handed.times.items() if said_ms > self.at_ms)}
        self.anchors |= {anchor: set(claimed) for anchor in handed.anchors if anchor not in stays}
        handed.anchors.intersection_update(stays)
        self.take(handed.alerts, stays)
        handed.times = {name: said_ms for name, said_ms in handed.times.items() if name in stays}


@dataclass(slots=True)
class Untold:
    """What former parties handed on with an author who is not here yet; `times` as `Left` has them."""

    epoch: int = 0
    anchors: set[str] = field(default_factory=set)
    alerts: dict[Raising, str] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)


class PartyState:
    """Everything known of one party.

    Attributes:
        authors: present and left.
        published: by case id.
        raised: alerts that stand, and those withdrawn whose withdrawal may have to be repeated.
        untold: by author.
        erased: by author.
        dropped: (time, mention id) of the newest contact that was dropped since the party has too many.
        head: when the party is to be looked at again.
        judged_ms: when something was last found to have changed; for this party time does not go back behind it.
    """

    __slots__ = ("authors", "dropped", "erased", "head", "judged_ms", "published", "raised", "untold")

    def __init__(self) -> None:
        self.authors: dict[str, Present | Left] = {}
        self.published: dict[str, Published] = {}
        self.raised: dict[Raising, Raised] = {}
        self.untold: dict[str, Untold] = {}
        self.erased: dict[str, Erased] = {}
        self.dropped: tuple[int, str] | None = None
        self.head = Head(None, "", live=False, held=False)
        self.judged_ms = 0

    def present(self, author: str, epoch: int) -> Present | None:
        """The author's entry for a record of this epoch; None if the record is out of date."""
        entry = self.authors.get(author)
        if isinstance(entry, Present):
            if epoch < entry.epoch:
                return None
            entry.epoch = epoch
            return entry
        if entry is not None and epoch <= entry.epoch:
            return None
        made = Present(epoch, visible=epoch == 1, claimed=entry.claimed if entry is not None else set())
        self.authors[author] = made
        if entry is not None:
            self._wait(author, 0, entry.anchors, entry.alerts, entry.times)
        self.reveal(author, made, told=False)
        return made

    def reveal(self, author: str, entry: Present, *, told: bool) -> None:
        """The author is complete if it was told so; then what former parties handed on is ours."""
        entry.visible = entry.visible or told
        waiting = self.untold.get(author)
        if entry.visible and waiting is not None and waiting.epoch <= entry.epoch:
            del self.untold[author]
            self._own(author, entry, waiting.anchors, waiting.alerts)

    def leave(self, author: str, epoch: int, to_party: str) -> None:
        """The author's contacts go, and the ids of the cases and the alerts are to be handed on."""
        entry = self.authors.get(author)
        if entry is not None and (entry.epoch > epoch or (isinstance(entry, Left) and entry.epoch == epoch)):
            return
        left = Left(epoch, to_party)
        if entry is not None:
            left.claimed = entry.claimed
        if isinstance(entry, Left):
            left.anchors, left.alerts, left.times = entry.anchors, entry.alerts, entry.times
        elif entry is not None:
            left.times = entry.history.times()
        for name in [name for name, case in self.published.items() if case.author == author]:
            case = self.published.pop(name)
            left.anchors.add(case.anchor)
            left.claimed = left.claimed | case.claimed
        for raising in [raising for raising, alert in self.raised.items() if alert.author == author]:
            left.alerts[raising] = self.raised.pop(raising).case
        waiting = self.untold.get(author)
        if waiting is not None and waiting.epoch <= epoch:
            del self.untold[author]
            left.anchors |= waiting.anchors
            left.alerts |= waiting.alerts
            left.times |= waiting.times
        named = left.anchors.union(raising.anchor for raising in left.alerts)
        left.times = {name: said_ms for name, said_ms in left.times.items() if name in named}
        self.authors[author] = left

    def take_over(
        self,
        author: str,
        epoch: int,
        anchors: Iterable[str],
        alerts: Mapping[Raising, str],
        times: Mapping[str, int],
    ) -> None:
        """A former party tells which cases it had published, and which alerts it had raised.

        It tells each later party, too, so none forwards it.
        """
        entry = self.authors.get(author)
        if isinstance(entry, Present) and entry.visible and entry.epoch >= epoch:
            self._own(author, entry, anchors, alerts)
        elif not isinstance(entry, Left) or entry.epoch < epoch:
            self._wait(author, epoch, anchors, alerts, times)

    def erase(self, event: PartyEvent, position: Position) -> None:
        """Forgets what an author said until then, and what was made of it, which is to be taken back.

        What was made of what was said later stays: it is handed on when the author leaves, as ever.

        Args:
            event: names the author, the first epoch of what is said later, and the contacts that stay.
            position: of the record that says so.
        """
        author, at_ms = event.author, to_ms(event.at)
        erased = self.erased.setdefault(author, Erased(event.epoch, at_ms, position))
        erased.epoch, erased.at_ms = max(event.epoch, erased.epoch), max(at_ms, erased.at_ms)
        erased.changed = position
        stays = {case.anchor for case in event.cases}
        entry, waiting = self.authors.get(author), self.untold.get(author)
        version = event.epoch << 32
        if isinstance(entry, Present) and entry.epoch >= event.epoch:
            entry.history.forget_until(at_ms)
            stays.update(entry.history.contacts)
            version = entry.epoch << 32
        elif isinstance(entry, Present):
            del self.authors[author]
        elif entry is not None:
            erased.take_handed(entry, stays, event.epoch, entry.claimed)
            if entry.epoch < event.epoch and not (entry.anchors or entry.alerts):
                del self.authors[author]
        if waiting is not None:
            erased.take_handed(waiting, stays, event.epoch, ())
            if not (waiting.anchors or waiting.alerts):
                del self.untold[author]
        for name, case in list(self.published.items()):
            if case.author == author and case.anchor not in stays:
                erased.anchors[case.anchor] = self.published.pop(name).claimed
                erased.version = max(erased.version, version + case.counter)
        raised = {raising: alert.case for raising, alert in self.raised.items() if alert.author == author}
        for raising in erased.take(raised, stays):
            del self.raised[raising]
        if author not in self.authors:
            for raising in raised:
                # records that come again repeat no alert of an author who is away: it is to be said on return
                self.raised[raising].content = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is known, and nothing is left to do."""
        return not (self.authors or self.published or self.raised or self.untold or self.erased)

    def _wait(
        self,
        author: str,
        epoch: int,
        anchors: Iterable[str],
        alerts: Mapping[Raising, str],
        times: Mapping[str, int],
    ) -> None:
        waiting = self.untold.get(author) or Untold()
        waiting.anchors.update(anchors)
        waiting.alerts |= alerts
        waiting.times |= times
        if waiting.anchors or waiting.alerts:
            waiting.epoch = max(waiting.epoch, epoch)
            self.untold[author] = waiting

    def _own(
        self, author: str, entry: Present, anchors: Iterable[str], alerts: Mapping[Raising, str]
    ) -> None:
        for anchor in anchors:
            case = Published(anchor, author, claimed=set(entry.claimed))
            self.published.setdefault(case_id(anchor), case)
        for raising, name in alerts.items():
            # whatever was said here may stand before the former party's last word: it is to be said again
            self.raised.setdefault(raising, Raised(name, author)).content = ""

    def lose(self, name: str) -> None:
        """No contact of a case is kept; its id is, until the places that it claimed are given back."""
        case = self.published.get(name)
        if case is not None and not case.claimed:
            del self.published[name]

    def inherit(self, gone: str, heir: str) -> None:
        """From now on this contact stands for one that is kept no more."""
        for case in self.published.values():
            if gone in (case.anchor, case.heir):
                case.heir = heir

    def place(self, told: LevelPlace) -> None:
        """A case that is ours has a place at a level, or has none."""
        case = self.published.get(told.case_id)
        if case is not None and told.sequence > case.places.get(told.level, (0, True))[0]:
            case.places[told.level] = (told.sequence, told.admitted)

    def visible(self) -> dict[str, History]:
        """The present authors of whose contacts cases are made."""
        return {
            author: entry.history
            for author, entry in self.authors.items()
            if isinstance(entry, Present) and entry.visible
        }

    def packed(self) -> bytes:
        """The state as compact JSON, the head first."""
        authors: dict[str, Any] = {}
        for author, entry in self.authors.items():
            if isinstance(entry, Left):
                authors[author] = {"e": entry.epoch, "to": entry.to_party, "s": sorted(entry.anchors)}
                if entry.alerts:
                    authors[author]["n"] = _packed_alerts(entry.alerts)
                if entry.times:
                    authors[author]["t"] = entry.times
            else:
                authors[author] = {"e": entry.epoch, "v": entry.visible, **entry.history.packed()}
                if entry.dropped is not None:
                    authors[author]["z"] = entry.dropped
            if entry.claimed:
                authors[author]["l"] = sorted(entry.claimed)
        head = self.head
        state: dict[str, Any] = {
            "w": (head.wake_ms, head.policy_hash, int(head.live), int(head.held), self.judged_ms),
            "g": GENERATION,
            "a": authors,
        }
        if self.published:
            state["p"] = {
                name: (
                    case.anchor,
                    case.author,
                    case.counter,
                    case.content,
                    _packed_position(case.changed),
                    case.said_ms,
                    case.shown,
                    *([sorted(case.claimed), case.places] if case.claimed or case.heir else ()),
                    *([case.heir] if case.heir else ()),
                )
                for name, case in self.published.items()
            }
        if self.raised:
            state["n"] = [
                (
                    *raising,
                    raised.case,
                    raised.author,
                    raised.content,
                    int(raised.standing),
                    _packed_position(raised.changed),
                )
                for raising, raised in self.raised.items()
            ]
        if self.untold:
            state["u"] = {
                author: (
                    waiting.epoch,
                    sorted(waiting.anchors),
                    _packed_alerts(waiting.alerts),
                    waiting.times,
                )
                for author, waiting in self.untold.items()
            }
        if self.erased:
            state["f"] = {
                author: (
                    erased.epoch,
                    erased.at_ms,
                    tuple(erased.changed),
                    {anchor: sorted(levels) for anchor, levels in erased.anchors.items()},
                    _packed_alerts(erased.alerts),
                    erased.version,
                )
                for author, erased in self.erased.items()
            }
        if self.dropped is not None:
            state["z"] = self.dropped
        return orjson.dumps(state)

    @classmethod
    def unpacked(cls, state: bytes) -> "PartyState":
        """Reads what `packed` wrote, in this generation or an earlier one."""
        packed = orjson.loads(state)
        if packed["g"] not in {1, GENERATION}:
            raise ValueError(f"the state of a party has generation {packed['g']}, not {GENERATION}")
        memory = cls()
        if "w" in packed:
            wake_ms, policy_hash, live, held, memory.judged_ms = packed["w"]
            memory.head = Head(wake_ms, policy_hash, bool(live), bool(held))
        for author, entry in packed["a"].items():
            levels = set(entry.get("l", ()))
            if "to" in entry:
                alerts = _unpacked_alerts(entry.get("n", ()))
                memory.authors[author] = Left(
                    entry["e"], entry["to"], set(entry["s"]), alerts, levels, entry.get("t", {})
                )
            else:
                memory.authors[author] = Present(
                    entry["e"], entry["v"], History.unpacked(entry), _pair(entry.get("z")), levels
                )
        for name, (anchor, author, counter, content, changed, *said) in packed.get("p", {}).items():
            memory.published[name] = case = Published(
                anchor, author, counter, content, _unpacked_position(changed), *said[:2]
            )
            if said[2:]:
                case.claimed = set(said[2])
                case.places = {level: (sequence, admitted) for level, (sequence, admitted) in said[3].items()}
            if said[4:]:
                case.heir = said[4]
        for *raising, about, author, content, standing, changed in packed.get("n", ()):
            memory.raised[Raising(*raising)] = Raised(
                about, author, content, bool(standing), _unpacked_position(changed)
            )
        for author, (epoch, anchors, *handed) in packed.get("u", {}).items():
            memory.untold[author] = Untold(epoch, set(anchors), _unpacked_alerts(*handed[:1]), *handed[1:])
        for author, (epoch, at_ms, changed, anchors, alerts, version) in packed.get("f", {}).items():
            claimed = {anchor: set(levels) for anchor, levels in anchors.items()}
            memory.erased[author] = Erased(
                epoch, at_ms, Position(*changed), claimed, _unpacked_alerts(alerts), version
            )
        memory.dropped = _pair(packed.get("z"))
        return memory


def _packed_alerts(alerts: Mapping[Raising, str]) -> list[Any]:
    return [(*raising, case) for raising, case in sorted(alerts.items())]


def _unpacked_alerts(packed: Iterable[Any] = ()) -> dict[Raising, str]:
    return {Raising(*raising): case for *raising, case in packed}


def _packed_position(position: Position | None) -> tuple[str, int, int] | None:
    return None if position is None else (position.topic, position.partition, position.offset)


def _unpacked_position(packed: Any) -> Position | None:
    return None if packed is None else Position(*packed)


def _pair(packed: Any) -> tuple[int, str] | None:
    return None if packed is None else (packed[0], packed[1])
