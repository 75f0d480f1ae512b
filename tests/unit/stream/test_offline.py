"""Time passes offline as it did: what was raised and taken back in between is raised and taken back."""

from datetime import timedelta

from listener.domain.governance import Alert
from listener.domain.topics import ALERTS
from stream import offline
from stream.ledger.ledger import Ledger, Recorded
from stream.offline import AllStages
from stream.triage.triage import Triage
from unit.stream.worlds import POLICY, TaggedTexts, at, customers, live, mention, response, standing, straight

WHILE = 60.0
"""Hours after which every promise of the shipped policy is broken."""


def play(*values: Recorded, until: float) -> AllStages:
    index = customers()
    return offline.run(values, Ledger(TaggedTexts(), index), Triage(POLICY, index), at(until))


def told(stages: AllStages, what: str = "first_response") -> list[tuple[str, bool]]:
    """Kind and whether it was withdrawn, in the order of publishing."""
    alerts = [output.value for output in stages.published if output.topic == ALERTS.name]
    return [
        (alert.kind, alert.withdrawn) for alert in alerts if isinstance(alert, Alert) and alert.clock == what
    ]


def test_a_contact_that_nobody_answers_is_warned_of_and_then_breached() -> None:
    said = mention("1", "complaint", 0)
    assert told(play(said, until=1)) == []
    [case] = live(play(said, until=WHILE))
    clock = case.clocks[0]
    assert clock.warn_at is not None
    before, after = clock.due_at, clock.due_at + timedelta(milliseconds=1)
    hours = [(moment - at(0)) / timedelta(hours=1) for moment in (clock.warn_at, before, after)]
    assert told(play(said, until=hours[0])) == [("warning", False)]
    assert told(play(said, until=hours[1])) == [("warning", False)]
    assert told(play(said, until=hours[2])) == [("warning", False), ("breach", False), ("warning", True)]
    assert told(play(said, until=WHILE)) == told(play(said, until=hours[2]))


def test_an_answer_in_time_takes_the_warning_back() -> None:
    said = mention("1", "complaint", 0)
    [case] = live(play(said, until=WHILE))
    hours = (case.clocks[0].due_at - at(0)) / timedelta(hours=1)
    stages = play(said, response("r", "1", "x:a", hours), until=WHILE)
    assert told(stages) == [("warning", False), ("warning", True)]


def test_an_answer_that_is_told_late_takes_the_breach_back() -> None:
    late = response("r", "1", "x:a", 1).model_copy(update={"received_at": at(WHILE)})
    stages = play(mention("1", "complaint", 0), late, until=2 * WHILE)
    assert told(stages)[-2:] == [("warning", True), ("breach", True)]
    assert not [alert for alert in standing(stages).values() if alert["clock"] == "first_response"]


def test_what_was_imported_alerts_nobody_and_moves_no_time() -> None:
    stages = play(mention("1", "complaint", 0, historical=True), until=WHILE)
    [case] = live(stages)
    assert case.clocks[0].state == "breached"
    assert stages.alerts == {}


def test_the_order_of_the_records_changes_what_happens_and_not_what_stands() -> None:
    values: list[Recorded] = [
        mention("1", "complaint cause-a", 0),
        mention("2", "complaint cause-a", 30, "y:b", email="one@example.org"),
        mention("3", "complaint cause-b", 40, email="one@example.org"),
        response("r", "1", "x:a", 2),
    ]
    calm = straight(values)
    for order in (values, values[::-1]):
        stages = play(*order, until=1440)
        assert standing(stages) == standing(calm)
        assert {case.case_id for case in live(stages)} == {case.case_id for case in live(calm)}


def test_nothing_is_held_back_in_the_end() -> None:
    stages = play(*(mention(f"{n}", "complaint cause-a", n / 3600) for n in range(20)), until=1)
    [case] = live(stages)
    assert case.contact_count == 20
