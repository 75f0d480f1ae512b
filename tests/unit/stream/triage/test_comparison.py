"""Two policies over the same records, side by side."""

from listener.domain.case import Case
from stream.ledger.ledger import Recorded
from stream.triage.comparison import Row, changed, compare
from stream.triage.policy import Policy
from unit.stream.worlds import NOW, POLICY, at, live, mention, put_all, response, stages

RECORDS: list[Recorded] = [
    mention("1", "complaint cause-a", 0, "x:a"),
    mention("2", "question", 24 * 59.5, "x:b"),
    mention("3", "complaint safety", 2, "x:c"),
    response("r", "3", "x:c", 2.5, kind="resolved"),
]


def cases(policy: Policy) -> list[Case]:
    both = put_all(stages(policy), RECORDS)
    both.drain()
    return live(both)


def rows(what: str, a: Policy, b: Policy) -> dict[str, Row]:
    return {row.name: row for row in compare(cases(a), cases(b), NOW) if row.what == what}


def test_the_same_policy_moves_nothing() -> None:
    found = compare(cases(POLICY), cases(POLICY), NOW)
    assert not [row for row in found if row.what == "moved"]
    assert all(row[2::2] == row[3::2] for row in found)


def test_counts_by_queue_and_level() -> None:
    queues = rows("queue", POLICY, POLICY)
    waits = round((NOW - at(0)).total_seconds() / 3600, 1)
    assert queues["complaints"] == Row("queue", "complaints", 1, 1, 1, 1, 1, 1, 1, 1, waits, waits)
    assert queues["service"] == Row("queue", "service", 1, 1, 1, 1, 0, 0, 0, 0, 12.0, 12.0)
    assert queues["safety"] == Row("queue", "safety", 1, 1, 0, 0, 0, 0, 0, 0, None, None)
    assert rows("level", POLICY, POLICY)["manager"].cases_a == 1


def test_what_another_policy_would_change() -> None:
    renamed = POLICY.queues[0].model_copy(update={"name": "danger"})
    patient = POLICY.model_copy(
        update={"queues": (renamed, *POLICY.queues[1:]), "escalation": POLICY.escalation[:1]}
    )
    assert rows("queue", POLICY, patient)["danger"][:4] == ("queue", "danger", 0, 1)
    assert rows("level", POLICY, patient)["manager"][2:4] == (1, 0)
    moved = rows("moved", POLICY, patient)
    assert moved["queue safety → danger"].cases_b == 1
    assert moved["level manager → front_line"].cases_b == 1
    assert len(moved) == 3  # and the owner of the failed one


def test_what_is_decided_otherwise_comes_with_the_most_urgent_first() -> None:
    slower = POLICY.model_copy(
        update={
            "queues": tuple(
                queue.model_copy(update={"response_target_hours": {"default": 500.0}})
                for queue in POLICY.queues
            )
        }
    )
    found = changed(cases(POLICY), cases(slower))
    assert len(found) == 2  # what is resolved is due at no time
    assert all(one.before and one.after and one.before.due_at != one.after.due_at for one in found)
    assert found[0].before is not None
    assert found[1].before is not None
    assert found[0].before.priority >= found[1].before.priority
    assert changed(cases(POLICY), cases(POLICY)) == []


def test_a_case_that_became_part_of_another_counts_once() -> None:
    gone = cases(POLICY)[0].model_copy(update={"state": "superseded"})
    assert compare([gone], [gone], NOW) == []
