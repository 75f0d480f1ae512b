"""What a simulated history is made of, and that its truth agrees with what is said and answered in it."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from listener.domain.errors import UsageError
from listener.domain.ids import author_party, customer_party, mention_id
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.response import Response
from listener.domain.topics import BACKFILL, CUSTOMERS, RAW, RESPONSES
from listener.simulator import SimulationSettings, simulate
from listener.simulator.company import DESKS, history_of
from unit.simulator.worlds import ENDS_AT, settings, world

LARGE = settings(customers=3000, days=60, seed=11)


def lines(of: SimulationSettings) -> bytes:
    return b"\n".join(type(event).__name__.encode() + event.value.to_json() for event in simulate(of))


def test_equal_settings_make_equal_bytes_and_another_seed_another_world() -> None:
    first = lines(settings(customers=60, days=9, seed=5))
    assert first == lines(settings(customers=60, days=9, seed=5))
    assert first != lines(settings(customers=60, days=9, seed=6))


def test_noise_changes_the_words_and_nothing_else() -> None:
    plain = world(settings(seed=3, without_keyword=0.0, typos=0.0))
    veiled = world(settings(seed=3, without_keyword=1.0, typos=5.0))
    first_contact = {matter.contacts[0] for matter in plain.matters}
    assert first_contact == {matter.contacts[0] for matter in veiled.matters}
    said = [truth for truth in veiled.truths if truth.need == "complaint" and truth.role == "contact"]
    assert not any(truth.names_cause for truth in said)


def test_events_come_in_order_of_time_customers_first() -> None:
    events = world(LARGE).events
    assert all(before.at <= after.at for before, after in pairwise(events))
    assert events[0].at == LARGE.starts_at
    assert events[-1].at <= LARGE.ends_at
    assert [event.topic for event in events[:3000]] == [CUSTOMERS] * 3000


def test_every_value_passes_its_contract_at_the_edge() -> None:
    for event in world(settings()).events:
        assert type(event.value).read_at_edge(event.value.to_json()) == event.value


def test_ids_are_those_of_the_domain_and_keys_those_of_the_topics() -> None:
    for event in world(LARGE).events:
        value = event.value
        if isinstance(value, Mention | MentionDeleted):
            assert value.mention_id == mention_id(value.source_kind, value.native_id)
            assert (event.topic, event.key) == (RAW, value.key)
        if isinstance(value, Response):
            assert (event.topic, event.key) == (RESPONSES, value.author)


def test_nothing_is_heard_before_it_is_said_or_said_twice() -> None:
    found = world(LARGE)
    heard = [*found.inbound.values(), *found.outbound]
    assert all(mention.occurred_at < mention.received_at for mention in heard)
    said = Counter(
        (event.value.mention_id, event.value.revision)
        for event in found.events
        if isinstance(event.value, Mention)
    )
    assert max(said.values()) == 1


def test_answers_name_a_contact_that_was_heard_before_and_its_author() -> None:
    found = world(LARGE)
    for outbound in found.outbound:
        assert outbound.answers is not None
        answered = found.inbound[outbound.answers]
        assert outbound.key == answered.author
        assert outbound.received_at > answered.received_at
    for response in found.responses:
        assert response.contact is not None
        answered = found.inbound[response.contact]
        assert response.author == answered.author
        assert response.received_at > answered.received_at


def test_edits_and_deletions_are_of_mentions_and_few() -> None:
    found = world(LARGE)
    assert 0 < len(found.edits) < 0.05 * len(found.inbound)
    assert 0 < len(found.deletions) < 0.05 * len(found.inbound)
    for edit in found.edits:
        original = found.inbound[edit.mention_id]
        assert edit.occurred_at == original.occurred_at
        assert edit.edited_at is not None
        assert edit.revision == int(edit.edited_at.timestamp() * 1000) > 0
    assert all(found.inbound[deleted.mention_id].author == deleted.author for deleted in found.deletions)


def test_historical_before_a_moment_and_not_after() -> None:
    moment = ENDS_AT - timedelta(days=5)
    marked = world(settings(historical_before=moment))
    for event in marked.events:
        if isinstance(event.value, Mention | MentionDeleted | Response):
            assert event.value.historical == (event.at < moment)
        if isinstance(event.value, Mention):
            assert event.topic == (BACKFILL if event.at < moment else RAW)
    assert [event.at for event in marked.events] == [event.at for event in world(settings()).events]


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 400), st.integers(1, 25), st.integers(-(2**40), 2**40), st.floats(0.5, 4))
def test_the_truth_agrees_with_the_events(customers: int, days: int, seed: int, activity: float) -> None:
    found = world(settings(customers, days, seed, activity=activity))
    truth = found.truth
    assert len(truth) == len(found.truths)
    assert set(truth) == set(found.inbound)
    people = {matter.customer_id for matter in found.matters if matter.customer_id}
    assert people | {outcome.customer_id for outcome in found.outcomes} <= set(found.customers)
    assert len(found.customers) == customers
    for each in found.truths:
        mention = found.inbound[each.mention_id]
        assert (each.author, each.channel, each.occurred_at) == (
            mention.author,
            mention.channel,
            mention.occurred_at,
        )
        if each.customer_id:
            assert each.party == customer_party(each.customer_id)
        elif each.matter_id is None:
            assert each.party == author_party(each.author)
    answers = {mention.mention_id for mention in found.outbound if not mention.automatic}
    answers |= {response.response_id for response in found.responses}
    in_matters: set[str] = set()
    for matter in found.matters:
        own = [truth[name] for name in matter.contacts]
        in_matters.update(matter.contacts)
        assert {each.matter_id for each in own} == {matter.matter_id}
        assert matter.failed_contacts == sum(each.failed for each in own)
        assert (matter.failed_contacts > 0) == bool(matter.failed_levels)
        if matter.never_answered:
            assert not matter.answers
            assert own[0].failed
        assert set(matter.answers) <= answers
    assert in_matters == {each.mention_id for each in found.truths if each.matter_id}


def test_failed_contacts_counted_anew_from_what_was_said_and_answered() -> None:
    """(a) only, and from the events alone: no answer by a person in the matter by the first contact's target."""
    found = world(LARGE)
    overridden = {response.response_id for response in found.responses}
    times = defaultdict(list)
    truth = found.truth
    matter_of = {name: matter.matter_id for matter in found.matters for name in matter.contacts}
    for response in found.responses:
        times[matter_of.get(response.contact or "")].append(response.occurred_at)
    for mention in found.outbound:
        if not mention.automatic and mention.mention_id not in overridden:
            times[matter_of.get(mention.answers or "")].append(mention.occurred_at)
    checked = 0
    for matter in found.matters:
        if matter.lost_answers:
            continue
        first = truth[matter.contacts[0]]
        due = first.occurred_at + timedelta(hours=DESKS[first.channel].target_hours)
        in_time = any(at <= due for at in times[matter.matter_id])
        if due + timedelta(hours=1) < ENDS_AT:
            assert (first.failed_because == "unanswered") == (not in_time)
            checked += 1
    assert checked > 1000


