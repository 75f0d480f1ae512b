"""Dead letters as the console shows them, by the functions with which the command line lists and replays them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from listener.console.dead_letters import DeadFilter, DeadPage, DeadPlanned, DeadRow, DeadShown
from listener.dead_letters.describe import beginning_of, key_in_words, state_in_words
from listener.dead_letters.drop import drop
from listener.dead_letters.heads import Heads
from listener.dead_letters.letter import Letter, letter_id, parse_letter_id
from listener.dead_letters.readable import neutral
from listener.dead_letters.reading import read_named
from listener.dead_letters.replay import plan_replay, replay
from listener.dead_letters.selection import Selection
from listener.domain.errors import UsageError
from listener.kafka.connection import KafkaConnection
from listener.kafka.publish import Publisher

CHOICES = 100
"""Values of a filter's field that are offered at most."""


class DeadLetterDesk:
    """A `DeadLetterBox` on Kafka.

    Args:
        heads: all letters as they stand.
        publisher: gives one of its own to each act.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        heads: Heads,
        publisher: Callable[[], AbstractContextManager[Publisher]],
        now: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._heads = heads
        self._publisher = publisher
        self._now = now

    def find(self, wanted: DeadFilter, after: str | None, most: int) -> DeadPage:
        """See `DeadLetterBox`."""
        found = self._heads.find(_selection(wanted))
        start = next((place + 1 for place, letter in enumerate(found) if letter.id == after), 0)
        shown = found[start : start + most]
        older = shown[-1].id if len(found) > start + most else None
        every = self._heads.find(Selection(resolved=wanted.resolved))
        choices = {
            "reason": _choices(letter.why.reason for letter in every),
            "stage": _choices(letter.why.stage for letter in every),
            "source": _choices(letter.why.source for letter in every),
            "topic": _choices(letter.why.topic for letter in every),
        }
        return DeadPage([_row(letter) for letter in shown], len(found), older, choices)

    def show(self, letter_id: str) -> DeadShown:
        """See `DeadLetterBox`."""
        [letter] = read_named(self._connection, [_place(letter_id)])
        original = beginning_of(letter.original or b"", letter.whole)
        return DeadShown(
            row=_row(letter),
            resolution=state_in_words(letter) if letter.resolution else None,
            key=neutral(key) if (key := key_in_words(letter)) else None,
            sha256=letter.why.sha256,
            original=original.text if letter.original is not None else "a tombstone: no value",
            is_hex=original.is_hex,
            left_out=original.left_out,
            whole=letter.whole,
        )

    def plan(self, ids: Sequence[str]) -> Sequence[DeadPlanned]:
        """See `DeadLetterBox`."""
        return [
            DeadPlanned(
                letter_id(one.partition, one.offset),
                neutral(one.origin),
                one.topic,
                one.attempt,
                neutral(one.obstacle) if one.obstacle else None,
            )
            for one in plan_replay(self._connection, self._open(map(_place, ids)), None)
        ]

    def replay(self, ids: Sequence[str], by: str) -> int:
        """See `DeadLetterBox`."""
        planned = plan_replay(self._connection, self._open(map(_place, ids)), None)
        ready = [(one.partition, one.offset) for one in planned if one.obstacle is None]
        with self._publisher() as out:
            return replay(self._open(ready), out, to=None, by=by, now=self._now)

    def drop(self, ids: Sequence[str], why: str, by: str) -> int:
        """See `DeadLetterBox`."""
        with self._publisher() as out:
            return drop(self._open(map(_place, ids)), out, why=why, by=by, now=self._now)

    def _open(self, places: Iterable[tuple[int, int]]) -> Iterator[Letter]:
        """Those of these letters about which nothing was done yet, as the topics say at this moment."""
        wanted = list(dict.fromkeys(places))
        return (letter for letter in read_named(self._connection, wanted) if letter.resolution is None)


def _selection(wanted: DeadFilter) -> Selection:
    def one(value: str) -> frozenset[str]:
        return frozenset({value} if value else ())

    return Selection(
        reasons=one(wanted.reason),
        stages=one(wanted.stage),
        sources=one(wanted.source),
        topics=one(wanted.topic),
        resolved=wanted.resolved,
    )


def _row(letter: Letter) -> DeadRow:
    why = letter.why
    return DeadRow(
        id=letter.id,
        at=why.at,
        state=letter.state,
        stage=why.stage,
        source=why.source,
        reason=why.reason,
        detail=neutral(why.detail),
        origin=neutral(why.origin),
        topic=why.topic,
        size=why.size,
        attempt=why.attempt,
    )


def _choices(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})[:CHOICES]


def _place(text: str) -> tuple[int, int]:
    try:
        return parse_letter_id(text)
    except ValueError as error:
        raise UsageError(str(error)) from None
