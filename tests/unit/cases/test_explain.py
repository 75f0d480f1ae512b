"""The story of a case, word for word, and whatever a snapshot may hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listener.cases.explain import explain
from listener.domain.case import Case
from listener.domain.clock import Clock
from listener.domain.party import PartyOf
from listener.domain.response import Goodwill
from listener.examples import examples
from unit.stream.test_all_stages import RandomWorld
from unit.stream.worlds import NOW, straight

CASE = Case.read(examples()[Case].to_json())
PARTY = PartyOf.read(examples()[PartyOf].to_json())
ABOUT = "It is about delivery (process owner: Logistics)"
WROTE, SAYS = CASE.contacts[0].excerpt, CASE.responses[0].excerpt
SAID = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


def told(case: Case, now: datetime = SAID + timedelta(hours=3)) -> dict[str, list[str]]:
    story = explain(case, {PARTY.author: PARTY}, now)
    return {section.title: list(section.lines) for section in story.sections}


def changed(**fields: Any) -> Case:
    return CASE.model_copy(update=fields)


def test_a_case_that_was_answered() -> None:
    assert told(CASE) == {
        "What it is": [
            f"{CASE.case_id} waits for the customer. {ABOUT}, open since 2026-03-02 09:15 UTC.",
        ],
        "Who": [
            "Sam Lee (C-1001, prefers email)",
            "chirp:sam_lee: known as the customer, by a verified account on file",
        ],
        "What happened": [
            f"2026-03-02 09:15 UTC  chirp:sam_lee (social, public, complaint): “{WROTE}”  [chirp:8123]",
            f"2026-03-02 11:15 UTC  we: chirp:acme (front line) answered, social, 2 h after chirp:8123: “{SAYS}”",
            "    gave 10 EUR: late parcel",
        ],
        "What was given": ["10 EUR: late parcel"],
        "Who is to act, and why": [
            "Queue complaints, level front line, owner nobody yet, priority 60 of 100",
            "a complaint goes to the queue complaints (queues.complaints)",
            "Advice: Move to a private channel: the customer wrote in public.",
        ],
        "Deadlines": [
            "first response was met: due 2026-03-02 17:15 UTC, stopped 2026-03-02 11:15 UTC (from chirp:8123)"
        ],
    }


def test_a_case_that_nobody_answered() -> None:
    failed = CASE.contacts[0].model_copy(update={"failed": True, "failed_because": "no answer in time"})
    story = told(
        changed(
            state="new",
            customer=None,
            contacts=(failed,),
            responses=(),
            goodwill=(),
            waiting_since=SAID,
            failed_contacts=1,
            failed_levels=("front_line",),
            severity=("legal_threat",),
            supersedes=("K-OLD",),
            contact_count=70,
            response_count=0,
            clocks=(Clock(kind="first_response", anchor="x", started_at=SAID, due_at=SAID, state="running"),),
        ),
        SAID + timedelta(days=4),
    )
    assert story["What it is"][1:] == [
        "Unanswered since 2026-03-02 09:15 UTC, for 4 days.",
        "Severe: legal threat.",
        "It was called K-OLD before.",
    ]
    assert story["Who"][0] == "Nobody whom we know as a customer."
    assert story["What happened"][1:] == [
        "    we failed: no answer in time",
        "(69 further contacts, in between or long ago, are not shown in a snapshot)",
        "We did nothing yet.",
    ]
    assert story["Where we failed them"] == [
        "1 of 70 contacts, at: front line",
        "chirp:8123, 2026-03-02 09:15 UTC: no answer in time",
    ]
    assert story["Deadlines"] == ["first response runs: due 2026-03-02 09:15 UTC, 4 days ago (from x)"]
    assert "What was given" not in story


def test_a_refusal_says_why_and_a_deleted_text_is_not_told() -> None:
    no = CASE.responses[0].model_copy(
        update={
            "kind": "declined",
            "reason": "out of warranty",
            "goodwill": Goodwill(amount=0.5, currency="EUR"),
        }
    )
    gone = CASE.contacts[0].model_copy(update={"deleted": True, "excerpt": ""})
    happened = told(changed(contacts=(gone,), responses=(no,)))["What happened"]
    assert "deleted by its author" in happened[0]
    assert "declined, social, 2 h after chirp:8123: “out of warranty” “Hello Sam" in happened[1]
    assert happened[2] == "    gave 0.5 EUR"


def test_a_superseded_case_says_where_it_went() -> None:
    gone = changed(state="superseded", superseded_by="K-NEW")
    assert told(gone) == {
        "What became of it": [
            f"{CASE.case_id} is now part of K-NEW. It was named after chirp:8123 by chirp:sam_lee."
        ]
    }
    assert "asks for no answer any more" in told(changed(state="superseded"))["What became of it"][0]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_every_case_that_the_stream_makes_can_be_told(seed: int) -> None:
    for case in straight(RandomWorld(seed).records()).cases.values():
        story = explain(case, {}, NOW)
        lines = [line for section in story.sections for line in section.lines]
        assert all("\n" not in line for line in lines)
        for contact in case.contacts:
            assert any(contact.mention_id in line for line in lines)
        for response in case.responses:
            assert any(response.by in line for line in lines)
