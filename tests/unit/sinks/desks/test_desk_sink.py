"""The sink that keeps tickets: one per case, whatever comes when and however often, and whoever dies."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from fakes.fetched import FakeFetched
from fakes.helpdesk import FakeHelpdesk, FakeTicketTopic, Killed
from listener import examples
from listener.desks import DeskConfig
from listener.domain.case import Case, CaseContact, CaseState
from listener.domain.desk import Ticket
from listener.domain.errors import Busy, Rejected, ServiceError
from sinks.desks.desk_sink import MAX_STUMBLES, DeskSink
from sinks.desks.server import Stumbles

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EXAMPLE = Case.read(examples.examples()[Case].to_json())
WORDS = EXAMPLE.contacts[0]


def contact(number: int, historical: bool = False) -> CaseContact:
    return WORDS.model_copy(
        update={
            "mention_id": f"chirp:{number}",
            "excerpt": f"words {number}",
            "historical": historical,
            "effective_at": NOW - timedelta(hours=100 - number),
        }
    )


def case(
    case_id: str, version: int, state: CaseState = "new", numbers: Sequence[int] = (1,), **more: Any
) -> Case:
    update = {
        "case_id": case_id,
        "version": version,
        "state": state,
        "contacts": tuple(map(contact, numbers)),
        "responses": (),
        "last_at": NOW,
    }
    return EXAMPLE.model_copy(update=update | more)


class World:
    """A desk, the topic of tickets, and a sink that can be started anew."""

    def __init__(self, config: DeskConfig | None = None, step: Callable[[], None] = lambda: None) -> None:
        self.step = step
        self.desk = FakeHelpdesk(step)
        self.log: list[FakeFetched] = []
        self.now = NOW
        self.config = config or DeskConfig()
        self.offset = 0
        self.refused: list[str] = []
        self.start()

    def start(self) -> None:
        """A process that knows nothing yet."""
        self.sink = DeskSink(
            "desk-fake",
            "fake",
            self.config,
            self.desk,
            lambda: FakeTicketTopic(self.log, self.step),  # type: ignore[arg-type,return-value]
            lambda: self.now,
        )

    def tell(self, *cases: Case, at_ms: int | None = None) -> None:
        """One batch, all of it."""
        batch = []
        for each in cases:
            self.offset += 1
            stamp = self.offset if at_ms is None else at_ms
            batch.append(
                FakeFetched(
                    self.offset, each.to_json(), each.case_id.encode(), topic="triage", timestamp=stamp
                )
            )
        prepared = self.sink.prepare(batch)
        self.sink.store(prepared.content)
        self.refused += [str(item.why) for item in prepared.refused]

    @property
    def tickets(self) -> list[tuple[str | None, str]]:
        """Of each ticket the case and the state."""
        return [(ticket.external_id, ticket.outcome) for ticket in self.desk.tickets]

    def recorded(self, case_id: str) -> Ticket:
        """What stands last on the topic."""
        values = [record.value for record in self.log if record.key == f"{case_id} fake".encode()]
        assert values[-1] is not None
        return Ticket.read(values[-1])


def test_a_case_gets_one_ticket_that_follows_it() -> None:
    world = World()
    world.tell(case("K-A", 1))
    world.tell(case("K-A", 2, numbers=(1, 2), priority=90))
    world.tell(case("K-A", 3, "resolved", numbers=(1, 2), priority=90))
    [ticket] = world.desk.tickets
    assert ticket.outcome == "resolved"
    assert ticket.calls == ["open", "update", "update"]
    assert [ticket.text.count(f"[chirp:{number}]") for number in (1, 2)] == [1, 1]
    recorded = world.recorded("K-A")
    assert (recorded.ticket_id, recorded.case_version, recorded.state) == ("1", 3, "closed")
    assert recorded.url == "https://desk.test/1"


def test_what_is_known_is_not_told_again() -> None:
    world = World()
    world.tell(case("K-A", 1))
    world.tell(case("K-A", 1), case("K-A", 2))
    world.start()
    world.tell(case("K-A", 1), case("K-A", 2))
    assert world.desk.tickets[0].calls == ["open"]


@pytest.mark.parametrize(
    "passed_over",
    [
        case("K-A", 1, historical=True),
        case("K-A", 1, "resolved"),
        case("K-A", 1, "superseded", superseded_by="K-B"),
        case("K-A", 1, "superseded"),
        case("K-A", 1, queue="praise"),
        case("K-A", 1, last_at=NOW - timedelta(hours=49)),
    ],
)
def test_who_gets_no_ticket(passed_over: Case) -> None:
    world = World(DeskConfig(queues=("complaints",), max_age_hours=48))
    world.tell(passed_over)
    assert world.tickets == []
    assert world.log == []


def test_a_ticket_follows_its_case_into_a_queue_that_gets_none() -> None:
    world = World(DeskConfig(queues=("complaints",)))
    world.tell(case("K-A", 1))
    world.tell(case("K-A", 2, queue="praise"))
    assert world.desk.tickets[0].queue == "praise"


def test_the_customer_comes_back() -> None:
    world = World()
    world.tell(case("K-A", 1))
    world.tell(case("K-A", 2, "resolved"))
    world.tell(case("K-A", 3, "reopened", numbers=(1, 2)))
    assert world.tickets == [("K-A", "open")]


def test_a_state_that_people_gave_a_ticket_is_left() -> None:
    """They have closed it, and the case does not know yet; only new words of the customer's open it again."""
    world = World()
    world.tell(case("K-A", 1))
    world.desk.tickets[0].outcome = "resolved"
    world.tell(case("K-A", 2, priority=99))
    assert world.tickets == [("K-A", "resolved")]
    world.tell(case("K-A", 3, numbers=(1, 2)))
    assert world.tickets == [("K-A", "open")]


