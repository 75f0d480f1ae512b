"""Which contacts are one case, and whose turn it is."""

from collections.abc import Sequence

import pytest

from listener.domain.case import Case
from stream.ledger.ledger import Recorded
from unit.stream.worlds import (
    POLICY,
    canonical,
    command,
    link,
    live,
    mention,
    outbound,
    put_all,
    response,
    stages,
    straight,
)


def cases(*values: Recorded) -> list[Case]:
    return live(straight(values))


def groups(*values: Recorded) -> list[list[str]]:
    """Native ids of the contacts of each case."""
    return [[contact.mention_id[2:] for contact in case.contacts] for case in cases(*values)]


DAY = 24.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(
            [mention("1", "complaint cause-a", 0), mention("2", "complaint cause-a", 14 * DAY)],
            [["1", "2"]],
            id="same cause within the window",
        ),
        pytest.param(
            [mention("1", "complaint cause-a", 0), mention("2", "complaint cause-a", 14 * DAY + 0.1)],
            [["1"], ["2"]],
            id="same cause after the window",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                outbound("o", "sorry", 10 * DAY, "1", "x:a"),
                mention("2", "complaint cause-a", 20 * DAY),
            ],
            [["1", "2"]],
            id="an answer keeps the window open",
        ),
        pytest.param(
            [mention("1", "complaint cause-a", 0), mention("2", "complaint cause-b", 1)],
            [["1"], ["2"]],
            id="another cause",
        ),
        pytest.param(
            [mention("1", "complaint cause-a", 0), mention("2", "question", 90 * DAY)],
            [["1", "2"]],
            id="unknown cause joins the only open case",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                mention("2", "complaint cause-b", 1),
                mention("3", "question", 2),
            ],
            [["1"], ["2"], ["3"]],
            id="unknown cause, two open cases",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                response("r", "1", "x:a", 1, kind="resolved"),
                mention("2", "question", 2),
            ],
            [["1"], ["2"]],
            id="unknown cause, nothing open at that time",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                mention("2", "question", 2),
                response("r", "1", "x:a", 3, kind="resolved"),
            ],
            [["1", "2"]],
            id="open is judged at the contact's time",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0, thread="x:t"),
                mention("2", "question cause-b", 99 * DAY, thread="x:t"),
            ],
            [["1", "2"]],
            id="same thread",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                outbound("o", "sorry", 1, "1", "x:a"),
                mention("2", "question cause-b", 99 * DAY, reply_to="x:o"),
            ],
            [["1", "2"]],
            id="reply to our answer",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                mention("2", "complaint cause-b", 1, thread="x:t"),
                mention("3", "question", 2, thread="x:t", reply_to="x:1"),
            ],
            [["1", "2", "3"]],
            id="ties to two cases make them one",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                mention("2", "complaint cause-b", 1),
                command("c", "together", "x:a", ["2", "1"], 5),
            ],
            [["1", "2"]],
            id="together",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0, thread="x:t"),
                mention("2", "complaint cause-a", 1, thread="x:t"),
                command("c", "apart", "x:a", ["1", "2"], 5),
            ],
            [["1"], ["2"]],
            id="apart beats thread and cause",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0, thread="x:t"),
                mention("2", "complaint cause-a", 1, thread="x:t"),
                command("c1", "apart", "x:a", ["1", "2"], 5),
                command("c2", "together", "x:a", ["2", "1"], 6),
            ],
            [["1", "2"]],
            id="the newest edge holds",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                mention("2", "complaint cause-b", 1),
                command("c", "reclassify", "x:a", ["2"], 5, cause="cause-a"),
            ],
            [["1", "2"]],
            id="a person chose the cause",
        ),
        pytest.param(
            [
                mention("1", "complaint cause-a", 0),
                mention("2", "praise", 1),
                command("c1", "needs_no_response", "x:a", ["1"], 5),
                command("c2", "needs_no_response", "x:a", ["2"], 5),
            ],
            [],
            id="a person said that nothing asks for anything",
        ),
        pytest.param(
            [
                mention("1", "spam", 0),
                mention("2", "complaint cause-a", 1),
                command("c1", "needs_no_response", "x:a", ["2"], 5),
                command("c2", "needs_response", "x:a", ["2"], 6),
                command("c3", "needs_response", "x:a", ["1"], 6),
            ],
            [["1"], ["2"]],
            id="the newest word on it holds",
        ),
        pytest.param(
            [mention("1", "mention cause-a", 0), mention("2", "spam", 1)],
            [],
            id="nothing that asks for anything",
        ),
        pytest.param(
            [mention("1", "mention", 0), mention("2", "complaint cause-a", 1, reply_to="x:1")],
            [["1", "2"]],
            id="a bare mention is recorded where it belongs",
        ),
        pytest.param(
            [
                mention("1", "mention", 0),
                mention("2", "complaint cause-a", 1, reply_to="x:1"),
                mention("3", "complaint cause-b", 2, reply_to="x:1"),
            ],
            [["1", "2", "3"]],
            id="and ties what follows it",
        ),
        pytest.param(
            [mention("1", "complaint cause-a", 0), mention("2", "mention", 1, reply_to="x:1")],
            [["1", "2"]],
            id="a bare reply is recorded where it belongs",
        ),
        pytest.param(
            [mention("1", "complaint", 0), mention("2", "complaint", 0, "x:b")],
            [["1"], ["2"]],
            id="two parties",
        ),
    ],
)
def test_contacts_are_grouped(values: Sequence[Recorded], expected: list[list[str]]) -> None:
    found = groups(*values)
    assert sorted(found) == expected


