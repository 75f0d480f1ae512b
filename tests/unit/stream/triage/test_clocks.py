"""What becomes of a case's clocks: promises on a calendar, regulators' rules, pauses, what is withdrawn."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.domain.clock import Clock
from listener.domain.mention import Mention
from listener.domain.response import Response
from stream.moments import from_ms, to_ms
from stream.triage.alerts import raisings
from stream.triage.clocks import MAX_CLOCKS, clocks_shown, next_change_ms
from unit.stream.triage.histories import BASE, RULE, Happened, clocks, looked_at, policy, states
from unit.stream.worlds import at, canonical, command, mention, outbound, put_all, response, stages

PROMISES = policy()
REGULATED = policy(BASE + RULE)
MONDAY = 24.0  # 2 November 2026, 00:00; the offices open at 9
SAID = mention("1", "complaint cause-a", MONDAY + 10, channel="email")


def answer(hours: float, name: str = "r", **fields: Any) -> Response:
    return response(name, "1", "x:a", hours, **fields)


def again(hours: float, name: str = "2", text: str = "complaint cause-a", **fields: Any) -> Mention:
    return mention(name, text, hours, **fields)


def test_targets_are_counted_in_opening_hours() -> None:
    found = clocks([SAID], PROMISES, MONDAY + 12)
    first = found["first_response"]
    assert first.due_at == at(MONDAY + 24 + 10)
    assert first.warn_at == at(MONDAY + 16)
    assert first.black_hole_at == at(MONDAY + 24 + 14) + timedelta(milliseconds=1)
    assert found["resolution"].due_at == at(MONDAY + 48 + 10)
    assert states(found) == {"first_response": "running", "resolution": "running"}
    assert {clock.policy_hash for clock in found.values()} == {PROMISES.hash}
    by_phone = clocks([mention("1", "complaint", MONDAY + 16, channel="phone")], PROMISES, MONDAY)
    assert by_phone["first_response"].due_at == at(MONDAY + 24 + 10)


def test_a_clock_warns_then_is_breached_from_the_first_millisecond_after_it() -> None:
    def state(moment: datetime) -> tuple[str, bool]:
        [first] = [c for c in looked_at([SAID], PROMISES, moment)[0] if c.kind == "first_response"]
        return first.state, first.warned

    assert state(at(MONDAY + 15.99)) == ("running", False)
    assert state(at(MONDAY + 16)) == ("running", True)
    assert state(at(MONDAY + 34)) == ("running", True)
    assert state(at(MONDAY + 34) + timedelta(milliseconds=1)) == ("breached", False)


def test_a_warning_may_stand_some_hours_before_the_end() -> None:
    rules = policy(BASE + "warn_at: {hours_before: 3}\n")
    assert clocks([SAID], rules, MONDAY)["first_response"].warn_at == at(MONDAY + 15)
    assert clocks([again(MONDAY + 10, channel="phone")], rules, MONDAY)["first_response"].warn_at == at(
        MONDAY + 10
    )


def test_what_comes_after_an_answer_has_a_target_of_its_own() -> None:
    found = clocks([SAID, answer(MONDAY + 11), again(MONDAY + 12)], PROMISES, MONDAY + 13)
    assert found["first_response"].state == "met"
    assert found["first_response"].stopped_by == "r"
    assert (found["next_response"].anchor, found["next_response"].due_at) == ("x:2", at(MONDAY + 16))


def test_an_answer_in_the_backlog_is_never_preceded_by_a_breach() -> None:
    both = put_all(stages(REGULATED, at(MONDAY + 500)), [SAID, answer(MONDAY + 11, kind="resolved")])
    both.drain()
    last = [output.value for output in both.published if output.topic == "triage"][-1]
    assert {clock.state for clock in last.clocks} == {"met"}  # type: ignore[union-attr]


def test_a_late_answer_that_was_given_in_time_turns_a_breach_back() -> None:
    both = put_all(stages(REGULATED, at(MONDAY + 500)), [SAID])
    both.drain()
    [before] = both.cases.values()
    assert {clock.state for clock in before.clocks if clock.kind != "rule.final"} == {"breached"}
    assert [hole.ended_at for hole in before.black_holes] == [None]
    put_all(both, [answer(MONDAY + 20, kind="resolved")]).drain()
    [after] = both.cases.values()
    assert {clock.state for clock in after.clocks} == {"met"}
    assert after.black_holes == ()
    assert after.version > before.version


def test_a_holiday_that_is_added_later_is_another_policy_for_the_same_history() -> None:
    office = "holidays: {country: GB, subdivision: ENG}"
    later = policy(BASE.replace(office, f"{office}\n    closed: [2026-11-03]"))
    assert later.hash != PROMISES.hash
    before, after = (clocks([SAID], rules, MONDAY + 40)["first_response"] for rules in (PROMISES, later))
    assert (before.state, before.due_at) == ("breached", at(MONDAY + 34))
    assert (after.state, after.due_at) == ("running", at(MONDAY + 58))
    assert (before.policy_hash, after.policy_hash) == (PROMISES.hash, later.hash)


XMAS = 52 * 24.0  # 23 December 2026, 00:00; the 25th and, for the 26th, the 28th are holidays


def test_a_pause_across_holidays_counts_them_once() -> None:
    said = mention("1", "question cause-a", XMAS + 9)
    asked = answer(XMAS + 11)  # two hours of sixteen are gone
    replied = again(XMAS + 6 * 24 + 10, text="question cause-a")  # the 29th, 10:00
    waiting = clocks([said, asked], PROMISES, XMAS + 100)["resolution"]
    assert (waiting.state, waiting.due_at) == ("paused", at(XMAS + 24 + 17))
    assert waiting.paused_at == at(XMAS + 11)
    running = clocks([said, asked, replied], PROMISES, XMAS + 7 * 24)["resolution"]
    assert running.state == "running"
    assert running.due_at == at(XMAS + 7 * 24 + 16)  # 7 of the 29th, 7 of the 30th
    done = answer(XMAS + 7 * 24 + 16, "s", kind="resolved")
    assert clocks([said, asked, replied, done], PROMISES, 9999)["resolution"].state == "met"


def test_regulatory_stages_are_put_off_by_pauses() -> None:
    said, asked = mention("1", "complaint cause-a", XMAS + 9), answer(XMAS + 11)
    replied = again(XMAS + 6 * 24 + 10, text="question cause-a")
    found = clocks([said, asked, replied], REGULATED, XMAS + 7 * 24)
    assert found["rule.acknowledge"].state == "met"
    # closes on the 24th lie in the pause; the 29th, 30th, 31st do not
    assert found["rule.summary"].due_at == at(XMAS + 8 * 24 + 17)
    assert found["rule.final"].due_at == at(XMAS + 9 + 56 * 24 + (6 * 24 - 1))


def test_nothing_is_breached_while_it_is_paused() -> None:
    found = clocks([SAID, answer(MONDAY + 11)], REGULATED, 9999)
    assert states(found) == {
        "first_response": "met",
        "resolution": "paused",
        "rule.acknowledge": "met",
        "rule.summary": "paused",
        "rule.final": "paused",
    }


def test_a_pause_after_the_end_saves_nothing() -> None:
    found = clocks([SAID, answer(MONDAY + 100)], REGULATED, 9999)
    assert found["rule.summary"].state == "breached"
    assert found["resolution"].state == "breached"


@pytest.mark.parametrize(
    ("given", "stopped"),
    [
        ([outbound("o", "noted", MONDAY + 11, "1", "x:a", automatic=True)], {"acknowledge"}),
        ([answer(MONDAY + 11, kind="acknowledged")], {"acknowledge"}),
        ([answer(MONDAY + 11)], {"acknowledge"}),
        ([answer(MONDAY + 11, kind="declined")], {"acknowledge"}),
        ([answer(MONDAY + 11, kind="declined", reason="too late")], {"acknowledge", "summary", "final"}),
        ([answer(MONDAY + 11, kind="resolved")], {"acknowledge", "summary", "final"}),
        ([command("c", "close", "x:a", ["1"], MONDAY + 11)], set()),
    ],
)
def test_the_three_stops_are_different(given: Sequence[Any], stopped: set[str]) -> None:
    both = put_all(stages(REGULATED, at(MONDAY + 12)), [SAID, *given])
    both.drain()
    [case] = both.cases.values()
    rule = {clock.kind.removeprefix("rule."): clock for clock in case.clocks if clock.family == "regulatory"}
    assert {name for name, clock in rule.items() if clock.state == "met"} == stopped
    assert {clock.jurisdiction for clock in rule.values()} == {"GB"}


def test_an_automatic_acknowledgement_acknowledges_only_where_the_entry_says_so() -> None:
    strict = policy(BASE + RULE.replace("automatic: true", "automatic: false"))
    both = put_all(
        stages(strict, at(MONDAY + 12)),
        [SAID, outbound("o", "noted", MONDAY + 11, "1", "x:a", automatic=True)],
    )
    both.drain()
    [case] = both.cases.values()
    assert {clock.state for clock in case.clocks if clock.kind == "rule.acknowledge"} == {"running"}


def test_the_latest_of_several_deadlines_counts() -> None:
    friday = MONDAY + 4 * 24
    [_, acknowledge, *_] = sorted(
        clocks([mention("1", "complaint", friday + 18)], REGULATED, friday + 19).values(),
        key=lambda c: c.kind,
    )[1:4]
    assert acknowledge.kind == "rule.acknowledge"
    assert acknowledge.due_at == at(friday + 3 * 24 + 18)


@pytest.mark.parametrize(
    ("line", "said", "holds"),
    [
        ("", SAID, True),
        ("", again(MONDAY + 10, text="question"), False),
        ("needs: [complaint, question]", again(MONDAY + 10, text="question"), True),
        ("channels: [letter]", SAID, False),
        ("channels: [email]", SAID, True),
        ("causes: [cause-a]", SAID, True),
        ("causes: [cause]", SAID, False),
        ("except_causes: [cause-a]", SAID, False),
        ("sources: [portal]", SAID, False),
        ("sources: [x]", SAID, True),
        ("sources: [x]\n    start: sent_by_regulator", again(MONDAY + 10, text="question"), True),
        ("sources: [portal]\n    start: sent_by_regulator", SAID, False),
    ],
)
def test_what_counts_as_a_complaint(line: str, said: Mention, holds: bool) -> None:
    rules = policy(BASE + RULE.replace("    stages:", f"    {line}\n    stages:" if line else "    stages:"))
    assert ("rule.final" in clocks([said], rules, MONDAY + 11)) is holds


def test_a_rule_starts_with_the_first_contact_that_counts() -> None:
    asked, complained = again(MONDAY + 9, "0", text="question cause-a"), SAID
    found = clocks([asked, complained], REGULATED, MONDAY + 11)
    assert found["first_response"].anchor == "x:0"
    assert found["rule.final"].anchor == "x:1"


def test_rules_are_off_until_the_company_names_its_jurisdictions() -> None:
    off = policy(BASE + RULE.replace("jurisdictions: [GB]", ""))
    assert not [kind for kind in clocks([SAID], off, MONDAY + 11) if kind.startswith("rule")]


def test_a_complaint_after_the_final_response_is_a_new_one() -> None:
    happened: list[Happened] = [SAID, answer(MONDAY + 11, kind="resolved"), again(MONDAY + 50)]
    both = looked_at(happened, REGULATED, at(MONDAY + 51))[0]
    assert [(c.anchor, c.state) for c in both if c.kind == "rule.final"] == [
        ("x:1", "met"),
        ("x:2", "running"),
    ]
    assert [(c.anchor, c.state) for c in both if c.kind == "resolution"] == [
        ("x:1", "met"),
        ("x:2", "running"),
    ]


def test_what_a_person_declared_no_complaint_is_withdrawn_and_what_was_declared_one_counts() -> None:
    denied = command("c", "no_complaint", "x:a", ["1"], MONDAY + 12)
    found = clocks([SAID, denied], REGULATED, MONDAY + 13)
    assert {found[kind].state for kind in found if kind.startswith("rule")} == {"withdrawn"}
    assert found["first_response"].state == "running"
    back = command("d", "complaint", "x:a", ["1"], MONDAY + 13)
    assert clocks([SAID, back, denied], REGULATED, MONDAY + 13)["rule.final"].state == "running"
    asked: list[Happened] = [
        again(MONDAY + 10, text="question"),
        command("e", "complaint", "x:a", ["2"], MONDAY + 13),
    ]
    assert clocks(asked, REGULATED, MONDAY + 13)["rule.final"].state == "running"
    after = clocks([SAID, denied, again(MONDAY + 14)], REGULATED, MONDAY + 15)
    assert (after["rule.final"].anchor, after["rule.final"].state) == ("x:2", "running")


def test_what_a_person_put_under_another_product_is_withdrawn() -> None:
    rules = policy(BASE + RULE.replace("    stages:", "    causes: [cause-a]\n    stages:"))
    moved = command("c", "reclassify", "x:a", ["1"], MONDAY + 12, cause="cause-b")
    assert clocks([SAID, moved], rules, MONDAY + 13)["rule.final"].state == "withdrawn"


def test_what_was_deleted_at_its_source_is_withdrawn_unless_it_was_met() -> None:
    gone = SAID.model_copy(update={"text": "complaint cause-a deleted"})
    assert set(states(clocks([gone], REGULATED, 9999)).values()) == {"withdrawn"}
    assert states(clocks([gone, again(MONDAY + 10.2)], REGULATED, MONDAY + 11))["first_response"] == "running"
    met = clocks([gone, answer(MONDAY + 11, kind="resolved")], REGULATED, 9999)
    assert set(states(met).values()) == {"met"}


def test_a_contact_that_is_written_anew_keeps_the_clock_of_a_deleted_one() -> None:
    deleted = mention("1", "complaint cause-a deleted", MONDAY + 10)
    found = clocks([deleted, again(MONDAY + 12)], PROMISES, MONDAY + 13)
    assert states(found)["first_response"] == "running"


def test_a_live_contact_that_chases_an_imported_one_makes_its_clock_live() -> None:
    imported = SAID.model_copy(update={"historical": True})
    assert clocks([imported], PROMISES, MONDAY + 13)["first_response"].historical
    assert not clocks([imported, again(MONDAY + 12)], PROMISES, MONDAY + 13)["first_response"].historical


def test_a_target_that_is_brought_forward_warns_as_that_of_the_contact_that_did_so() -> None:
    rules = policy(
        BASE.replace(
            "queues:\n",
            "queues:\n  - {name: danger, severities: [safety], response_target_hours: {default: 2, phone: 1}}\n",
        )
    )
    danger = again(MONDAY + 13, text="complaint cause-a safety")
    first = clocks([SAID, danger], rules, MONDAY + 13.5)["first_response"]
    assert (first.anchor, first.due_at, first.warn_at) == ("x:1", at(MONDAY + 15), at(MONDAY + 14.5))
    assert not first.warned


def test_historical_contacts_have_clocks_that_ask_for_nothing() -> None:
    old = SAID.model_copy(update={"historical": True})
    found, black_holes = looked_at([old], REGULATED, at(MONDAY + 12))
    assert {clock.historical for clock in found} == {True}
    assert next_change_ms(found, 0) is None
    assert looked_at([old], REGULATED, at(9999))[1] == black_holes == ()
    assert clocks([old], REGULATED, 9999)["first_response"].state == "breached"
    live = looked_at([old, again(MONDAY + 100)], REGULATED, at(MONDAY + 101))[0]
    assert {(clock.kind, clock.historical) for clock in live if clock.family == "promise"} == {
        ("first_response", True),
        ("next_response", False),
        ("resolution", True),
    }


@pytest.mark.parametrize(("attempts", "shown"), [(10, 10), (40, 10)])
def test_each_of_ten_attempts_has_its_clock_and_of_more_the_first_and_the_last(
    attempts: int, shown: int
) -> None:
    happened: list[Happened] = []
    for n in range(attempts):
        happened.append(mention(f"{n:04}", "complaint cause-a", MONDAY + n * 24.0))
        happened.append(response(f"r{n}", f"{n:04}", "x:a", MONDAY + n * 24.0 + 1))
    found = looked_at(happened, policy(BASE), at(MONDAY + attempts * 24))[0]
    responses = [clock for clock in found if clock.kind.endswith("_response")]
    assert (len(responses), {clock.state for clock in responses}) == (shown, {"met"})


def test_a_long_case_shows_its_first_its_open_and_its_last_clocks() -> None:
    happened: list[Happened] = [
        mention(f"{n:04}", "complaint cause-a", MONDAY + n * 50.0) for n in range(200)
    ]
    happened += [response(f"r{n}", f"{n:04}", "x:a", MONDAY + n * 50.0 + 1) for n in range(190)]
    happened += [
        response(f"s{n}", f"{n:04}", "x:a", MONDAY + n * 50.0 + 2, kind="resolved") for n in range(190)
    ]
    found = looked_at(happened, REGULATED, at(MONDAY + 199 * 50 + 1))[0]
    assert len(found) <= MAX_CLOCKS
    assert {"x:0000", "x:0190", "x:0199"} <= {clock.anchor for clock in found}
    assert {clock.state for clock in found} == {"met", "breached", "running"}


def test_of_too_many_clocks_the_next_due_are_shown_and_none_is_forgotten() -> None:
    rule = RULE[RULE.index("  - name: rule") :]
    many = "".join(rule.replace("name: rule", f"name: rule-{n}") for n in range(15))
    rules = policy(BASE + RULE.replace(rule, many))
    found = looked_at([SAID], rules, at(MONDAY + 11))[0]
    assert len(found) == 2 + 15 * 3
    cut = clocks_shown(found)
    assert len(cut) == MAX_CLOCKS
    assert [clock for clock in found if not clock.kind.endswith("final")] == [
        clock for clock in cut if not clock.kind.endswith("final")
    ]
    late = looked_at([SAID], rules, at(MONDAY + 24 * 9))[0]
    assert len(raisings(late, ())) == 2 + 15 * 2


# --- properties

ASKS = ("complaint cause-a", "question cause-a", "praise cause-a", "complaint cause-a deleted")
KINDS = ("acknowledged", "answered", "resolved", "declined")
HOURS = st.integers(0, 2 * 24 * 40).map(lambda half: half / 2)


@st.composite
def histories(draw: st.DrawFn) -> list[Happened]:
    said = draw(st.lists(st.tuples(HOURS, st.sampled_from(ASKS)), min_size=1, max_size=6))
    given = draw(st.lists(st.tuples(HOURS, st.sampled_from(KINDS), st.booleans()), max_size=6))
    acts = draw(st.lists(st.tuples(HOURS, st.sampled_from(["close", "reopen"])), max_size=2))
    minute = (
        1 / 60
    )  # no two of them at once: which of a contact, an answer and an act came first is in `events`
    return [
        mention("1", "complaint cause-a", 0.0),
        *(mention(f"m{n}", text, hours) for n, (hours, text) in enumerate(said)),
        *(
            response(f"r{n}", "1", "x:a", hours + minute, kind=kind, reason="no" if reason else None)
            for n, (hours, kind, reason) in enumerate(given)
        ),
        *(
            command(f"c{n}", action, "x:a", ["1"], hours + (n + 2) * minute)
            for n, (hours, action) in enumerate(acts)
        ),
    ]


ONE_CASE = policy(BASE + RULE + "window_days: 100\n")


def is_valid_stop(clock: Clock, happened: Happened) -> bool:
    if not isinstance(happened, Response):
        closes = getattr(happened, "action", None) == "close"
        return closes and clock.kind == "resolution"
    final = happened.kind == "resolved" or (happened.kind == "declined" and bool(happened.reason))
    if clock.kind == "rule.acknowledge":
        return True
    if clock.family == "regulatory":
        return final
    if clock.kind == "resolution":
        return happened.kind in ("resolved", "declined")
    return happened.kind != "acknowledged"


def when(happened: Happened) -> datetime:
    return happened.at if not isinstance(happened, Mention | Response) else happened.occurred_at


@settings(max_examples=150, deadline=None)
@given(histories(), HOURS)
def test_a_clock_is_met_exactly_if_a_valid_stop_occurred_by_its_end(
    happened: list[Happened], hours: float
) -> None:
    known = [value for value in happened if when(value) <= at(hours)]
    for clock in looked_at(known, ONE_CASE, at(hours))[0]:
        stops = [when(v) for v in known if is_valid_stop(clock, v) and clock.started_at <= when(v)]
        assert (clock.state == "met") == any(stop <= clock.due_at for stop in stops)
        if clock.state in {"running", "paused"}:
            assert not stops
        if clock.state == "running":
            assert at(hours) <= clock.due_at
        if clock.state == "breached":
            assert at(hours) > clock.due_at
        assert clock.started_at <= (clock.warn_at or clock.due_at) <= clock.due_at


@settings(max_examples=100, deadline=None)
@given(histories(), HOURS, st.floats(0, 1, exclude_max=True))
def test_nothing_changes_before_the_next_change_and_something_does_then(
    happened: list[Happened], hours: float, part: float
) -> None:
    known = [value for value in happened if when(value) <= at(hours)]
    now_ms = to_ms(at(hours))
    before = looked_at(known, ONE_CASE, from_ms(now_ms))
    change = next_change_ms(before[0], now_ms)
    until = now_ms + 10**10 if change is None else change - 1
    assert looked_at(known, ONE_CASE, from_ms(now_ms + int((until - now_ms) * part))) == before
    assert looked_at(known, ONE_CASE, from_ms(until)) == before
    if change is not None:
        assert change > now_ms
        assert looked_at(known, ONE_CASE, from_ms(change)) != before


@settings(max_examples=25, deadline=None)
@given(histories(), st.integers(0, 10**6))
def test_the_order_of_arrival_and_restarts_change_nothing(happened: list[Happened], seed: int) -> None:
    values: list[Any] = [
        v.model_copy(update={"text": v.text.removesuffix(" deleted")}) if isinstance(v, Mention) else v
        for v in happened
    ]
    straight = put_all(stages(ONE_CASE, at(2000)), values)
    straight.drain()
    chance = random.Random(seed)
    shuffled = [*values, *chance.sample(values, len(values) // 2)]
    chance.shuffle(shuffled)
    other = stages(ONE_CASE, at(2000), wire=True)
    for value in shuffled:
        put_all(other, [value]).drain()
    assert canonical(other) == canonical(straight)