def test_an_answer_given_at_the_desk_is_not_told_to_it() -> None:
    answer = EXAMPLE.responses[0].model_copy(update={"response_id": "desk.fake:77"})
    other = EXAMPLE.responses[0].model_copy(update={"response_id": "desk.other:77"})
    world = World()
    world.tell(case("K-A", 1))
    world.tell(case("K-A", 2, "waiting_for_customer", responses=(answer, other)))
    assert "desk.fake:77" not in world.desk.tickets[0].text
    assert "[desk.other:77]" in world.desk.tickets[0].text


MERGED = [
    case("K-B", 2, "superseded", superseded_by="K-A"),
    case("K-A", 1, numbers=(1, 2), supersedes=("K-B",)),
]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("together", [True, False])
def test_a_superseded_case_hands_its_ticket_over(order: tuple[int, int], together: bool) -> None:
    world = World()
    world.tell(case("K-B", 1, numbers=(2,)))
    told = [MERGED[number] for number in order]
    for batch in [told] if together else [[one] for one in told]:
        world.tell(*batch)
    assert world.tickets == [("K-A", "open")]
    assert world.recorded("K-B").superseded_by == "K-A"
    assert world.recorded("K-A").ticket_id == "1"
    world.tell(case("K-A", 2, "resolved", numbers=(1, 2), supersedes=("K-B",)))
    assert world.tickets == [("K-A", "resolved")]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_tickets_one_is_closed_with_a_pointer(order: tuple[int, int]) -> None:
    world = World()
    world.tell(case("K-B", 1, numbers=(2,)), case("K-A", 0))
    for number in order:
        world.tell(MERGED[number])
    assert world.tickets == [(None, "resolved"), ("K-A", "open")]
    assert "K-B is now part of K-A: see ticket 2" in world.desk.tickets[0].text


def test_an_old_snapshot_of_a_superseded_case_opens_nothing() -> None:
    world = World()
    world.tell(MERGED[1], at_ms=1000)
    world.tell(case("K-B", 1, numbers=(2,)), at_ms=900)
    world.tell(MERGED[0], at_ms=1000)
    assert world.tickets == [("K-A", "open")]


