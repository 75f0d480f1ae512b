"""However much is said to a party, what is kept of it stays small, and its case keeps its name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.domain.case import MAX_SNAPSHOT_BYTES, Case
from listener.domain.document import read_document
from listener.domain.enriched import EnrichedDeletion
from listener.domain.ids import case_id
from listener.domain.level import LevelClaim
from listener.domain.response import Goodwill
from listener.domain.topics import ALERTS
from stream.ledger.ledger import Recorded
from stream.triage.bounds import MAX_ALERTS, MAX_AUTHORS, MAX_CONTACTS, MAX_OF_PARTY, MAX_PUBLISHED
from stream.triage.party_state import PartyState, Present
from stream.triage.policy import Policy
from stream.triage.triage import Triage, TriageValue
from unit.stream.triage.test_triage import Party, enriched, event, snapshots, timer
from unit.stream.worlds import command, customers, deletion, mention, put_all, response, stages

TOLD = 3000
CLAIMING = read_document(
    Policy,
    """
name: claiming
queues: [{name: all, response_target_hours: 1}]
escalation: [{failures: 0, level: front_line}, {failures: 1, level: manager}]
levels: {manager: {capacity: 3}}
priority: {needs: {complaint: 50, request: 40, question: 40, unsure: 30, praise: 10}}
""",
    "p.yaml",
)


def crowd(count: int, *, causes: int = 1, authors: int = 10**9) -> tuple[Party, dict[str, Case]]:
    """A party that was told so many complaints, one after the other in time, and the newest snapshots."""
    party = Party()
    newest: dict[str, Case] = {}
    for begin in range(0, count, 250):
        batch = [
            enriched(f"{n}", f"complaint cause-{n % causes}", n * 0.01, author=f"x:{n % authors}")
            for n in range(begin, begin + 250)
        ]
        outputs = party.hear(*batch, hours=begin * 0.01 + 3)
        newest |= {case.case_id: case for case in snapshots(outputs)}
    newest |= {case.case_id: case for case in snapshots(party.hear(timer(count * 0.01 + 3)))}
    return party, newest


def kept(party: Party) -> int:
    authors = PartyState.unpacked(party.state or b"").authors.values()
    return sum(len(entry.history.contacts) for entry in authors if isinstance(entry, Present))


@pytest.mark.parametrize("authors", [1, 7, 10**9])
def test_a_matter_with_thousands_of_contacts_keeps_its_name_and_counts_them(authors: int) -> None:
    party, newest = crowd(TOLD, authors=authors)
    [case] = newest.values()
    assert case.anchor == "x:0"
    assert case.contact_count == TOLD
    assert kept(party) <= min(MAX_OF_PARTY, MAX_CONTACTS * authors)
    assert len(party.state or b"") < 200_000
    assert len(PartyState.unpacked(party.state or b"").authors) <= MAX_AUTHORS


def test_what_was_dropped_is_not_counted_again() -> None:
    party, _ = crowd(TOLD)
    state = PartyState.unpacked(party.state or b"")
    known = state.published
    repeated = [enriched(f"{n}", "complaint cause-0", n * 0.01, author=f"x:{n}") for n in range(0, TOLD, 10)]
    outputs = party.hear(*repeated, timer(1), hours=100)
    assert {case.contact_count for case in snapshots(outputs)} <= {TOLD}
    assert PartyState.unpacked(party.state or b"").published.keys() == known.keys()


def test_the_newest_contacts_and_cases_stay() -> None:
    party, _ = crowd(TOLD, causes=600)
    assert kept(party) <= MAX_OF_PARTY
    names = {
        name
        for entry in PartyState.unpacked(party.state or b"").authors.values()
        if isinstance(entry, Present)
        for name in entry.history.contacts
    }
    assert {f"x:{n}" for n in range(TOLD - 100, TOLD)} <= names


def test_an_edit_of_a_contact_that_is_kept_is_heard() -> None:
    party, _ = crowd(TOLD)
    edited = enriched("0", "complaint cause-0 safety", 0, author="x:0", revision=1)
    [case] = snapshots(party.hear(edited))
    assert case.severity == ("safety",)


def test_answers_and_deletions_of_thousands_stay_few() -> None:
    party = Party()
    values: list[TriageValue] = []
    for n in range(2000):
        author = f"x:{n % 50}"
        values.append(event("response", 1, author, response=response(f"r{n}", None, author, n * 0.1)))
        gone = deletion(f"gone-{n}", author, 1)
        values.append(EnrichedDeletion(party="c:1", epoch=1, author=author, deletion=gone))
    party.hear(*values)
    party.hear(*values)
    assert len(party.state or b"") < 300_000


def test_alerts_of_a_party_are_bounded_and_stand_still() -> None:
    party, _ = crowd(MAX_OF_PARTY, causes=MAX_OF_PARTY)
    party.hear(timer(4000), hours=4000)
    assert len(PartyState.unpacked(party.state or b"").raised) <= 2 * MAX_ALERTS
    again = party.hear(timer(4001), hours=4001)
    assert [output for output in again if output.topic == ALERTS.name] == []


def worst(name: str, length: int, unit: str) -> str:
    """An id or text of this length that says which it is, in characters that take the most room."""
    return (name + unit * length)[:length]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 260),
    st.integers(0, 200),
    st.sampled_from(["\x01", "é", "\U0001f92c", "x"]),
    st.sampled_from([1, 4, 300]),
    st.booleans(),
)
def test_no_snapshot_is_too_large_whatever_is_in_it(
    contacts: int, answers: int, unit: str, authors: int, late: bool
) -> None:
    party = Party()
    values: list[TriageValue] = []
    for n in range(contacts):
        said = enriched(
            f"{n}-",
            "complaint cause-a",
            n * 30.0,
            author=worst(f"x:{n % authors}-", 300, unit),
            url=worst(f"https://example.org/{n}", 1000, unit),
            thread=worst("x:t", 300, unit),
        )
        mention = said.mention.model_copy(
            update={
                "mention_id": worst(f"x:{n}-", 300, unit),
                "source": worst("x", 100, unit),
                "text": "complaint " + unit * 280,
            }
        )
        values.append(said.model_copy(update={"mention": mention}))
    for n in range(answers):
        answer = response(
            worst(f"r{n}-", 300, unit),
            None,
            worst(f"x:{n % min(authors, contacts)}-", 300, unit),
            n * 30.0 + (25 if late else 1),
            by=worst("agent", 300, unit),
            kind="declined",
            reason=unit * 1000,
            excerpt=unit * 280,
            goodwill=Goodwill(amount=1.0, currency="EUR", reason=unit * 300),
        )
        values.append(event("response", 1, answer.author, response=answer))
    for case in snapshots(party.hear(*values, hours=10_000)):
        assert len(case.to_json()) <= MAX_SNAPSHOT_BYTES


def test_a_case_that_is_kept_no_more_gives_its_places_back() -> None:
    party = Party()
    party.triage = Triage(CLAIMING, customers())
    claiming: set[str] = set()
    for begin in range(0, 2000, 250):
        numbers = range(begin, begin + 250)
        said = [enriched(f"{n}", f"complaint cause-{n}", n * 0.01, author=f"x:{n}") for n in numbers]
        for output in party.hear(*said, hours=begin * 0.01 + 3):
            if isinstance(output.value, LevelClaim):
                (claiming.add if output.value.open else claiming.discard)(output.value.case_id)
    state = PartyState.unpacked(party.state or b"")
    there = {case_id(name) for entry in state.visible().values() for name in entry.contacts}
    assert claiming
    assert claiming <= there
    assert len(state.authors) <= MAX_AUTHORS + 2 * 250
    assert len(state.published) <= MAX_PUBLISHED


def test_a_case_that_goes_on_without_its_first_author_leads_from_its_old_name() -> None:
    values: list[Recorded] = [
        mention("first", "complaint cause-0", 0, "x:a", email="one@example.org", thread="x:t"),
        mention("joined", "complaint cause-0", 1, "x:b", email="one@example.org", thread="x:t"),
        response("r", "joined", "x:b", 1.5),
        *(
            mention(f"more{number}", "complaint cause-1", 2 + number / 60, "x:a", email="one@example.org")
            for number in range(240)
        ),
    ]
    both = stages()
    for value in values:
        put_all(both, [value]).drain()
    old = both.cases[case_id("x:first")]
    new = both.cases[case_id("x:joined")]
    assert (old.state, old.superseded_by) == ("superseded", new.case_id)
    assert old.case_id in new.supersedes


def test_a_case_is_not_named_after_what_needs_no_response_once_that_is_kept_no_more() -> None:
    values: list[Recorded] = [
        mention("joke", "complaint cause-0", 0, thread="x:t"),
        mention("meant", "complaint cause-0", 1, thread="x:t"),
        command("c", "needs_no_response", "x:a", ["joke"], 1.5),
        *(
            mention(f"more{number}", "complaint cause-0", 2 + number / 60, thread="x:t")
            for number in range(240)
        ),
    ]
    both = stages()
    for value in values:
        put_all(both, [value]).drain()
    case = both.cases[case_id("x:meant")]
    assert (case.anchor, case.contact_count, case.state) == ("x:meant", 242, "new")
    assert both.cases[case_id("x:joke")].superseded_by == case.case_id
