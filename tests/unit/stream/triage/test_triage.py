"""One party: epochs, moves, repeats, and how large a snapshot and a state may become."""

from collections.abc import Sequence
from typing import Any

import pytest

from listener.domain.case import MAX_SNAPSHOT_BYTES, Case
from listener.domain.clock import TimerDue
from listener.domain.contact import contact_of
from listener.domain.enriched import EnrichedDeletion, EnrichedMention, Match
from listener.domain.errors import Rejected
from listener.domain.ids import case_id
from listener.domain.mention import MAX_TEXT
from listener.domain.party import PartyEvent, PublishedCase
from listener.domain.topics import ALERTS, ENRICHED, PARTY_EVENTS, TIMERS_DUE, TRIAGE
from stream.stage import Input, Output, Position
from stream.triage.bounds import MAX_CONTACTS
from stream.triage.triage import Triage, TriageValue
from unit.stream.worlds import (
    NOW,
    POLICY,
    TaggedTexts,
    at,
    customers,
    deletion,
    goodwill,
    live,
    mention,
    outbound,
    put_all,
    response,
    stages,
    straight,
)

HERE = "c:1"


class Party:
    """Feeds triage with one party's records."""

    def __init__(self, key: str = HERE) -> None:
        self.triage = Triage(POLICY, customers())
        self.key = key
        self.state: bytes | None = None
        self.offset = 0

    def hear(
        self, *values: TriageValue, first: int | None = None, hours: float | None = None
    ) -> list[Output]:
        start = self.offset if first is None else first
        inputs = [Input(Position(ENRICHED.name, 0, start + n), value) for n, value in enumerate(values)]
        step = self.triage.step(self.key, self.state, inputs, NOW if hours is None else at(hours))
        self.state = step.state
        self.offset += len(values) if first is None else 0
        return list(step.outputs)


def enriched(
    name: str, text: str, hours: float, epoch: int = 1, author: str = "x:a", **fields: Any
) -> EnrichedMention:
    said = mention(name, text, hours, author, **fields)
    found = TaggedTexts.enrichment(text)
    return EnrichedMention(
        party=HERE,
        epoch=epoch,
        author=author,
        mention=said,
        enrichment=found,
        match=Match(status="unknown"),
        grouping_cause=found.root_causes[0].node if found.root_causes else "unknown",
    )


def event(kind: Any, epoch: int, author: str = "x:a", **fields: Any) -> PartyEvent:
    return PartyEvent(kind=kind, party=HERE, author=author, epoch=epoch, at=NOW, **fields)


def join(epoch: int, *mentions: EnrichedMention, author: str = "x:a") -> PartyEvent:
    return event("join", epoch, author, contacts=tuple(contact_of(said) for said in mentions))


def timer(hours: float) -> TimerDue:
    return TimerDue(party=HERE, due_at=at(hours))


def snapshots(outputs: Sequence[Output]) -> list[Case]:
    return [output.value for output in outputs if isinstance(output.value, Case)]


def test_a_snapshot_is_published_once_and_again_when_its_record_is_repeated() -> None:
    party = Party()
    said = enriched("1", "complaint", 0)
    first = party.hear(said)
    assert [(output.topic, output.key) for output in first[:1]] == [(TRIAGE.name, case_id("x:1"))]
    assert {output.topic for output in first[1:]} == {ALERTS.name}
    state = party.state
    again = party.hear(said, first=0)
    assert [output.value and output.value.to_json() for output in again] == [
        output.value and output.value.to_json() for output in first
    ]
    assert party.state == state
    assert party.hear(said) == []
    [changed] = snapshots(party.hear(enriched("2", "complaint", 50)))
    assert changed.version == snapshots(first)[0].version + 1 == (1 << 32) + 2


def test_a_case_is_published_when_the_time_comes() -> None:
    party = Party()
    party.hear(enriched("1", "complaint", 0), hours=1)
    assert party.hear(timer(2), hours=2) == []
    [case] = snapshots(party.hear(timer(24.5), hours=24.5))
    assert case.clocks[0].state == "breached"
    assert Party().hear(timer(1)) == []


