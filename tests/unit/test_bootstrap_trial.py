"""Another policy tried on records: what differs is told, and nothing where nothing does."""

from listener.bootstrap_trial import trial_of
from listener.console.policy import Change, Trial
from stream.ledger.ledger import Ledger, Recorded
from stream.triage.policy import Policy
from stream.triage.triage import Triage
from unit.stream.worlds import NOW, POLICY, TaggedTexts, customers, mention, response

RECORDS: list[Recorded] = [
    mention("1", "complaint cause-a", 0, "x:a"),
    mention("2", "question", 24 * 59.5, "x:b"),
    mention("3", "complaint safety", 2, "x:c"),
    response("r", "3", "x:c", 2.5, kind="resolved"),
]


def trial(other: Policy) -> Trial:
    index = customers()
    return trial_of(
        RECORDS,
        POLICY,
        other,
        lambda _policy: Ledger(TaggedTexts(), index),
        lambda policy: Triage(policy, index),
        NOW,
    )


def test_the_same_policy_changes_nothing() -> None:
    found = trial(POLICY)
    assert (found.records, found.cases, found.changed) == (4, 3, 0)
    assert not found.changes
    assert not found.moved
    assert {row["what"] for row in found.groups} == {"queue", "level", "owner"}


def test_each_case_that_is_decided_otherwise_is_named_with_what_differs() -> None:
    renamed = POLICY.queues[0].model_copy(update={"name": "danger"})
    found = trial(POLICY.model_copy(update={"queues": (renamed, *POLICY.queues[1:])}))
    assert found.changed == 1
    (change,) = found.changes
    assert isinstance(change, Change)
    assert change.differs("queue")
    assert not change.differs("owner")
    assert change.before is not None
    assert change.after is not None
    assert (change.before.queue, change.after.queue) == ("safety", "danger")
    assert [(one.words, one.cases) for one in found.moved] == [("queue safety → danger", 1)]


def test_a_case_that_only_one_of_them_has_is_told() -> None:
    again = mention("4", "complaint cause-a", 24 * 10, "x:a")
    index = customers()
    found = trial_of(
        [*RECORDS, again],
        POLICY,
        POLICY.model_copy(update={"window_days": 1}),
        lambda _policy: Ledger(TaggedTexts(), index),
        lambda policy: Triage(policy, index),
        NOW,
    )
    assert [change.before for change in found.changes if change.before is None] == [None]