def test_days_count_what_was_said_on_them() -> None:
    found = world(LARGE)
    contacts = Counter(
        (each.occurred_at.date(), each.root_cause)
        for each in found.truths
        if each.matter_id and each.role == "contact"
    )
    assert {(day.day, day.root_cause): day.contacts for day in found.days} == dict(contacts)
    parties = defaultdict(set)
    for each in found.truths:
        if each.matter_id and each.role == "contact":
            parties[each.occurred_at.date(), each.root_cause].add(each.party)
    assert {(day.day, day.root_cause): day.parties for day in found.days} == {
        k: len(v) for k, v in parties.items()
    }
    assert sum(day.new_matters for day in found.days) == len(found.matters)


def test_the_incident_and_the_fix_can_be_seen() -> None:
    found = world(LARGE)
    history = history_of(LARGE)
    incident, fix = history.incident, history.fix
    assert incident.ends_at is not None

    def per_day(node: str, start: datetime, end: datetime) -> float:
        opened = [m for m in found.matters if m.root_cause == node and start <= m.opened_at < end]
        return len(opened) / ((end - start) / timedelta(days=1))

    usual = per_day(incident.node, LARGE.starts_at, incident.starts_at)
    assert per_day(incident.node, incident.starts_at, incident.ends_at) > 4 * usual
    assert per_day(fix.node, fix.starts_at, ENDS_AT) < 0.6 * per_day(fix.node, LARGE.starts_at, fix.starts_at)
    assert any(matter.in_incident and matter.campaign for matter in found.matters)


def test_public_contacts_are_answered_more_and_faster_than_private_ones() -> None:
    found = world(LARGE)
    settled = [matter for matter in found.matters if matter.opened_at < ENDS_AT - timedelta(days=20)]

    def answered(channel: str) -> float:
        own = [matter for matter in settled if matter.channels[0] == channel]
        quick = [
            m for m in own if m.first_answer_at and m.first_answer_at - m.opened_at < timedelta(hours=24)
        ]
        return len(quick) / len(own)

    assert answered("social") > 0.8
    assert answered("social") > answered("email") + 0.3
    assert answered("email") > answered("web_feedback")
    never = [matter for matter in settled if matter.never_answered]
    assert sum(matter.channels[0] == "web_feedback" for matter in never) > sum(
        matter.channels[0] == "social" for matter in never
    )


def test_the_world_has_what_it_promises() -> None:
    found = world(LARGE)
    assert {each.need for each in found.truths} == {
        "complaint",
        "question",
        "request",
        "praise",
        "mention",
        "copy",
        "spam",
    }
    assert {each.channel for each in found.truths} == set(DESKS)
    assert {each.language for each in found.truths} == {"en", "es", "de", "fr", "hi"}
    assert {kind for each in found.truths for kind in each.severity} == {
        "safety",
        "legal_threat",
        "vulnerable",
    }
    assert any(each.bullhorn and each.copy_of is None for each in found.truths)
    assert any(each.copy_of in found.inbound for each in found.truths if each.copy_of)
    assert any(matter.went_public_at for matter in found.matters)
    assert any("executive" in matter.channels for matter in found.matters)
    assert any(len(matter.authors) > 1 for matter in found.matters)
    assert any(matter.lost_answers for matter in found.matters)
    assert any(matter.goodwill for matter in found.matters)
    assert {matter.ended for matter in found.matters} == {"resolved", "declined", "gave_up", "open"}
    assert {response.kind for response in found.responses} == {"answered", "resolved", "declined"}
    assert {outcome.kind for outcome in found.outcomes} == {"csat", "repeat_purchase", "churn"}
    assert len({mention.text for mention in found.inbound.values()}) > 5000


@pytest.mark.parametrize(
    "wrong",
    [{"customers": 0}, {"days": 0}, {"without_keyword": 1.1}, {"activity": -1.0}, {"typos": float("nan")}],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        SimulationSettings(**{"customers": 1, "days": 1, "seed": 1, "ends_at": ENDS_AT, **wrong})  # type: ignore[arg-type]


def test_a_naive_end_is_refused() -> None:
    with pytest.raises(UsageError, match="ends_at"):
        SimulationSettings(customers=1, days=1, seed=1, ends_at=ENDS_AT.replace(tzinfo=None))
