"""Alerts of one party: raised, said again, handed on, withdrawn."""

from collections.abc import Sequence

import orjson

from listener.domain.governance import Alert
from listener.domain.ids import case_id
from listener.domain.party import PartyEvent
from listener.domain.topics import ALERTS
from stream.stage import Output
from unit.stream.triage.test_triage import HERE, Party, enriched, event, join, left, timer
from unit.stream.worlds import response

LATE = 200.0


def alerts(outputs: Sequence[Output], clock: str = "first_response") -> list[tuple[str, str, bool]]:
    """Kind, whose contact waits, whether it is withdrawn."""
    found = [output.value for output in outputs if output.topic == ALERTS.name]
    return [(a.kind, a.anchor or "", a.withdrawn) for a in found if isinstance(a, Alert) and a.clock == clock]


def overdue() -> Party:
    party = Party()
    party.hear(enriched("1", "complaint cause-a", 0), hours=1)
    assert alerts(party.hear(timer(LATE), hours=LATE)) == [("breach", "x:1", False)]
    return party


def test_an_alert_says_whose_it_is() -> None:
    party = Party()
    party.hear(enriched("1", "complaint cause-a", 0), hours=1)
    [alert] = [
        output.value
        for output in party.hear(timer(LATE), hours=LATE)
        if isinstance(output.value, Alert) and output.value.clock == "first_response"
    ]
    assert (alert.subject, alert.severity) == (case_id("x:1"), "critical")
    assert alert.queue
    assert alert.level == "manager"
    assert case_id("x:1") in alert.text


def test_a_repeated_record_raises_the_same_alert_and_a_later_timer_none() -> None:
    party = overdue()
    state = party.state
    assert alerts(party.hear(timer(LATE), first=1, hours=LATE)) == [("breach", "x:1", False)]
    assert party.state == state
    assert alerts(party.hear(timer(LATE + 1), hours=LATE + 1)) == []


def test_an_answer_of_then_withdraws_it_also_when_it_is_repeated() -> None:
    party = overdue()
    answer = event("response", 1, response=response("r", "1", "x:a", 1))
    place = party.offset
    assert alerts(party.hear(answer, hours=LATE)) == [("breach", "x:1", True)]
    assert alerts(party.hear(answer, first=place, hours=LATE)) == [("breach", "x:1", True)]
    assert alerts(party.hear(timer(LATE + 1), hours=LATE + 1)) == []
    assert "n" not in orjson.loads(party.state or b"")


def test_an_answer_that_came_too_late_leaves_it() -> None:
    party = overdue()
    answer = event("response", 1, response=response("r", "1", "x:a", LATE - 1))
    assert alerts(party.hear(answer, hours=LATE)) == []


def test_an_earlier_contact_of_the_matter_takes_its_place() -> None:
    party = overdue()
    found = alerts(party.hear(enriched("0", "complaint cause-a", -5), hours=LATE))
    assert sorted(found) == [("breach", "x:0", False), ("breach", "x:1", True)]


def test_who_moves_takes_the_alerts_along() -> None:
    party = overdue()
    outputs = party.hear(event("leave", 2, to_party="c:2"), hours=LATE)
    assert alerts(outputs) == []
    told = outputs[0].value
    assert isinstance(told, PartyEvent)
    assert {(alert.kind, alert.anchor) for alert in told.alerts} >= {("breach", "x:1")}
    # the next party has it too: nothing is withdrawn, and it is said again
    elsewhere = Party()
    here = {"party": HERE, "to_party": None}
    arrives = join(2, enriched("1", "complaint cause-a", 0))
    assert alerts(elsewhere.hear(arrives, hours=LATE)) == [("breach", "x:1", False)]
    assert alerts(elsewhere.hear(told.model_copy(update=here), hours=LATE)) == [("breach", "x:1", False)]
    # another one has an earlier contact of the same matter: there is no such clock any more
    third = Party()
    third.hear(enriched("0", "complaint cause-a", -5, author="y:b"), hours=LATE)
    third.hear(join(2, enriched("1", "complaint cause-a", 0)), hours=LATE)
    assert ("breach", "x:1", True) in alerts(third.hear(told.model_copy(update=here), hours=LATE))


def test_what_was_handed_on_without_alerts_raises_its_own() -> None:
    party = Party()
    party.hear(left(2, "x:1"), hours=LATE)
    found = alerts(party.hear(join(2, enriched("1", "complaint", 0)), hours=LATE))
    assert found == [("breach", "x:1", False)]
