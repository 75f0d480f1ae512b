"""How large a snapshot may become when a case has clocks and black holes without number."""

from typing import Any

from listener.domain.case import MAX_SNAPSHOT_BYTES
from unit.stream.triage.histories import BASE, RULE, policy
from unit.stream.worlds import at, live, mention, put_all, response, stages

ONE_RULE = RULE.split("regulatory_clocks:\n")[1]
RULES = "".join(ONE_RULE.replace("name: rule", f"name: rule-{'x' * 30}{number}") for number in range(60))
CROWDED = policy(f"{BASE}window_days: 3000\njurisdictions: [GB]\nregulatory_clocks:\n{RULES}")


def name(number: int) -> str:
    return f"{number:03}" + "é" * 290


def test_a_snapshot_full_of_clocks_and_black_holes_is_bounded() -> None:
    values: list[Any] = []
    for group in range(30):
        start = group * 400.0
        values += [
            mention(name(group * 6 + n), "complaint cause-a " + "\x01" * 300, start + n * 50.0)
            for n in range(6)
        ]
        values.append(response(f"r{group}" + "é" * 290, None, "x:a", start + 390, kind="resolved"))
    both = put_all(stages(CROWDED, at(30 * 400.0)), values)
    both.drain()
    [case] = live(both)
    assert len(case.to_json()) <= MAX_SNAPSHOT_BYTES
    assert len(case.clocks) == 40
    assert len(case.black_holes) == 10
    assert {len(hole.chased) for hole in case.black_holes} == {5}
    assert case.contacts