def test_what_is_new_at_a_party_waits_until_everything_was_told() -> None:
    party = Party()
    earlier, later = enriched("1", "complaint", 0, 2), enriched("2", "complaint", 5, 2)
    assert party.hear(later) == []
    [case] = snapshots(party.hear(join(2, earlier)))
    assert [contact.mention_id for contact in case.contacts] == ["x:1", "x:2"]
    assert case.version == (2 << 32) + 1


def test_a_record_of_an_earlier_epoch_is_passed_over() -> None:
    party = Party()
    party.hear(join(3, enriched("1", "complaint", 0)))
    assert party.hear(enriched("2", "complaint", 1, 2), event("leave", 2, to_party="c:2")) == []


def test_who_leaves_takes_the_cases_along() -> None:
    party = Party()
    party.hear(enriched("2", "complaint cause-a", 5), enriched("3", "complaint cause-a", 6, author="y:b"))
    party.hear(enriched("1", "complaint cause-a", 0))
    leave = event("leave", 2, to_party="c:2")
    outputs = party.hear(leave)
    told = outputs[0]
    assert (told.topic, told.key) == (PARTY_EVENTS.name, "c:2")
    assert isinstance(told.value, PartyEvent)
    assert (told.value.kind, told.value.epoch, told.value.from_party) == ("left", 2, HERE)
    assert {case.anchor for case in told.value.cases} == {"x:1", "x:2"}
    [left_behind] = snapshots(outputs)
    assert (left_behind.anchor, left_behind.anchor_author) == ("x:3", "y:b")
    state = party.state
    assert party.hear(leave, first=3)[0] == told
    assert party.state == state
    assert party.hear(enriched("4", "complaint", 9)) == []


def left(epoch: int, *anchors: str, author: str = "x:a") -> PartyEvent:
    cases = tuple(PublishedCase(case_id=case_id(a), anchor=a, anchor_author=author) for a in anchors)
    return event("left", epoch, author, from_party="c:2", cases=cases)


@pytest.mark.parametrize("first", ["join", "left"])
def test_the_new_party_has_the_last_word_on_former_cases(first: str) -> None:
    party = Party()
    arrives = join(2, enriched("1", "complaint cause-a", 0), enriched("2", "complaint cause-a", 5))
    told = left(2, "x:1", "x:2")
    outputs = [
        *party.hear(arrives if first == "join" else told),
        *party.hear(told if first == "join" else arrives),
    ]
    newest = {case.case_id: case for case in sorted(snapshots(outputs), key=lambda case: case.version)}
    assert newest.keys() == {case_id("x:1"), case_id("x:2")}
    assert newest[case_id("x:2")].superseded_by == case_id("x:1")
    assert newest[case_id("x:1")].supersedes == (case_id("x:2"),)
    assert {case.version >> 32 for case in newest.values()} == {2}


def test_each_later_party_is_told_about_former_cases() -> None:
    party = Party()
    party.hear(join(2, enriched("1", "complaint", 0)), left(2, "x:9"))
    for epoch, to_party in ((3, "c:3"), (4, "c:4")):
        [onward] = party.hear(event("leave", epoch, to_party=to_party))
        assert isinstance(onward.value, PartyEvent)
        assert (onward.key, onward.value.epoch) == (to_party, epoch)
        assert {case.anchor for case in onward.value.cases} == {"x:1", "x:9"}


def test_who_comes_back_finds_the_former_cases() -> None:
    party = Party()
    party.hear(enriched("2", "complaint cause-a", 5))
    party.hear(enriched("1", "complaint cause-a", 0))
    party.hear(event("leave", 2, to_party="c:2"))
    back = party.hear(join(3, enriched("1", "complaint cause-a", 0), enriched("2", "complaint cause-a", 5)))
    assert {(case.case_id, case.state == "superseded", case.version >> 32) for case in snapshots(back)} == {
        (case_id("x:1"), False, 3),
        (case_id("x:2"), True, 3),
    }


