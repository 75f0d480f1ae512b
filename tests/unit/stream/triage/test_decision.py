"""The decision follows from needs, severity, causes, failures and time, and from nothing else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.domain.case import Case
from listener.domain.document import read_document
from listener.domain.mention import Reach
from stream.ledger.ledger import Recorded
from stream.triage.policy import DEFAULT, Policy, default_policy
from unit.stream.worlds import at, command, live, mention, put_all, stages

DECISION = ("queue", "level", "owner", "priority", "due_at", "reasons", "failed_contacts", "state", "clocks")
counts = st.none() | st.integers(0, 10**9)
reaches = st.none() | st.builds(
    Reach, followers=counts, likes=counts, reposts=counts, verified=st.none() | st.booleans()
)


def only_case(*values: Recorded, policy: Policy | None = None, now_hours: float = 40) -> Case:
    both = put_all(stages(policy or default_policy(), now=at(now_hours)), values)
    both.drain()
    [case] = live(both)
    return case


@settings(deadline=None)
@given(
    reach=reaches,
    other_reach=reaches,
    visibility=st.sampled_from(["public", "private"]),
    hours=st.sampled_from([0.0, 20.0, 39.0]),
    text=st.sampled_from(["complaint cause-a", "question", "praise", "complaint safety"]),
)
def test_reach_and_visibility_change_no_decision(
    reach: Reach | None, other_reach: Reach | None, visibility: Any, hours: float, text: str
) -> None:
    plain = only_case(mention("1", text, hours, visibility="private"))
    loud = only_case(
        mention("1", text, hours, visibility="public", reach=reach),
        mention("1", text, hours, visibility=visibility, reach=other_reach, revision=1),
    )
    for part in DECISION:
        assert getattr(loud, part) == getattr(plain, part)


def test_advice_is_apart_from_the_decision() -> None:
    assert only_case(mention("1", "complaint", 30, visibility="private")).advice == ()
    assert "in private" in only_case(mention("1", "complaint", 30, visibility="public")).advice[0]


@pytest.mark.parametrize(
    ("text", "queue", "owner", "priority", "due_hours"),
    [
        ("complaint safety cause-a", "safety", "duty-manager", 90, 31),
        ("question legal_threat", "legal", "legal-desk", 65, 38),
        ("complaint cause-a", "complaints", "owner of cause-a", 50, 54),
        ("complaint", "complaints", None, 50, 54),
        ("request", "service", None, 40, 54),
        ("unsure", "unclear", None, 30, 54),
        ("praise", "praise", None, 10, 102),
    ],
)
def test_the_default_policy(
    text: str, queue: str, owner: str | None, priority: int, due_hours: float
) -> None:
    case = only_case(mention("1", text, 30), now_hours=30.5)
    assert (case.queue, case.owner, case.priority) == (queue, owner, priority)
    assert case.due_at == at(due_hours)
    assert case.reasons[0].rule == f"queues.{queue}"
    assert case.policy_hash == default_policy().hash


def test_an_assigned_case_is_its_owners() -> None:
    case = only_case(mention("1", "complaint safety", 0), command("c", "assign", "x:a", ["1"], 5, owner="Jo"))
    assert case.owner == "Jo"
    assert "command.assign" in [reason.rule for reason in case.reasons]


def test_a_failed_case_goes_up_unless_its_queue_keeps_it() -> None:
    complaint = only_case(mention("1", "complaint cause-a", 0))
    assert (complaint.level, complaint.owner) == ("manager", "customer-care-manager")
    assert [reason.rule for reason in complaint.reasons][1:3] == [
        "escalation.failures>=1",
        "escalation.failures>=1.owner",
    ]
    threat = only_case(mention("1", "complaint legal_threat", 0))
    assert (threat.level, threat.owner) == ("manager", "legal-desk")


def test_a_target_may_depend_on_the_channel() -> None:
    text = DEFAULT.read_text().replace(
        "needs: [complaint]\n    response_target_hours: 24",
        "needs: [complaint]\n    response_target_hours: {default: 24, email: 48}",
    )
    policy = read_document(Policy, text, "p.yaml")
    assert only_case(mention("1", "complaint", 30, channel="email"), policy=policy).due_at == at(78)
    assert only_case(mention("1", "complaint", 30), policy=policy).due_at == at(54)
    assert policy.hash != default_policy().hash
