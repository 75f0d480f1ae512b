"""When contacts become black holes: in truth, without answers that left no trace, as labels that err say."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.domain.enriched import Complaint, Enrichment, Language, Need
from listener.domain.response import Response
from listener.evaluation.company_asked import Asked, asked_of
from listener.evaluation.triage import World
from listener.simulator.truth import MatterTruth, MentionTruth, Role

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def hours(number: float) -> datetime:
    return BEGIN + timedelta(hours=number)


def said(name: str, at: float, role: Role = "contact", *, need: Need = "complaint") -> MentionTruth:
    return MentionTruth(
        mention_id=name,
        author="sim-email:ann",
        party="c:ann",
        matter_id="lost" if role != "other" else None,
        occurred_at=hours(at),
        channel="email",
        visibility="private",
        need=need,
        root_cause="delay",
        role=role,
        as_of=hours(1000),
    )


def world_of(*mentions: MentionTruth, answers: dict[str, float], lost: int = 0) -> World:
    """All that is of a matter is of the same one."""
    contacts = tuple(one.mention_id for one in mentions if one.matter_id)
    matter = MatterTruth(
        matter_id="lost",
        party="c:ann",
        authors=("sim-email:ann",),
        need="complaint",
        root_cause="delay",
        opened_at=BEGIN,
        contacts=contacts,
        channels=("email",),
        answers=tuple(answers),
        never_answered=False,
        lost_answers=lost,
        failed_contacts=0,
        failed_levels=(),
        ended="open",
        as_of=hours(1000),
    )
    told = [
        Response(
            response_id=name,
            author="sim-email:ann",
            channel="email",
            by="agent:kim",
            kind="answered",
            occurred_at=hours(at),
            received_at=hours(at),
        )
        for name, at in answers.items()
    ]
    return World(told, [], {one.mention_id: one for one in mentions}, [matter], [])


def words(need: Need, *, asks: bool = True) -> Enrichment:
    return Enrichment(
        language=Language(code="en", probability=1.0),
        complaint=Complaint(probability=0.0),
        need=need,
        needs_response=asks,
    )


def vanished(asked: list[Asked]) -> dict[str, float]:
    """What is a black hole in truth, and after how many hours."""
    return {
        one.contact.mention_id: (one.true.vanished_at - BEGIN) / timedelta(hours=1)
        for one in asked
        if one.true and one.true.vanished_at
    }


@pytest.mark.parametrize(
    ("answers", "holes"),
    [
        ({"a": 40.0}, {"again": 60 + 72.0}),
        ({"a": 70.0}, {"later": 200 + 72.0}),
        ({"a": 100.0}, {"first": 72.0, "later": 200 + 72.0}),
        ({"a": 260.0}, {"first": 72.0}),
        ({}, {"first": 72.0}),
    ],
)
def test_what_waits_for_one_answer_is_one_black_hole(
    answers: dict[str, float], holes: dict[str, float]
) -> None:
    mentions = [said("first", 0), said("again", 60), said("later", 200)]
    found = {one.mention_id: words("complaint") for one in mentions}
    assert vanished(asked_of(world_of(*mentions, answers=answers, lost=1), found)) == holes


def test_found_labels_lose_contacts_make_them_up_and_put_them_in_another_queue() -> None:
    mentions = [said("first", 0), said("again", 60), said("praise", 10, "other", need="praise")]
    found = {
        "first": words("praise", asks=False),
        "again": words("question"),
        "praise": words("complaint"),
    }
    asked = {one.contact.mention_id: one for one in asked_of(world_of(*mentions, answers={}), found)}
    first, again, praise = (asked[one.mention_id] for one in mentions)
    assert (first.found, praise.true) == (None, None)
    assert first.true is not None
    assert again.true is not None
    assert (first.true.queue, first.true.vanished_at) == ("complaints", hours(72))
    assert (again.true.queue, again.true.vanished_at) == ("complaints", None)
    assert again.found == ("service", hours(60 + 72))
    assert praise.found == ("complaints", hours(10 + 72))


def test_whoever_is_in_danger_waits_in_a_queue_of_their_own() -> None:
    mention = said("first", 0).model_copy(update={"severity": ("safety",)})
    found = words("complaint").model_copy(update={"severity": ("legal_threat",)})
    (asked,) = asked_of(world_of(mention, answers={}), {"first": found})
    assert asked.true == ("safety", hours(72))
    assert asked.found == ("complaints", hours(72))


def test_thanks_ask_for_nothing() -> None:
    mentions = [said("first", 0), said("thanks", 50, "thanks", need="praise")]
    found = {"first": words("complaint"), "thanks": words("praise", asks=False)}
    asked = asked_of(world_of(*mentions, answers={"a": 40.0}), found)
    assert [one.contact.mention_id for one in asked] == ["first"]
