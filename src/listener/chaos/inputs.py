"""What a campaign publishes: a simulated company, repeated, edited, deleted, shuffled and poisoned, by seed."""

import base64
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from listener.chaos.poison import POISON
from listener.chaos.posts import Post, make_posts
from listener.domain.clock import ClockTick
from listener.domain.contract import format_utc
from listener.domain.customer import Customer
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.response import Response
from listener.domain.topics import BACKFILL, CLOCK, CUSTOMERS, RAW, RESPONSES
from listener.simulator import SimulatedCompany, SimulationSettings

INPUT_TOPICS = (RAW.name, BACKFILL.name, RESPONSES.name)
ENDS_AT = datetime(2025, 6, 1, tzinfo=UTC)
DAYS = 60
LIVE_DAYS = 40
REPEATED, EDITED, DELETED, LATE = 0.30, 0.06, 0.03, 0.03
"""Shares of the records; of the edited some are edited again, of the repeats some come late."""
AGAIN = 0.2
TICKS = 50
"""So often time goes on while records come."""
POISONED = 0.01
MOST_POISON = 20 * len(POISON)
POSTED, MOST_POSTS = 0.15, 3000
"""Posts that connectors read: as a share of the mentions, and at most, fewer than a cursor remembers."""
SHUFFLE = 40.0
"""Records come about so many places from where they belong."""


@dataclass(frozen=True, slots=True)
class Input:
    """A record to publish."""

    topic: str
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True)
class Inputs:
    """What is published.

    Attributes:
        first: customers and the first tick, before the workers start.
        records: everything else in its order, ticks among it.
        posts: what platforms show meanwhile; connectors publish it.
        ends_at: what time it is once all is processed: some deadlines have passed, others have not.
    """

    first: tuple[Input, ...]
    records: tuple[Input, ...]
    posts: tuple[Post, ...]
    ends_at: datetime


