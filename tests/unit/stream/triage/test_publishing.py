"""How often a case is published: at once what people act on, the rest when some time has passed."""

from stream.triage.party_state import read_head
from stream.triage.triage import TriageValue
from unit.stream.triage.test_triage import Party, enriched, event, snapshots, timer
from unit.stream.worlds import response

SECOND = 1 / 3600


def held(party: Party) -> bool:
    head = read_head(party.state or b"")
    assert head is not None
    return head.held


def counts(party: Party, *values: TriageValue, hours: float) -> list[int]:
    """Contacts in each snapshot that follows."""
    return [case.contact_count for case in snapshots(party.hear(*values, hours=hours))]


def test_the_first_snapshot_comes_at_once_and_more_of_the_same_waits() -> None:
    party = Party()
    assert counts(party, enriched("1", "complaint", 0), hours=1) == [1]
    assert counts(party, enriched("2", "complaint", 0.01), hours=1 + SECOND) == []
    assert held(party)
    assert counts(party, enriched("3", "complaint", 0.02), hours=1 + 3 * SECOND) == [3]
    assert not held(party)


def test_a_timer_brings_what_was_held_back_however_still_time_stands() -> None:
    party = Party()
    party.hear(enriched("1", "complaint", 0), hours=1)
    party.hear(enriched("2", "complaint", 0.01), hours=1)
    assert counts(party, timer(1), hours=1) == [2]
    assert not held(party)
    assert counts(party, timer(1), hours=1) == []


def test_what_people_act_on_comes_at_once() -> None:
    party = Party()
    party.hear(enriched("1", "question", 0), hours=1)
    worse = snapshots(party.hear(enriched("2", "complaint safety", 0.01), hours=1))
    assert [case.queue for case in worse] == ["safety"]
    answered = event("response", 1, response=response("r", "1", "x:a", 0.5))
    [case] = snapshots(party.hear(answered, hours=1))
    assert case.state == "waiting_for_customer"


def test_a_repeat_after_a_crash_brings_what_may_have_been_lost() -> None:
    party = Party()
    party.hear(enriched("1", "complaint", 0), hours=1)
    party.hear(enriched("2", "complaint", 0.01), hours=1)
    [case] = snapshots(party.hear(enriched("1", "complaint", 0), first=0, hours=1))
    assert case.contact_count == 2
    assert case.version == (1 << 32) + 2


def test_time_does_not_go_back_for_a_party() -> None:
    party = Party()
    party.hear(enriched("1", "complaint", 0), hours=1)
    [breached] = snapshots(party.hear(timer(100), hours=2))
    assert breached.clocks[0].state == "breached"
    [case] = snapshots(party.hear(enriched("2", "complaint safety", 0.01), hours=2))
    assert case.clocks[0].state == "breached"
