"""What counts as a failed contact, and at which level."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from listener.domain.case import Case
from stream.ledger.ledger import Recorded
from unit.stream.worlds import NOW, at, command, live, mention, outbound, put_all, response, stages

SAID = mention("1", "complaint cause-a", 0)


def only_case(values: Sequence[Recorded], now: datetime = NOW) -> Case:
    both = put_all(stages(now=now), values)
    both.drain()
    [case] = live(both)
    return case


def again(hours: float, text: str = "complaint cause-a", name: str = "2") -> Recorded:
    return mention(name, text, hours)


def answer(hours: float, text: str = "here you are", name: str = "o") -> Recorded:
    return outbound(name, text, hours, "1", "x:a")


@pytest.mark.parametrize(
    ("values", "failed", "levels"),
    [
        pytest.param([SAID, answer(24)], [], (), id="answered at the last moment"),
        pytest.param([SAID, answer(24.01)], ["1"], ("front_line",), id="answered late"),
        pytest.param([SAID], ["1"], ("front_line",), id="never answered"),
        pytest.param(
            [SAID, outbound("o", "noted", 1, "1", "x:a", automatic=True)],
            ["1"],
            ("front_line",),
            id="a machine",
        ),
        pytest.param(
            [SAID, response("r", "1", "x:a", 1, kind="acknowledged")],
            ["1"],
            ("front_line",),
            id="acknowledged",
        ),
        pytest.param([SAID, again(10), answer(20)], [], (), id="a chaser before the target"),
        pytest.param([SAID, again(10)], ["1"], ("front_line",), id="a chaser is no contact of its own"),
        pytest.param([SAID, again(0.5)], ["1"], ("front_line",), id="one attempt within 30 minutes"),
        pytest.param(
            [SAID, again(30)],
            ["1", "2"],
            ("front_line", "manager"),
            id="asked after the target: twice",
        ),
        pytest.param(
            [SAID, answer(1), again(5), answer(6, name="p")], ["1"], ("front_line",), id="came back"
        ),
        pytest.param(
            [SAID, response("r", "1", "x:a", 1, level="manager", kind="resolved"), again(5), answer(6)],
            ["1"],
            ("manager",),
            id="came back after a manager resolved it",
        ),
        pytest.param(
            [SAID, response("r", "1", "x:a", 1, kind="declined"), again(5), answer(6)], [], (), id="declined"
        ),
        pytest.param([SAID, answer(1), again(5, "praise cause-a")], [], (), id="thanks"),
        pytest.param(
            [SAID, answer(1), again(5, "question cause-a"), answer(6, name="p")], [], (), id="asks more"
        ),
        pytest.param(
            [SAID, answer(1, "which booking?"), again(5), answer(6, name="p")],
            [],
            (),
            id="our question",
        ),
        pytest.param(
            [
                SAID,
                answer(1, "track it at https://example.org/parcel?number=5"),
                again(5),
                answer(6, name="p"),
            ],
            ["1"],
            ("front_line",),
            id="a web address is no question",
        ),
        pytest.param(
            [
                SAID,
                response("r", "1", "x:a", 1, kind="resolved", excerpt="Done. Anything else?"),
                again(5),
                answer(6),
            ],
            ["1"],
            ("front_line",),
            id="came back after it was resolved with a question",
        ),
        pytest.param(
            [
                SAID,
                answer(1, "which booking?"),
                again(5),
                answer(6, name="p"),
                again(9, name="3"),
                answer(10, name="q"),
            ],
            ["1"],
            ("front_line",),
            id="came back after the reply was answered",
        ),
        pytest.param(
            [SAID, answer(1, "which booking?"), again(5)], [], (), id="a reply that nobody goes on from"
        ),
        pytest.param(
            [SAID, answer(1, "which booking?"), again(5), again(40, name="3")],
            ["3"],
            ("front_line",),
            id="asked again after a reply that nobody went on from",
        ),
        pytest.param(
            [SAID, answer(1), again(5, "praise cause-a"), again(9, name="3"), answer(10, name="p")],
            ["1"],
            ("front_line",),
            id="thanks, and then a complaint",
        ),
        pytest.param(
            [SAID, answer(1), command("c", "mark_failed", "x:a", ["1"], 9)],
            ["1"],
            ("front_line",),
            id="marked",
        ),
        pytest.param([mention("1", "praise", 0)], [], (), id="praise needs no answer"),
    ],
)
def test_failures(values: Sequence[Recorded], failed: list[str], levels: tuple[str, ...]) -> None:
    for order in (values, list(reversed(values))):
        case = only_case(order)
        assert [contact.mention_id[2:] for contact in case.contacts if contact.failed] == failed
        assert all(contact.failed_because for contact in case.contacts if contact.failed)
        assert case.failed_contacts == len(failed)
        assert case.failed_levels == levels


def test_the_target_passes_with_time_and_a_late_record_takes_that_back() -> None:
    assert only_case([SAID], at(24)).failed_contacts == 0
    assert only_case([SAID], at(24)).clocks[0].state == "running"
    both = put_all(stages(now=at(30)), [SAID])
    both.drain()
    [case] = live(both)
    assert (case.failed_contacts, case.clocks[0].state) == (1, "breached")
    put_all(both, [answer(3)]).drain()
    [case] = live(both)
    assert (case.failed_contacts, case.clocks[0].state, case.clocks[0].stopped_at) == (0, "met", at(3))


def test_each_failure_leads_further_up() -> None:
    values = [mention(str(number), "complaint cause-a", number * 30.0) for number in range(4)]
    levels = [only_case(values[:count], at(count * 30.0 - 1)).level for count in range(1, 5)]
    assert levels == ["manager", "manager", "executive", "executive"]
    assert only_case([SAID], at(1)).level == "front_line"


def test_a_danger_brings_the_target_of_what_it_chases_forward() -> None:
    danger = again(4, "complaint cause-a safety")
    assert only_case([SAID, danger], at(4.5)).due_at == at(5)
    case = only_case([SAID, danger], at(6))
    assert [contact.mention_id for contact in case.contacts if contact.failed] == ["x:1"]
    assert only_case([SAID, danger, answer(4.9)]).failed_contacts == 0


def test_a_lesser_contact_moves_no_target() -> None:
    assert only_case([SAID, again(4, "question cause-a")], at(5)).due_at == only_case([SAID], at(5)).due_at


def test_one_of_too_many_waits_since_it_was_said() -> None:
    values = [mention(str(number), "complaint cause-a", number / 30) for number in range(230)]
    case = only_case(values, at(20))
    assert (case.waiting_since, case.due_at, case.contact_count) == (at(0), at(24), 230)