def test_a_superseded_case_that_is_one_again_gets_a_ticket_of_its_own() -> None:
    world = World()
    world.tell(case("K-B", 1, numbers=(2,)))
    world.tell(*MERGED)
    world.tell(case("K-A", 2), case("K-B", 3, numbers=(2,)))
    assert world.tickets == [("K-A", "open"), ("K-B", "open")]


def test_a_case_that_asks_for_nothing_any_more_is_closed_and_may_come_back() -> None:
    world = World()
    world.tell(case("K-A", 1))
    world.tell(case("K-A", 2, "superseded"))
    assert world.tickets == [(None, "resolved")]
    world.tell(case("K-A", 3))
    assert world.tickets == [("K-A", "open")]


def test_a_ticket_whose_heir_is_closed_is_closed() -> None:
    world = World()
    world.tell(case("K-B", 1, numbers=(2,)))
    world.start()
    world.tell(MERGED[0])
    world.sink.housekeeping()
    assert world.tickets == [("K-B", "open")], "the heir may come yet"
    world.now += timedelta(seconds=100)
    world.sink.housekeeping()
    assert world.tickets == [(None, "resolved")]
    assert "now part of K-A" in world.desk.tickets[0].text
    world.tell(MERGED[1])
    assert world.tickets == [("K-A", "open")]


def test_killed_between_the_desk_and_the_record() -> None:
    """The ticket is there, and nobody has recorded it."""
    world = World()
    world.desk.tickets = FakeHelpdesk().tickets
    world.tell(case("K-A", 1))
    world.log.clear()
    world.start()
    world.tell(case("K-A", 2, numbers=(1, 2)))
    assert world.tickets == [("K-A", "open")]
    assert world.desk.tickets[0].text.count("[chirp:1]") == 1
    assert world.recorded("K-A").case_version == 2


def test_a_desk_that_is_away_is_waited_for_and_told_once() -> None:
    world = World()
    world.desk.fails["K-B"] = [Busy("away")]
    batch = [case("K-A", 1), case("K-B", 1, numbers=(2,)), case("K-C", 1, numbers=(3,))]
    content = world.sink.prepare(
        [FakeFetched(n, each.to_json(), each.case_id.encode(), "triage") for n, each in enumerate(batch)]
    ).content
    with pytest.raises(Busy):
        world.sink.store(content)
    assert not world.sink.well
    world.sink.store(content)
    assert world.sink.well
    assert world.tickets == [("K-A", "open"), ("K-B", "open"), ("K-C", "open")]


def test_what_the_desk_refuses_holds_up_no_other() -> None:
    world = World()
    world.desk.fails["K-A"] = [Rejected("refused", "no such customer")]
    world.tell(case("K-A", 1), case("K-B", 1))
    assert world.refused == ["refused: no such customer"]
    assert world.tickets == [("K-B", "open")]
    world.tell(case("K-A", 2))
    assert world.tickets == [("K-B", "open"), ("K-A", "open")]


@pytest.mark.parametrize("sick", [None, ServiceError("away")])
def test_a_case_at_which_the_desk_fails_for_ever(sick: Exception | None) -> None:
    world = World()
    world.desk.sick = sick
    world.desk.fails["K-A"] = [Stumbles("500") for _ in range(100)]
    batch = [case("K-A", 1), case("K-B", 1)]
    prepared = world.sink.prepare(
        [FakeFetched(n, each.to_json(), each.case_id.encode(), "triage") for n, each in enumerate(batch)]
    )
    for _ in range(MAX_STUMBLES):
        with pytest.raises(Busy):
            world.sink.store(prepared.content)
    assert world.tickets == [("K-B", "open")]
    if sick:
        with pytest.raises(Busy):
            world.sink.store(prepared.content)
    else:
        world.sink.store(prepared.content)
        assert [item.why.reason for item in prepared.refused] == ["refused"]


def test_what_is_no_case_is_refused() -> None:
    world = World()
    batch = [
        FakeFetched(1, b"{}", b"K-A", "triage"),
        FakeFetched(2, b'{"case_id": "K-B", "version": 1}', b"K-B", "triage"),
        FakeFetched(3, None, b"K-C", "triage"),
    ]
    prepared = world.sink.prepare(batch)
    world.sink.store(prepared.content)
    assert [item.record.offset for item in prepared.refused] == [1, 2]