def test_a_deletion_before_its_contact_takes_the_words() -> None:
    party = Party()
    gone = EnrichedDeletion(party=HERE, epoch=2, author="x:a", deletion=deletion("1", "x:a", 5))
    party.hear(gone)
    [case] = snapshots(party.hear(join(2, enriched("1", "complaint secret", 0))))
    assert (case.contacts[0].deleted, case.contacts[0].excerpt, case.contact_count) == (True, "", 1)
    assert "secret" not in case.to_json().decode()


def test_the_largest_snapshot_is_bounded() -> None:
    words = "complaint cause-a " + "\x01\U0001f92c" * 500
    values: list[Any] = [
        mention(
            f"{number}-" + "n" * 190,
            words,
            number * 30.0,
            thread="x:" + "ü" * 298,
            url="https://example.org/" + "é" * 3900,
        )
        for number in range(180)
    ]
    values += [
        response(
            f"r{number}" + "é" * 290, None, "x:a", number * 30.0 + 1, kind="declined", reason="\x01" * 1000
        )
        for number in range(180)
    ]
    both = put_all(stages(), values)
    both.drain()
    [case] = live(both)
    assert len(case.to_json()) <= MAX_SNAPSHOT_BYTES
    assert (case.contact_count, case.response_count) == (180, 180)
    assert 0 < len(case.contacts) < 100
    assert case.contacts[0].mention_id.startswith("x:0-")
    assert case.contacts[-1].mention_id.startswith("x:179-")
    assert len(words) < MAX_TEXT


def test_an_ordinary_long_case_shows_its_first_and_last_fifty() -> None:
    both = put_all(stages(), [mention(f"{n:03}", "complaint cause-a", float(n)) for n in range(130)])
    both.drain()
    [case] = live(both)
    shown = [contact.mention_id for contact in case.contacts]
    assert shown == [f"x:{n:03}" for n in (*range(50), *range(80, 130))]
    assert case.contact_count == 130


def test_a_case_keeps_its_name_when_its_first_contacts_are_kept_no_more() -> None:
    values = [mention(f"{n:03}", "complaint cause-a", float(n)) for n in range(MAX_CONTACTS + 30)]
    both = stages()
    for first in (0, 40, 180, 200, 215, 225, 0, 100):
        put_all(both, values[first:][:140]).drain()
    [case] = live(both)
    assert case.anchor == "x:000"
    assert case.opened_at == at(0)
    assert case.contact_count == MAX_CONTACTS + 30
    assert len(both.cases) == 1
    assert len(both.state("triage", "a:x:a") or b"") < 80_000


@pytest.mark.parametrize(
    ("topic", "value"),
    [
        (ENRICHED.name, None),
        (ENRICHED.name, b"{}"),
        (TIMERS_DUE.name, b"[]"),
        (PARTY_EVENTS.name, event("leave", 1).to_json()),
        (PARTY_EVENTS.name, event("response", 1).to_json()),
        (PARTY_EVENTS.name, event("command", 1).to_json()),
    ],
)
def test_what_can_never_be_processed_is_rejected(topic: str, value: bytes | None) -> None:
    with pytest.raises(Rejected):
        Party().triage.decode(topic, value)


def test_a_record_under_another_key_is_rejected() -> None:
    with pytest.raises(Rejected, match="wrong-key: the key is not the party, c:1"):
        Party("c:2").hear(enriched("1", "complaint", 0))


def test_goodwill_and_what_was_said_are_in_the_snapshot() -> None:
    [case] = live(
        straight(
            [
                mention("1", "complaint cause-a", 0, url="https://example.org/1"),
                outbound("o", "we look into it", 1, "1", "x:a"),
                response("r", "1", "x:a", 2, kind="resolved", goodwill=goodwill(20), by="Jo", excerpt="done"),
            ]
        )
    )
    assert case.goodwill == (goodwill(20),)
    assert case.links == ("https://example.org/1",)
    assert [answer.response_id for answer in case.responses] == ["x:o", "r"]
    tried, did, promised = case.summary
    assert tried == "The customer posted on social media on 1 Nov 2026: “complaint cause-a”"
    assert (
        did
        == "Company answered on 1 Nov 2026 after 1 hour and Jo resolved it on 1 Nov with 20 EUR for sorry."
    )
    assert promised == "Nothing was promised."
    assert Case.read(case.to_json()).to_json() == case.to_json()
