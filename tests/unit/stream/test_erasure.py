"""Who is erased was never there: whenever that is said, in whatever order it is heard, and for everybody else."""

import random
from collections.abc import Sequence
from datetime import datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from listener.domain.command import CaseCommand
from listener.domain.customer import IdentityLink
from listener.domain.erasure import Erasures
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.response import Response
from listener.domain.topics import PARTIES, TRIAGE
from stream.ledger.ledger import Recorded, key_of
from unit.stream.test_all_stages import AUTHORS, CROWDED, HOURS, RandomWorld
from unit.stream.worlds import (
    POLICY,
    assert_within_capacity,
    at,
    canonical,
    erase,
    link,
    live,
    look_again,
    mention,
    put_all,
    response,
    rough,
    stages,
    standing,
    straight,
)

AFTER_ALL = 10_000.0


def without(values: Sequence[Recorded], erased: dict[str, float]) -> list[Recorded]:
    """The same world, had these authors kept silent until then."""
    kept: list[Recorded] = []
    for value in values:
        until = erased.get(key_of(value))
        if until is None:
            kept.append(value)
        elif isinstance(value, IdentityLink):
            decisions = tuple(decision for decision in value.decisions if decision.at > at(until))
            kept += [value.model_copy(update={"decisions": decisions})] if decisions else []
        elif said_at(value) > at(until):
            kept.append(value)
    return kept


def said_at(value: Recorded) -> datetime:
    match value:
        case CaseCommand():
            return value.at
        case Mention() | Response():
            return min(value.occurred_at, value.received_at)
        case _:
            raise TypeError(value)


def tellable(world: Sequence[Recorded], erased: dict[str, float]) -> list[Recorded]:
    """Without what makes no clear before and after: deletions, and ids that stand for several times. Evidence of
    who it is, too: what was given between the command and the moment in which it is carried out is forgotten.
    """
    seen = set()
    kept: list[Recorded] = []
    for value in world:
        if key_of(value) in erased and not isinstance(value, IdentityLink):
            if isinstance(value, MentionDeleted):
                continue
            name = getattr(value, "mention_id", None) or getattr(value, "response_id", None)
            if name is not None and name in seen:
                continue
            seen.add(name)
            value = value.model_copy(update={"contactable": None}) if isinstance(value, Mention) else value
        kept.append(value)
    return kept


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**64), st.booleans(), st.booleans())
@example(660287011152, False, False)  # it leaves its party before the party hears of it
@example(438761111054, False, False)  # what it says afterwards is overdue before it has left
@example(1500, False, False)  # its author is away when an alert that was never sent would be repeated
def test_to_be_erased_is_never_to_have_spoken(seed: int, at_the_end: bool, crowded: bool) -> None:
    random_world, chance = RandomWorld(seed), random.Random(seed)
    policy = CROWDED if crowded else POLICY
    end = random_world.end
    who = chance.sample(AUTHORS, chance.choice([1, 1, 2, 3]))
    erased = {author: AFTER_ALL if at_the_end else chance.choice(HOURS) for author in who}
    world = random_world.records() if at_the_end else tellable(random_world.records(), erased)
    said = [*world, *(erase(author, hours) for author, hours in erased.items())]
    wild = rough(chance.sample(said, len(said)), chance.randrange(2**32), end, policy)
    calm = straight(without(world, erased) if not at_the_end else others(world, who), end, policy)
    assert canonical(wild, live_only=True) == canonical(calm, live_only=True)
    assert standing(wild) == standing(calm)
    for both in (wild, calm):
        assert_within_capacity(both, policy)
        look_again(both)
    assert canonical(wild) == canonical(calm)
    assert standing(wild) == standing(calm)
    if at_the_end:
        for author in who:
            assert not [
                key for (_, key), state in wild.states().items() if author in key or author.encode() in state
            ]


def others(world: Sequence[Recorded], erased: Sequence[str]) -> list[Recorded]:
    return [value for value in world if key_of(value) not in erased]


def test_cases_identity_and_states_are_taken_back() -> None:
    both = straight([mention("1", "complaint cause-delay", 0.0, email="one@example.org"), erase("x:a", 1.0)])
    assert both.cases == {}
    assert not [1 for name, _ in both.states() if name != "levels"]
    last = {output.topic: output.value for output in both.published}
    assert last[PARTIES.name] is None
    assert last[TRIAGE.name] is None


def test_a_replay_brings_nobody_back() -> None:
    said: list[Recorded] = [
        mention("1", "complaint cause-delay", 0.0),
        response("r", "1", "x:a", 0.5),
        link("x:a", ("1", "confirmed", 0.7)),
    ]
    both = straight([*said, erase("x:a", 1.0)])
    put_all(both, said).drain()
    assert both.cases == {}
    assert not [1 for name, _ in both.states() if name != "levels"]


def test_what_is_said_afterwards_is_heard() -> None:
    first = mention("1", "complaint cause-delay", 0.0, email="one@example.org")
    both = straight([first, erase("x:a", 1.0), mention("2", "complaint cause-delay", 2.0)])
    [case] = live(both)
    assert [contact.mention_id for contact in case.contacts] == ["x:2"]
    assert case.party == "a:x:a"


def test_another_account_of_the_customer_keeps_its_case() -> None:
    both = straight(
        [
            mention("1", "complaint cause-delay", 0.0, "x:a", email="one@example.org"),
            mention("2", "complaint cause-delay", 1.0, "y:c", email="one@example.org"),
            erase("x:a", 2.0),
        ]
    )
    [case] = live(both)
    assert [contact.mention_id for contact in case.contacts] == ["x:2"]
    assert case.party == "c:1"


def test_a_command_that_comes_again_changes_nothing_of_the_new_history() -> None:
    both = stages()
    again = erase("x:a", 1.0)
    put_all(both, [mention("1", "complaint cause-delay", 0.0), again]).drain()
    put_all(both, [mention("2", "complaint cause-delay", 2.0, email="one@example.org")]).drain()
    put_all(both, [again]).drain()
    [case] = live(both)
    assert case.party == "c:1"
    put_all(both, [mention("3", "complaint cause-delay", 3.0)]).drain()
    [case] = live(both)
    assert [contact.mention_id for contact in case.contacts] == ["x:2", "x:3"]


def test_who_is_on_the_list_is_heard_although_the_command_never_came() -> None:
    erasures = Erasures(b"sixteen bytes at least")
    both = stages(erasures=erasures)
    put_all(both, [mention("1", "complaint cause-delay", 0.0)]).drain()
    erasures.note("author", "x:a", at(1.0))
    put_all(both, [mention("2", "complaint cause-delay", 2.0)]).drain()
    [case] = live(both)
    assert [contact.mention_id for contact in case.contacts] == ["x:2"]
    put_all(both, [erase("x:a", 1.0)]).drain()
    assert live(both) == [case]


def test_a_second_erasure_right_behind_the_first_takes_what_was_said_between() -> None:
    second = 1 / 3600
    both = straight(
        [
            mention("1", "complaint cause-delay", 0.0),
            erase("x:a", 1.0),
            mention("2", "complaint cause-delay", 1.0 + second),
            erase("x:a", 1.0 + 5 * second),
        ]
    )
    assert live(both) == []
    assert not [key for key, state in both.states().items() if b"x:2" in state]
