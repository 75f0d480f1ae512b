"""What a ticket says of a case."""

from datetime import UTC, datetime, timedelta

import pytest

from listener import examples
from listener.domain.case import Case, CaseState
from listener.domain.desk import told_at
from sinks.desks.draft import MAX_TITLE, digest_of, draft_of, outcome_of, standing_of

CASE = Case.read(examples.examples()[Case].to_json())
SAID = CASE.contacts[0]


def test_it_says_what_was_said_and_done_in_order() -> None:
    body = draft_of(CASE, "rt").body
    lines = [
        "K-CAQS7VGUFB355: waiting for customer, queue complaints, with front line",
        "Priority 60 of 100, due 2026-03-02 17:15 UTC",
        "Customer: Sam Lee (C-1001), prefers email",
        "Sam Lee wrote once, on social.",
        "Why: a complaint goes to the queue complaints [queues.complaints]",
        "Advice: Move to a private channel: the customer wrote in public.",
        "2026-03-02 09:15 UTC chirp:sam_lee (social, public) [chirp:8123]",
        "@acme my parcel is two weeks late and nobody answers my e-mails",
        "https://chirp.example/sam_lee/8123",
        "2026-03-02 11:15 UTC chirp:acme (front line, social) answered [chirp:8170]",
        "Hello Sam, your parcel leaves today. We are sorry.",
        "Goodwill: 10 EUR for late parcel",
    ]
    places = [body.index(line) for line in lines]
    assert places == sorted(places)


def test_its_title_is_one_line_that_begins_with_the_case() -> None:
    long = CASE.model_copy(
        update={"contacts": (SAID.model_copy(update={"excerpt": "first\nsecond " + "x" * 250}),)}
    )
    title = draft_of(long, "rt").title
    assert title.startswith("K-CAQS7VGUFB355 delivery: first second xxx")
    assert len(title) <= MAX_TITLE
    assert "\n" not in title
    assert draft_of(CASE.model_copy(update={"contacts": ()}), "rt").title == "K-CAQS7VGUFB355 delivery"


def test_a_deleted_text_is_not_told() -> None:
    gone = SAID.model_copy(update={"deleted": True, "excerpt": "", "url": None})
    [entry, _] = draft_of(CASE.model_copy(update={"contacts": (gone,)}), "rt").entries
    assert entry.mark == "[chirp:8123, deleted]"
    assert "deleted this" in entry.text
    assert "parcel" not in entry.text


def test_an_edit_and_an_escalation_are_told_anew() -> None:
    before = {digest_of(entry) for entry in draft_of(CASE, "rt").entries}
    edited = CASE.model_copy(
        update={
            "contacts": (SAID.model_copy(update={"revision": 1700, "excerpt": "edited"}),),
            "level": "executive",
            "owner": "E. Exec",
        }
    )
    fresh = [entry for entry in draft_of(edited, "rt").entries if digest_of(entry) not in before]
    assert [entry.mark for entry in fresh] == [
        "[chirp:8123, edited 1700]",
        "[K-CAQS7VGUFB355 at executive, E. Exec]",
    ]
    assert [entry.by_customer for entry in fresh] == [True, False]


def test_every_mark_stands_in_its_own_text() -> None:
    for entry in draft_of(CASE, "rt").entries:
        assert entry.mark in entry.text


def test_what_was_answered_at_the_desk_is_left_out() -> None:
    answer = CASE.responses[0].model_copy(update={"response_id": f"{told_at('rt')}17"})
    case = CASE.model_copy(update={"responses": (answer,)})
    assert len(draft_of(case, "rt").entries) == 1
    assert len(draft_of(case, "r").entries) == 2


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("new", "open"),
        ("waiting_for_customer", "open"),
        ("reopened", "open"),
        ("resolved", "resolved"),
        ("declined", "declined"),
        ("superseded", "resolved"),
    ],
)
def test_how_it_ended(state: CaseState, outcome: str) -> None:
    assert outcome_of(CASE.model_copy(update={"state": state})) == outcome


def test_the_fields_that_change_are_known() -> None:
    before = standing_of(draft_of(CASE, "rt"))
    later = CASE.model_copy(
        update={"due_at": None, "priority": 61, "last_at": datetime.now(UTC), "summary": ("other",)}
    )
    after = standing_of(draft_of(later, "rt"))
    assert {name for name in before if before[name] != after[name]} == {"due", "priority"}
    assert "parcel" not in str(before)


def test_a_case_of_nobody_known_with_much_hidden() -> None:
    case = CASE.model_copy(
        update={
            "customer": None,
            "contact_count": 7,
            "failed_contacts": 2,
            "failed_levels": ("front_line", "manager"),
            "severity": ("safety",),
            "waiting_since": CASE.opened_at + timedelta(minutes=1),
        }
    )
    summary = draft_of(case, "rt").summary
    for line in (
        "Customer: not known; chirp:sam_lee",
        "6 of 7 contacts are not shown",
        "We failed this customer 2 times (front line, manager)",
        "Severity: safety",
        "waiting since 2026-03-02 09:16 UTC",
    ):
        assert line in summary