def test_a_case_that_is_gone_is_forgotten() -> None:
    world = World()
    world.tell(case("K-A", 1))
    prepared = world.sink.prepare([FakeFetched(9, None, b"K-A", "triage")])
    world.sink.store(prepared.content)
    assert world.log[-1].value is None
    assert world.log[-1].key == b"K-A fake"


def test_a_partition_goes_to_another_process_between_two_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    world, at_work = World(), []
    first, second = (case(name, 1) for name in ("K-A", "K-B"))
    batch = [
        FakeFetched(n, each.to_json(), each.case_id.encode(), topic="triage", timestamp=n)
        for n, each in enumerate((first, second))
    ]

    def step() -> None:
        at_work.append(not world.sink.tenure.idle)
        if len(at_work) == 1:
            world.sink.tenure.moving()

    world = World(step=step)
    monkeypatch.setattr("sinks.desks.desk_sink.MOVING_SECONDS", 0.01)
    prepared = world.sink.prepare(batch)
    with pytest.raises(Busy, match="move"):
        world.sink.store(prepared.content)
    assert (world.tickets, all(at_work)) == ([("K-A", "open")], True)

    other = DeskSink(
        "desk-fake",
        "fake",
        world.config,
        world.desk,
        lambda: FakeTicketTopic(world.log),  # type: ignore[arg-type,return-value]
        lambda: world.now,
    )
    other.store(other.prepare(batch).content)
    world.sink.tenure.settled([])
    world.sink.store(prepared.content)
    assert [ticket.calls for ticket in world.desk.tickets] == [["open"], ["open"]]


def test_a_partition_that_comes_back_brings_what_others_have_told_meanwhile() -> None:
    world = World()
    batch = [FakeFetched(1, case("K-A", 1).to_json(), b"K-A", topic="triage", timestamp=1)]
    prepared = world.sink.prepare(batch)
    world.sink.store(world.sink.prepare([]).content)
    world.sink.tenure.moving()
    log, world.log = world.log, world.log
    other = World()
    other.desk, other.log = world.desk, log
    other.start()
    other.tell(case("K-A", 1))
    world.sink.tenure.settled([("triage", 0)])
    world.sink.store(prepared.content)
    assert [ticket.calls for ticket in world.desk.tickets] == [["open"]]


def test_a_partition_that_was_with_another_and_goes_on_without_a_gap_is_doubted() -> None:
    """The other told the desk and died before it could record that, or commit."""
    world, later_ms = World(), int((NOW + timedelta(hours=1)).timestamp() * 1000)
    world.tell(case("K-A", 1), at_ms=later_ms)
    world.sink.tenure.moving()
    other = World()
    other.desk, other.log = world.desk, world.log.copy()
    other.start()
    other.tell(case("K-A", 2, numbers=(1, 2)), at_ms=later_ms)
    world.sink.tenure.settled([("triage", 0)])
    world.tell(case("K-A", 2, numbers=(1, 2)), at_ms=later_ms)
    [ticket] = world.desk.tickets
    assert ticket.text.count("[chirp:2]") == 1


