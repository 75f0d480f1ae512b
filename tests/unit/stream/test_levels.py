"""The stage of levels: who has a place is a function of the set of open claims."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from listener.domain.case import Case
from listener.domain.document import read_document
from listener.domain.errors import Rejected
from listener.domain.ids import case_id
from listener.domain.level import LevelClaim, LevelPlace
from listener.domain.party import PartyEvent
from listener.domain.response import Level
from listener.domain.topics import LEVEL_CLAIMS, PARTY_EVENTS
from stream import levels as levels_module
from stream.level_load import set_load
from stream.levels import Levels, LevelState
from stream.offline import AllStages
from stream.stage import Input, Output, Position
from stream.triage.bounds import MAX_CONTACTS
from stream.triage.party_state import Left, PartyState, Published
from stream.triage.policy import DEFAULT, Policy
from stream.triage.triage import Triage
from unit.stream.worlds import NOW, at, customers, link, live, mention, put_all, response, stages


def policy(more: str) -> Policy:
    return read_document(Policy, f"{DEFAULT.read_text()}\n{more}\n", "p.yaml")


TWO = policy("levels: {executive: {capacity: 2}}")
ONE_MANAGER = policy("levels: {manager: {capacity: 1}}")


def claim(name: str, hours: float, version: int = 1, party: str = "c:1", **fields: Any) -> LevelClaim:
    return LevelClaim(
        level=fields.pop("level", "executive"),
        case_id=name,
        party=party,
        anchor_author="x:a",
        version=version,
        open=fields.pop("open", True),
        claimed_at=at(hours),
        **fields,
    )


class Level3:
    """Feeds the stage with claims on one level."""

    def __init__(self, made: Policy = TWO) -> None:
        self.stage = Levels(made)
        self.state: bytes | None = None
        self.offset = 0
        self.told: dict[tuple[str, str], bool] = {}

    def hear(self, *claims: LevelClaim, first: int | None = None) -> list[Output]:
        start = self.offset if first is None else first
        inputs = [Input(Position(LEVEL_CLAIMS.name, 0, start + n), c) for n, c in enumerate(claims)]
        step = self.stage.step("executive", self.state, inputs, NOW)
        self.state = step.state
        self.offset = max(self.offset, start + len(claims))
        for output in step.outputs:
            assert isinstance(output.value, PartyEvent)
            assert (output.topic, output.key) == (PARTY_EVENTS.name, output.value.party)
            assert output.value.place is not None
            self.told[output.key, output.value.place.case_id] = output.value.place.admitted
        return list(step.outputs)


def test_the_first_have_a_place_and_each_new_claim_is_answered() -> None:
    level = Level3()
    level.hear(claim("K-a", 3), claim("K-b", 2))
    assert level.told == {("c:1", "K-a"): True, ("c:1", "K-b"): True}
    assert len(level.hear(claim("K-c", 1))) == 2
    assert level.told == {("c:1", "K-a"): False, ("c:1", "K-b"): True, ("c:1", "K-c"): True}
    assert level.hear(claim("K-b", 2, 2, owner="Jo")) == []
    assert len(level.hear(claim("K-c", 1, 2, open=False))) == 1
    assert level.told["c:1", "K-a"] is True


def test_a_repeated_record_leads_to_the_same_again() -> None:
    level = Level3()
    for records in ([claim("K-a", 3)], [claim("K-b", 2), claim("K-c", 1)], [claim("K-b", 2, 2, open=False)]):
        first = level.offset
        outputs = level.hear(*records)
        state = level.state
        assert outputs
        assert level.hear(*records, first=first) == outputs
        assert level.state == state


def test_an_old_claim_changes_nothing() -> None:
    level = Level3()
    level.hear(claim("K-a", 3, 5))
    assert level.hear(claim("K-a", 1, 4)) == []
    assert level.hear(claim("K-a", 1, 4, open=False)) == []
    assert LevelState.unpacked(level.state or b"").in_order() == ["K-a"]


def test_a_case_that_moves_is_told_to_its_new_party() -> None:
    level = Level3()
    level.hear(claim("K-a", 1), claim("K-b", 2), claim("K-c", 3))
    [told] = level.hear(claim("K-c", 3, 1 << 33, party="c:2"))
    assert told.key == "c:2"
    [again] = level.hear(claim("K-c", 3, 3 << 32, party="c:2"))
    assert again.key == "c:2"
    assert level.told["c:2", "K-c"] is False
    assert level.hear(claim("K-c", 3, 1 << 32, open=False)) == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3), st.booleans()), max_size=30), st.integers(0))
def test_places_are_a_function_of_the_set_of_claims(
    given_claims: list[tuple[int, int, bool]], seed: int
) -> None:
    """In any order between cases, with repeats, in batches of any size."""
    by_case: dict[str, list[LevelClaim]] = {}
    for number, (name, hours, is_open) in enumerate(given_claims):
        made = claim(f"K-{name}", hours, number, open=is_open)
        by_case.setdefault(made.case_id, []).append(made)
    chance = random.Random(seed)
    level = Level3()
    waiting = [list(claims) for claims in by_case.values()]
    while waiting := [claims for claims in waiting if claims]:
        batch = [claims.pop(0) for claims in chance.sample(waiting, chance.randint(1, len(waiting)))]
        level.hear(*batch)
        if chance.random() < 0.3:
            level.hear(*batch)
    last = [claims[-1] for claims in by_case.values()]
    order = sorted((c.claimed_at, c.case_id) for c in last if c.open)
    memory = LevelState() if level.state is None else LevelState.unpacked(level.state)
    assert memory.in_order() == [name for _, name in order]
    for place, (_, case_name) in enumerate(order):
        assert level.told["c:1", case_name] == (place < 2)


def test_what_cannot_be_a_claim_is_refused() -> None:
    stage = Levels(TWO)
    with pytest.raises(Rejected, match="no-value"):
        stage.decode(LEVEL_CLAIMS.name, None)
    with pytest.raises(Rejected, match="since when"):
        stage.decode(LEVEL_CLAIMS.name, claim("K-a", 1).model_copy(update={"claimed_at": None}).to_json())
    inputs = [Input(Position(LEVEL_CLAIMS.name, 0, 0), claim("K-a", 1))]
    with pytest.raises(Rejected, match="wrong-key: the key is not the level, executive"):
        stage.step("manager", None, inputs, NOW)
    with pytest.raises(ValueError, match="generation 2"):
        LevelState.unpacked(b'{"g": 2}')


def test_too_many_claims_are_put_off_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels_module, "MAX_CLAIMS", 3)
    level = Level3()
    level.hear(*(claim(f"K-{number}", number) for number in range(5)))
    memory = LevelState.unpacked(level.state or b"")
    assert (memory.in_order(), memory.overflow) == (["K-0", "K-1", "K-2"], 2)
    assert level.told["c:1", "K-4"] is False


def test_without_a_capacity_nothing_is_claimed() -> None:
    both = put_all(stages(), [mention(str(n), "complaint", 0, f"x:{n}") for n in range(3)])
    both.drain()
    assert [output for output in both.published if output.topic == LEVEL_CLAIMS.name] == []


def crowd(*values: Any, made: Policy = ONE_MANAGER, now_hours: float = 100) -> AllStages:
    both = put_all(stages(made, at(now_hours)), values)
    both.drain()
    return both


def standing(both: AllStages) -> dict[str, tuple[Level, bool]]:
    """By anchor: the level, and whether the case would stand higher if there were room."""

    def spilled(case: Case) -> bool:
        return any(reason.rule.endswith(".capacity") for reason in case.reasons)

    return {case.anchor: (case.level, spilled(case)) for case in live(both)}


ONE, TWICE = mention("1", "complaint", 0, "x:1"), mention("2", "complaint", 5, "x:2")


def test_a_case_without_a_place_stands_below_until_there_is_one() -> None:
    both = crowd(TWICE, ONE)
    assert standing(both) == {"x:1": ("manager", False), "x:2": ("front_line", True)}
    [told] = [r for case in live(both) for r in case.reasons if r.rule == "levels.manager.capacity"]
    assert told.text == "manager: the only place is taken; front_line until one is free"
    put_all(both, [response("r", "1", "x:1", 50, kind="resolved")]).drain()
    assert standing(both) == {"x:1": ("manager", False), "x:2": ("manager", False)}


def test_who_comes_back_takes_the_earlier_place_again() -> None:
    both = crowd(ONE, TWICE, response("r", "1", "x:1", 50, kind="resolved"))
    assert standing(both)["x:2"] == ("manager", False)
    put_all(both, [mention("3", "complaint", 60, "x:1", reply_to="x:1")]).drain()
    assert standing(both) == {"x:1": ("manager", False), "x:2": ("front_line", True)}


def test_imported_cases_take_no_place() -> None:
    old = ONE.model_copy(update={"historical": True})
    assert standing(crowd(old, TWICE)) == {"x:1": ("manager", False), "x:2": ("manager", False)}


def test_a_late_answer_gives_the_place_back() -> None:
    both = crowd(ONE, TWICE)
    put_all(both, [response("r", "1", "x:1", 3)]).drain()
    assert standing(both) == {"x:1": ("front_line", False), "x:2": ("manager", False)}


def test_a_place_moves_with_the_author_and_is_given_back_where_the_case_ends_there() -> None:
    both = crowd(ONE, TWICE)
    put_all(both, [link("x:1", ("1", "confirmed", 70))]).drain()
    assert standing(both) == {"x:1": ("manager", False), "x:2": ("front_line", True)}
    earlier = mention("0", "complaint", -5, "x:0", email="one@example.org")
    put_all(both, [earlier]).drain()
    state = both.state("levels", "manager")
    assert state is not None
    assert len(LevelState.unpacked(state).claims) == len(live(both)) == 2


def test_an_author_who_comes_back_at_once_gives_back_what_was_claimed_before() -> None:
    """The move there and back are folded together, so the state that remembers the claim is the new one."""
    both = crowd(ONE)
    put_all(both, [link("x:1", ("1", "confirmed", 70))])
    both.turn("ledger", "x:1")
    put_all(
        both,
        [
            link("x:1", ("1", "confirmed", 70), ("1", "rejected", 80)),
            response("r", "1", "x:1", 50, kind="resolved"),
        ],
    )
    both.drain()
    state = both.state("levels", "manager")
    assert state is not None
    assert LevelState.unpacked(state).claims == {}


def test_the_load_is_told_of_the_partitions_that_are_here() -> None:
    level = Level3()
    level.hear(*(claim(f"K-{number}", number) for number in range(5)))
    states = {(3, b"executive"): level.state}

    class Table:
        def get(self, partition: int, key: bytes) -> bytes | None:
            return states.get((partition, key))

    def told(place: str) -> float | None:
        return REGISTRY.get_sample_value("listener_level_open_cases", {"level": "executive", "place": place})

    set_load(Table(), [1, 3])
    assert (told("taken"), told("waiting")) == (2, 3)
    set_load(Table(), [1])
    assert (told("taken"), told("waiting")) == (None, None)


def test_a_case_of_which_no_contact_is_kept_gives_its_place_back() -> None:
    both = crowd(ONE, TWICE)
    many = [
        mention(f"m{n}", "question cause-b", 10 + n / 100, "x:1", reply_to="x:m0" if n else None)
        for n in range(MAX_CONTACTS)
    ]
    put_all(both, [response("r", "1", "x:1", 9), *many]).drain()  # what waits is kept for longest
    kept, state = both.state("triage", "a:x:1"), both.state("levels", "manager")
    assert kept is not None
    assert state is not None
    assert "x:1" not in PartyState.unpacked(kept).visible()["x:1"].contacts
    assert case_id("x:1") not in LevelState.unpacked(state).claims


def test_an_older_word_about_a_place_changes_nothing() -> None:
    memory = PartyState()
    memory.published["K-1"] = Published("x:1", "x:a", claimed={"manager"})
    for sequence, admitted, refused in ((2, False, True), (1, True, True), (3, True, False)):
        memory.place(LevelPlace(level="manager", case_id="K-1", admitted=admitted, sequence=sequence))
        assert ("manager" in memory.published["K-1"].refused) is refused
        memory.authors["x:a"] = Left(2, "c:1", claimed={"executive"})
        read = PartyState.unpacked(memory.packed())
        assert read.published == memory.published
        assert read.authors == memory.authors
    memory.place(LevelPlace(level="manager", case_id="K-2", admitted=False, sequence=9))
    assert "K-2" not in memory.published


def test_an_event_about_a_place_has_one() -> None:
    event = PartyEvent(kind="level", party="c:1", author="x:a", epoch=1, at=NOW)
    with pytest.raises(Rejected, match="place: is missing"):
        Triage(TWO, customers()).decode(PARTY_EVENTS.name, event.to_json())


def test_a_level_that_all_cases_begin_at_is_claimed_since_they_began() -> None:
    text = DEFAULT.read_text().replace("level: front_line", "level: manager")
    made = read_document(Policy, f"{text}\nlevels: {{manager: {{capacity: 1}}}}\n", "p.yaml")
    calm, failed = mention("1", "complaint", 90, "x:1"), mention("2", "complaint", 95, "x:2")
    assert standing(crowd(failed, calm, made=made)) == {
        "x:1": ("manager", False),
        "x:2": ("front_line", True),
    }