def make_inputs(seed: int, mentions: int) -> Inputs:
    """About so many different mentions, and what comes with them; equal for equal arguments."""
    chance = random.Random(f"inputs {seed}")  # noqa: S311  # to be repeated, not to be secret
    company = SimulatedCompany(
        SimulationSettings(
            customers=max(60, mentions // 2),
            days=DAYS,
            seed=seed,
            ends_at=ENDS_AT,
            historical_before=ENDS_AT - timedelta(days=LIVE_DAYS),
        )
    )
    customers: dict[str, Input] = {}
    said: list[tuple[str, Mention | MentionDeleted | Response]] = []
    for event in company.history():
        match event.value:
            case Customer():
                # one record each: when a change of them is heard would decide who is matched
                record = Input(CUSTOMERS.name, event.key.encode(), event.value.to_json())
                customers.setdefault(event.value.customer_id, record)
            case Mention() | MentionDeleted() | Response():
                said.append((event.topic.name, event.value))
    chosen = list(islice(_spread(said), mentions))
    placed = list(_placed(chosen, chance))
    kinds = list(POISON)
    good = [(topic, value) for topic, value in chosen if isinstance(value, Mention)]
    for number in range(min(MOST_POISON, max(len(kinds), int(POISONED * mentions)))):
        topic, mention = chance.choice(good)
        key, poisoned = POISON[kinds[number % len(kinds)]](_fields(mention, number))
        placed.append((chance.uniform(0, len(chosen)), Input(topic, key, poisoned)))
    ticks = _ticks([value.occurred_at for _, value in chosen if isinstance(value, Mention)])
    placed.extend((len(chosen) * number / TICKS, tick(at)) for number, at in enumerate(ticks))
    placed.sort(key=lambda pair: pair[0])
    first = (*customers.values(), tick(ticks[0]))
    early = [value for _, value in said if isinstance(value, Mention) and value.direction == "inbound"]
    posts = make_posts(early[: min(MOST_POSTS, int(POSTED * mentions))], ticks[0], seed)
    return Inputs(first, tuple(record for _, record in placed), posts, ends_at=ticks[-1])


def tick(at: datetime) -> Input:
    """It is so late."""
    return Input(CLOCK.name, None, ClockTick(at=at).to_json())


def _ticks(times: Sequence[datetime]) -> list[datetime]:
    """What time it is at each of so many places among things said at these times."""
    latest = list(accumulate(times, max))
    return [latest[(len(latest) - 1) * number // TICKS] for number in range(TICKS + 1)]


def _spread(
    said: list[tuple[str, Mention | MentionDeleted | Response]],
) -> Iterator[tuple[str, Mention | MentionDeleted | Response]]:
    """The newest first would all be live, the oldest historical: those around the border between them."""
    border = next((n for n, (_, value) in enumerate(said) if not value.historical), 0)
    yield from said[border // 2 :]
    yield from said[: border // 2]


def _placed(
    chosen: Iterable[tuple[str, Mention | MentionDeleted | Response]], chance: random.Random
) -> Iterator[tuple[float, Input]]:
    chosen = list(chosen)
    count = len(chosen)

    def place(number: int) -> float:
        at = number + chance.uniform(-SHUFFLE, SHUFFLE)
        return at + chance.uniform(0, count) if chance.random() < LATE else at

    def repeated(at: float, record: Input) -> Iterator[tuple[float, Input]]:
        yield at, record
        if chance.random() < REPEATED:
            late = chance.uniform(0, count) if chance.random() < LATE / REPEATED else 0.0
            yield at + late + chance.expovariate(1 / SHUFFLE), record

    for number, (topic, value) in enumerate(chosen):
        record = _record(topic, value)
        at = place(number)
        yield from repeated(at, record)
        if not isinstance(value, Mention):
            continue
        edits = chance.choices((0, 1, 2), (1 - EDITED, EDITED * (1 - AGAIN), EDITED * AGAIN))[0]
        for _ in range(edits):
            yield from repeated(place(number), _record(topic, _edit(value, chance)))
        if chance.random() < DELETED:
            yield from repeated(place(number), _record(topic, _deletion(value)))


def _record(topic: str, value: Mention | MentionDeleted | Response) -> Input:
    key = value.author if isinstance(value, Response) else value.key
    return Input(topic, key.encode(), value.to_json())


def _edit(mention: Mention, chance: random.Random) -> Mention:
    edited_at = mention.occurred_at + timedelta(minutes=chance.randint(1, 500))
    return mention.model_copy(
        update={
            "text": f"{mention.text} {chance.choice(('Still no answer!', 'Solved, thank you.', 'EDIT: typo.'))}",
            "edited_at": edited_at,
            "revision": int(edited_at.timestamp() * 1000),
            "received_at": edited_at,
        }
    )


def _deletion(mention: Mention) -> MentionDeleted:
    deleted_at = mention.occurred_at + timedelta(days=1)
    return MentionDeleted(
        mention_id=mention.mention_id,
        source=mention.source,
        source_kind=mention.source_kind,
        native_id=mention.native_id,
        author=mention.key,
        deleted_at=deleted_at,
        received_at=deleted_at,
        historical=mention.historical,
    )


def _fields(mention: Mention, number: int) -> dict[str, Any]:
    """Of a mention like this one, with ids of its own: so that it disturbs nobody's history."""
    native = f"poison-{number}"
    fields: dict[str, Any] = json.loads(mention.to_json())
    for name in ("answers", "answers_author", "reply_to", "thread", "contactable", "edited_at"):
        fields.pop(name, None)
    kind = mention.source_kind
    at = format_utc(mention.received_at)
    return fields | {
        "mention_id": f"{kind}:{native}",
        "native_id": native,
        "author": f"{kind}:poisoner-{number}",
        "direction": "inbound",
        "revision": 0,
        "received_at": at,
    }


def save_inputs(path: Path, records: Iterable[Input]) -> None:
    """Writes records as JSON lines, for the process that publishes them."""
    with path.open("w", encoding="ascii") as file:
        for record in records:
            key, value = (
                None if part is None else base64.b64encode(part).decode()
                for part in (record.key, record.value)
            )
            file.write(json.dumps([record.topic, key, value]) + "\n")


def read_inputs(path: Path) -> Iterator[Input]:
    """Reads what `save_inputs` wrote, one record at a time."""
    with path.open(encoding="ascii") as file:
        for line in file:
            topic, key, value = json.loads(line)
            key, value = (None if part is None else base64.b64decode(part) for part in (key, value))
            yield Input(topic, key, value)
