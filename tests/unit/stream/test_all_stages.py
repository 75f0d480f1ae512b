"""The end state of all stages does not depend on the order of arrival, on repeats, or on crashes."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listener.domain.document import read_document
from listener.domain.mention import Mention
from stream.ledger.ledger import Recorded
from stream.triage.policy import DEFAULT, Policy
from unit.stream.worlds import (
    NOW,
    assert_consistent,
    assert_within_capacity,
    at,
    canonical,
    command,
    deletion,
    link,
    look_again,
    mention,
    outbound,
    parties,
    response,
    rough,
    standing,
    straight,
)

AUTHORS = ("x:a", "x:b", "y:c")
HOURS = (0.0, 0.2, 1.0, 5.0, 30.0, 31.0, 100.0, 400.0, 800.0)
NEEDS = ("complaint", "complaint", "complaint", "question", "praise", "unsure", "mention", "spam")
CAUSES = ("", "", "cause-delay", "cause-bags")
ADDRESSES = (None, None, "one@example.org", "two@example.org")
KINDS = ("mention", "mention", "mention", "mention", "answer", "response", "deletion", "command", "link")
ACTIONS = (
    "together",
    "apart",
    "close",
    "reopen",
    "mark_failed",
    "assign",
    "reclassify",
    "complaint",
    "no_complaint",
    "needs_response",
    "needs_no_response",
)


class RandomWorld:
    """Some authors, and records about them. Each world uses only some features, so that these meet often."""

    def __init__(self, seed: int) -> None:
        chance = self.chance = random.Random(seed)
        self.size = chance.randint(2, 10)
        self.times = [chance.choice(HOURS) for _ in range(self.size)]
        self.authors = AUTHORS[: chance.randint(1, 3)]
        self.kinds = [*chance.sample(KINDS, chance.randint(2, len(KINDS))), "mention"]
        if chance.random() < 0.3:
            self.kinds = ["mention", "link", "link", "link"]
        self.actions = chance.sample(ACTIONS, chance.randint(1, 3))
        self.threads = chance.choice([(None,), (None, "x:t1"), (None, None, "x:t1", "x:t2")])
        self.replies = chance.choice([0.0, 0.2, 0.6])
        self.addresses = chance.choice([(None,), ADDRESSES])
        self.needs = chance.sample(NEEDS, chance.randint(1, 4))
        self.revisions = chance.choice([(0,), (0, 1, 2)])
        self.heard_after = chance.choice([(0.0,), (0.0, -2.0, 50.0)])
        self.end = chance.choice([at(31.5), NOW])
        self.commands = 0

    def records(self) -> list[Recorded]:
        made: list[Recorded] = [self.mention(number) for number in range(self.size)]
        made.extend(self.record() for _ in range(self.chance.randint(0, 30)))
        return made

    def author_of(self, number: int) -> str:
        return self.authors[number % len(self.authors)]

    def record(self) -> Recorded:
        chance = self.chance
        number = chance.randrange(self.size)
        author = self.author_of(number)
        match chance.choice(self.kinds):
            case "mention":
                return self.mention(number)
            case "answer":
                return outbound(
                    f"o{number}",
                    chance.choice(["here you are", "could you send us a number?"]),
                    chance.choice(HOURS) + 0.1,
                    f"m{number}",
                    author,
                    automatic=chance.random() < 0.3,
                    revision=chance.choice(self.revisions),
                    heard_after=chance.choice(self.heard_after),
                )
            case "response":
                return response(
                    chance.choice([f"x:o{number}", f"r{number}"]),
                    chance.choice([None, f"m{number}", "elsewhere"]),
                    author,
                    chance.choice(HOURS) + 0.3,
                    kind=chance.choice(["acknowledged", "answered", "resolved", "declined"]),
                    level=chance.choice(["product", "front_line", "manager"]),
                )
            case "deletion":
                return deletion(chance.choice([f"m{number}", f"o{number}"]), author, chance.choice(HOURS))
            case "command":
                return self.command(number)
            case _:
                return link(
                    author,
                    *(
                        (chance.choice("12"), chance.choice(["confirmed", "rejected"]), chance.choice(HOURS))
                        for _ in range(chance.randint(1, 3))
                    ),
                )

    def mention(self, number: int) -> Mention:
        chance = self.chance
        replied = chance.choice([f"x:m{chance.randrange(self.size)}", f"x:o{chance.randrange(self.size)}"])
        severity = "safety" if chance.random() < 0.1 else ""
        return mention(
            f"m{number}",
            f"{chance.choice(self.needs)} {chance.choice(CAUSES)} {severity}",
            self.times[number],
            self.author_of(number),
            revision=chance.choice(self.revisions),
            heard_after=chance.choice(self.heard_after),
            email=chance.choice(self.addresses),
            thread=chance.choice(self.threads),
            reply_to=replied if chance.random() < self.replies else None,
            historical=chance.random() < 0.3,
        )

    def command(self, number: int) -> Recorded:
        chance = self.chance
        self.commands += 1
        action = chance.choice(self.actions)
        names = [f"m{number}"]
        if action in {"together", "apart"}:
            number, other = chance.sample(range(min(3, self.size)), 2)
            names = [f"m{number}", f"m{other}"]
        return command(
            f"c{self.commands}",
            action,
            self.author_of(number),
            names,
            chance.choice(HOURS) + 0.5,
            by=chance.choice(["Jo", "Al"]),
            owner=chance.choice(["Ina", "Ed"]) if action == "assign" else None,
            cause=chance.choice(["cause-chosen", "cause-bags"]) if action == "reclassify" else None,
        )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**64))
def test_neither_order_nor_repeats_nor_crashes_change_the_end(seed: int) -> None:
    random_world = RandomWorld(seed)
    world, end = random_world.records(), random_world.end
    calm = straight(world, end)
    assert_consistent(calm)
    chance = random.Random(seed)
    shuffled = chance.sample(world, len(world))
    wild = rough(shuffled, chance.randrange(2**32), end)
    assert_consistent(wild)
    assert parties(wild) == parties(calm)
    assert canonical(wild, live_only=True) == canonical(calm, live_only=True)
    assert standing(wild) == standing(calm)
    for both in (wild, calm):
        look_again(both)
    assert canonical(wild) == canonical(calm)
    assert standing(wild) == standing(calm)


CROWDED = read_document(
    Policy,
    DEFAULT.read_text()
    + """
levels:
  manager: {capacity: 1}
  executive:
    capacity: 1
    owners:
      - {name: Cleo, causes: [cause-delay]}
      - {name: Otto, absent: [{from: 2026-12-01, until: 2027-01-31}]}
      - {name: Ana}
depth: {front_line: manager, manager: executive}
contested: {front_line: manager, manager: executive}
segments: {gold: {priority: 5}}
""",
    "crowded.yaml",
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**64))
def test_nor_do_they_where_levels_are_full(seed: int) -> None:
    random_world = RandomWorld(seed)
    world, end = random_world.records(), random_world.end
    calm = straight(world, end, CROWDED)
    chance = random.Random(seed)
    wild = rough(chance.sample(world, len(world)), chance.randrange(2**32), end, CROWDED)
    for both in (wild, calm):
        assert_consistent(both)
        assert_within_capacity(both, CROWDED)
    assert canonical(wild, live_only=True) == canonical(calm, live_only=True)
    assert standing(wild) == standing(calm)
