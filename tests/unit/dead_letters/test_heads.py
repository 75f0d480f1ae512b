from datetime import timedelta

from fakes.fetched import FakeFetched
from listener.dead_letters.heads import Heads
from listener.dead_letters.selection import Selection
from listener.domain.dead_letter import DeadLetterResolution
from listener.domain.topics import DEAD, DEAD_RESOLUTIONS
from unit.dead_letters.letters import NOON, WHY

DAY = timedelta(days=1)


def dead(offset: int, **why: object) -> FakeFetched:
    headers = WHY.model_copy(update={"at": NOON + timedelta(seconds=offset), **why}).to_headers()
    return FakeFetched(
        topic=DEAD.name,
        partition=0,
        offset=offset,
        timestamp=round(NOON.timestamp() * 1000),
        key=b"k",
        value=b"text",
        headers=headers,
    )


def dropped(offset: int, produced_at: object = NOON) -> FakeFetched:
    told = DeadLetterResolution.model_validate(
        {
            "letter": f"0@{offset}",
            "produced_at": produced_at,
            "resolution": "dropped",
            "by": "me",
            "at": NOON,
        }
    )
    return FakeFetched(topic=DEAD_RESOLUTIONS.name, partition=0, offset=0, value=told.to_json())


def test_open_letters_the_newest_first_without_originals() -> None:
    heads = Heads(30 * DAY, lambda: NOON)
    for offset in range(3):
        heads.take(dead(offset))
    heads.resolve(dropped(1))
    found = heads.find(Selection())
    assert [letter.id for letter in found] == ["0@2", "0@0"]
    assert {(letter.key, letter.original) for letter in found} == {(None, None)}
    assert heads.count_open() == 2
    everything = heads.find(Selection(resolved=True))
    assert [letter.state for letter in everything] == ["open", "dropped", "open"]


def test_a_resolution_of_another_letter_with_this_place_counts_for_nothing() -> None:
    heads = Heads(30 * DAY, lambda: NOON)
    heads.take(dead(1))
    heads.resolve(dropped(1, produced_at=NOON - DAY))
    assert [letter.state for letter in heads.find(Selection())] == ["open"]


def test_what_the_topic_has_let_go_is_gone() -> None:
    heads = Heads(30 * DAY, lambda: NOON + 31 * DAY)
    heads.take(dead(1))
    assert heads.find(Selection(resolved=True)) == []


def test_the_oldest_are_forgotten_where_there_are_too_many() -> None:
    heads = Heads(30 * DAY, lambda: NOON, most=2)
    for offset in range(5):
        heads.take(dead(offset))
    assert [letter.id for letter in heads.find(Selection())] == ["0@4", "0@3"]
