"""What people do to cases reaches the whole party, whichever of its authors it is keyed by."""

import pytest

from listener.cases.act import command_of
from listener.cases.find import Target
from listener.domain.case import Case
from stream.ledger.ledger import Recorded
from unit.stream.worlds import (
    assert_consistent,
    at,
    canonical,
    link,
    live,
    mention,
    outbound,
    response,
    rough,
    straight,
)

ANN, ALSO_ANN = "x:a", "y:c"
TWO_AUTHORS: list[Recorded] = [
    mention("1", "complaint cause-delay", 0, ANN, email="one@example.org"),
    mention("2", "complaint cause-bags", 1, ALSO_ANN, email="one@example.org"),
]


def contacts(cases: list[Case]) -> list[list[str]]:
    return [[contact.mention_id for contact in case.contacts] for case in cases]


@pytest.mark.parametrize(
    ("first", "second"), [(("x:1", ANN), ("x:2", ALSO_ANN)), (("x:2", ALSO_ANN), ("x:1", ANN))]
)
@pytest.mark.parametrize("first_of_all", [True, False])
def test_an_edge_between_two_authors_holds_whichever_it_is_keyed_by(
    first: tuple[str, str], second: tuple[str, str], first_of_all: bool
) -> None:
    assert contacts(live(straight(TWO_AUTHORS))) == [["x:1"], ["x:2"]]
    about = [Target(name, name, author) for name, author in (first, second)]
    edge = command_of("together", about, "K. Agent", at(2))
    assert edge.author == first[1]
    world = [edge, *TWO_AUTHORS] if first_of_all else [*TWO_AUTHORS, edge]
    both = straight(world)
    assert contacts(live(both)) == [["x:1", "x:2"]]
    assert_consistent(both)
    parted = command_of("apart", about[::-1], "K. Agent", at(3))
    assert contacts(live(straight([*world, parted]))) == [["x:1"], ["x:2"]]
    for seed in range(20):
        assert canonical(rough([*world, parted], seed)) == canonical(straight([*world, parted]))


def test_an_edge_waits_for_the_link_that_makes_it_possible_and_ends_with_it() -> None:
    strangers: list[Recorded] = [
        mention("1", "complaint cause-delay", 0, ANN),
        mention("2", "complaint cause-bags", 1, ALSO_ANN),
        command_of("together", [Target("", "x:2", ALSO_ANN), Target("", "x:1", ANN)], "K. Agent", at(2)),
    ]
    assert contacts(live(straight(strangers))) == [["x:1"], ["x:2"]]
    linked = [*strangers, link(ANN, ("1", "confirmed", 3)), link(ALSO_ANN, ("1", "confirmed", 3))]
    assert contacts(live(straight(linked))) == [["x:1", "x:2"]]
    taken_back = [*linked, link(ALSO_ANN, ("1", "confirmed", 3), ("1", "rejected", 4))]
    assert contacts(live(straight(taken_back))) == [["x:1"], ["x:2"]]


def test_an_answer_keyed_by_the_cases_author_reaches_another_authors_contact() -> None:
    both = straight([*TWO_AUTHORS, response("r", "2", ANN, 2, kind="resolved", channel="phone")])
    assert [case.state for case in live(both)] == ["new", "resolved"]


def test_an_answer_in_another_channel_counts() -> None:
    [case] = live(straight([TWO_AUTHORS[0], response("r", "1", ANN, 2, channel="phone")]))
    assert (case.contacts[0].channel, case.responses[0].channel) == ("social", "phone")
    assert (case.state, case.needs_response) == ("waiting_for_customer", False)


@pytest.mark.parametrize("explicit_first", [True, False])
def test_our_own_words_acknowledge_or_answer_and_what_is_told_of_them_overrides(explicit_first: bool) -> None:
    contact = TWO_AUTHORS[0]
    automatic = outbound("o", "we have your message", 1, "1", ANN, automatic=True)
    person = outbound("o", "here you are", 1, "1", ANN)
    told = response("x:o", "1", ANN, 1, kind="resolved", by="M. Manager", level="manager")

    [case] = live(straight([contact, automatic]))
    assert [answer.kind for answer in case.responses] == ["acknowledged"]
    assert (case.state, case.needs_response) == ("new", True)

    [case] = live(straight([contact, person]))
    assert [answer.kind for answer in case.responses] == ["answered"]
    assert case.state == "waiting_for_customer"

    [case] = live(straight([contact, told, automatic] if explicit_first else [contact, automatic, told]))
    assert [(answer.kind, answer.by, answer.derived) for answer in case.responses] == [
        ("resolved", "M. Manager", False)
    ]
    assert case.state == "resolved"


def test_the_same_answer_told_twice_is_one() -> None:
    once = [TWO_AUTHORS[0], response("answer:1", "1", ANN, 2)]
    again = response("answer:1", "1", ANN, 2).model_copy(update={"received_at": at(3), "occurred_at": at(3)})
    [case] = live(straight([*once, again]))
    assert (case.response_count, case.last_at) == (1, at(2))