SAID = mention("1", "complaint cause-a", 0)
AGAIN = mention("2", "complaint cause-a", 50)
THANKS = mention("3", "praise cause-a", 60)


@pytest.mark.parametrize(
    ("values", "state", "waiting_since_hours"),
    [
        pytest.param([SAID], "new", 0, id="nobody has answered"),
        pytest.param([SAID, AGAIN], "new", 0, id="nobody has answered the second time either"),
        pytest.param([SAID, response("r", "1", "x:a", 1, kind="acknowledged")], "new", 0, id="acknowledged"),
        pytest.param([SAID, response("r", "1", "x:a", 1)], "waiting_for_customer", None, id="answered"),
        pytest.param(
            [SAID, response("r", None, "x:a", 1)], "waiting_for_customer", None, id="unaddressed answer"
        ),
        pytest.param(
            [SAID, response("r", "gone", "x:a", 1)],
            "waiting_for_customer",
            None,
            id="answers the unheard",
        ),
        pytest.param([SAID, response("r", "1", "x:a", 1), AGAIN], "waiting_for_us", 50, id="asked again"),
        pytest.param(
            [SAID, AGAIN, response("r", "1", "x:a", 55)],
            "waiting_for_customer",
            None,
            id="answers all before",
        ),
        pytest.param([SAID, response("r", "1", "x:a", -5)], "waiting_for_customer", None, id="skewed clock"),
        pytest.param([SAID, response("r", "1", "x:a", 1, kind="resolved")], "resolved", None, id="resolved"),
        pytest.param(
            [SAID, response("r", "1", "x:a", 1, kind="resolved"), THANKS],
            "resolved",
            None,
            id="thanks",
        ),
        pytest.param(
            [SAID, response("r", "1", "x:a", 1, kind="declined", reason="no")],
            "declined",
            None,
            id="declined",
        ),
        pytest.param(
            [SAID, response("r", "1", "x:a", 1, kind="resolved"), AGAIN], "reopened", 50, id="came back"
        ),
        pytest.param(
            [SAID, command("c", "close", "x:a", ["1"], 2)], "resolved", None, id="closed by a person"
        ),
        pytest.param(
            [
                SAID,
                response("r", "1", "x:a", 1, kind="resolved"),
                command("c", "reopen", "x:a", ["1"], 70),
            ],
            "reopened",
            70,
            id="reopened by a person",
        ),
        pytest.param([mention("3", "praise", 0)], "new", None, id="praise"),
        pytest.param(
            [mention("3", "praise", 0), response("r", "3", "x:a", 1)],
            "resolved",
            None,
            id="thanked for praise",
        ),
        pytest.param(
            [
                mention("3", "praise", 0),
                response("r", "3", "x:a", 1),
                mention("4", "praise", 9, reply_to="x:3"),
            ],
            "new",
            None,
            id="praise again",
        ),
    ],
)
def test_whose_turn_it_is(values: Sequence[Recorded], state: str, waiting_since_hours: float | None) -> None:
    for order in (values, list(reversed(values))):
        [case] = cases(*order)
        assert case.state == state
        assert case.needs_response == (waiting_since_hours is not None)
        since = (
            None if case.waiting_since is None else (case.waiting_since - SAID.occurred_at).total_seconds()
        )
        assert since == (None if waiting_since_hours is None else waiting_since_hours * 3600)