@dataclass
class Company:
    """What the stream would publish: contacts in groups, each a case with the name of its earliest contact."""

    groups: list[set[int]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    versions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    said: dict[str, Case] = field(default_factory=dict)
    log: list[tuple[int, Case]] = field(default_factory=list)

    def do(self, act: str, first: int, second: int) -> None:
        """One event, and the snapshots that follow from it."""
        places = {number: group for group in self.groups for number in group}
        if first not in places:
            places[first] = {first}
            self.groups.append(places[first])
        one, other = places[first], places.get(second)
        if act == "join" and other is not None and other is not one:
            self.groups.remove(other)
            one |= other
        elif act == "split" and len(one) > 1:
            one.discard(first)
            self.groups.append({first})
        name = f"K-{min(one)}" if one else ""
        if act == "close":
            self.closed.add(name)
        elif act == "reopen":
            self.closed.discard(name)
        self._publish()

    def _publish(self) -> None:
        now = {f"K-{min(group)}": group for group in self.groups}
        at = len(self.log)
        for name, group in now.items():
            former = [f"K-{n}" for n in sorted(group) if f"K-{n}" in self.said and f"K-{n}" != name]
            state: CaseState = "resolved" if name in self.closed else "waiting_for_us"
            self._say(at, case(name, 0, state, sorted(group), supersedes=tuple(former)))
        for name in list(self.said):
            if name not in now:
                heir = next(f"K-{min(group)}" for group in self.groups if int(name[2:]) in group)
                self._say(at, case(name, 0, "superseded", (), superseded_by=heir))

    def _say(self, at: int, made: Case) -> None:
        before = self.said.get(made.case_id)
        if before is None or before.model_copy(update={"version": 0}) != made:
            self.versions[made.case_id] += 1
            said = made.model_copy(update={"version": self.versions[made.case_id]})
            self.said[made.case_id] = said
            self.log.append((at, said))


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["say", "join", "split", "close", "reopen"]), st.integers(1, 5), st.integers(1, 5)
    ),
    min_size=1,
    max_size=12,
)


def read_order(log: Sequence[tuple[int, Case]], chance: random.Random) -> Iterator[tuple[int, Case]]:
    """What is of one partition comes in order, partitions come in any."""
    partitions: dict[int, list[tuple[int, Case]]] = defaultdict(list)
    for at, each in log:
        partitions[int(each.case_id[2:]) % 3].append((at, each))
    while partitions:
        number = chance.choice(sorted(partitions))
        yield partitions[number].pop(0)
        if not partitions[number]:
            del partitions[number]


def play(
    acts: Sequence[tuple[str, int, int]], deaths: Sequence[int], chance: random.Random
) -> tuple[Company, World]:
    """Lets a company speak and the sink read it, in batches, some of which are read again by another process.

    Args:
        deaths: after so many steps of the desk or the topic the process dies, time and again.
    """
    company = Company()
    for act in acts:
        company.do(*act)
    left = list(deaths)

    def step() -> None:
        if left:
            left[0] -= 1
            if left[0] == 0:
                left.pop(0)
                raise Killed

    world, committed = World(step=step), 0
    log = list(read_order(company.log, chance))
    while committed < len(log):
        batch = log[committed : committed + chance.choice([1, 1, 2, 5, 9])]
        records = [
            FakeFetched(n, each.to_json(), each.case_id.encode(), topic="triage", timestamp=at)
            for n, (at, each) in enumerate(batch)
        ]
        try:
            world.sink.store(world.sink.prepare(records).content)
        except Killed:  # what is not committed is read again by the next process, and cut differently
            world.start()
            continue
        committed += len(batch)
        if chance.random() < 0.2:
            committed = chance.randint(0, committed)  # an offset that was not committed after all
            world.start()
            if chance.random() < 0.5:
                left.append(chance.randint(1, 20))
    left.clear()
    world.now += timedelta(hours=1)
    world.sink.housekeeping()
    return company, world


def check(company: Company, world: World) -> None:
    """Each open case has one open ticket, which says what the case says, once; no other ticket is open."""
    standing = {ticket.external_id: ticket for ticket in world.desk.tickets if ticket.outcome == "open"}
    assert sum(ticket.outcome == "open" for ticket in world.desk.tickets) == len(standing)
    current = {f"K-{min(group)}": group for group in company.groups}
    assert set(standing) == current.keys() - company.closed
    for name, group in current.items():
        if name in standing:
            assert standing[name].title.startswith(name)
            assert [standing[name].text.count(f"[chirp:{n}]") for n in group] == [1] * len(group)


@settings(max_examples=300, deadline=None)
@given(ACTS, st.lists(st.integers(1, 40), max_size=4), st.integers(0, 2**32))
def test_one_ticket_per_case_whatever_happens(
    acts: list[tuple[str, int, int]], deaths: list[int], seed: int
) -> None:
    check(*play(acts, deaths, random.Random(seed)))