def test_an_earlier_contact_gives_its_name_to_the_case() -> None:
    late = mention("2", "complaint cause-a", 10)
    early = mention("1", "complaint cause-a", 0)
    both = straight([late, early])
    [case] = live(both)
    [former] = [other for other in both.cases.values() if other.state == "superseded"]
    assert case.anchor == "x:1"
    assert case.supersedes == (former.case_id,)
    assert (former.anchor, former.superseded_by, former.contact_count) == ("x:2", case.case_id, 0)
    assert straight([early, late]).cases.keys() == {case.case_id}


def test_a_case_that_nothing_is_left_of_is_withdrawn() -> None:
    both = straight([mention("1", "complaint", 0), mention("1", "mention", 0, revision=3)])
    [case] = both.cases.values()
    assert (case.state, case.superseded_by) == ("superseded", None)


def test_a_link_makes_one_history_and_its_rejection_two_again() -> None:
    values = [
        mention("1", "complaint cause-a", 0, "x:a"),
        mention("2", "question cause-a", 5, "y:b"),
        outbound("o", "sorry", 7, "1", "x:a"),
        mention("3", "complaint cause-a", 50, "y:b"),
    ]
    both = straight(values)
    before = canonical(both)
    assert len(before) == 2
    put_all(both, [link("x:a", ("1", "confirmed", 60)), link("y:b", ("1", "confirmed", 60))]).drain()
    [case] = live(both)
    assert [contact.mention_id for contact in case.contacts] == ["x:1", "x:2", "x:3"]
    assert (case.party, case.authors) == ("c:1", ("x:a", "y:b"))
    assert case.customer is not None
    assert (case.customer.name, case.customer.segment) == ("Ann One", "gold")
    put_all(both, [link("x:a", ("1", "rejected", 61)), link("y:b", ("1", "rejected", 61))]).drain()
    assert canonical(both) == before


def test_a_complaint_about_the_service_belongs_to_the_only_open_case() -> None:
    silent = mention("2", "complaint cause-silence", 50.0, thread=None)
    policy = POLICY.model_copy(update={"about_service": ("cause-silence",)})
    for values in ([mention("1", "complaint cause-a", 0.0), silent], [silent]):
        both = put_all(stages(policy), values)
        both.drain()
        [case] = live(both)
        assert case.contact_count == len(values)


def test_with_two_open_cases_a_complaint_about_the_service_is_one_of_its_own() -> None:
    policy = POLICY.model_copy(update={"about_service": ("cause-silence",)})
    values = [mention(str(number), f"complaint cause-{number}", 0.0) for number in range(2)]
    both = put_all(stages(policy), [*values, mention("2", "complaint cause-silence", 1.0)])
    both.drain()
    assert len(live(both)) == 3
