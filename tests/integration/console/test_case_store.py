"""What the pages about cases read from a real ClickHouse, also with a hundred thousand open cases."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import Client

from listener.clickhouse.client import connect
from listener.clickhouse.pool import ClientPool
from listener.console.case_queue import Place, QueueView
from listener.console.case_store import CaseStore
from listener.domain.case import Case, CaseCustomer
from listener.domain.customer import Customer
from listener.domain.enriched import EnrichedMention, Match
from listener.domain.governance import AuditEntry
from listener.domain.ids import case_id
from listener.embedded.clickhouse import ClickHouseServer
from listener.examples import examples
from stored_log import SPRING, Log, store

pytestmark = pytest.mark.clickhouse

HOUR = timedelta(hours=1)
NOW = SPRING + 12 * HOUR
PAGE_READS = 4
"""What a page takes at most of processors, ClickHouse's and ours: so many times what reading all columns of all
cases takes, since both are as slow as the machine is. Usual are 1.6 to 2.2.
"""
WHOLE = "SELECT sum(cityHash64(*)) FROM cases FINAL"
MANY = 100_000
ROWS = f"""
INSERT INTO cases (case_id, case_version, party, anchor, anchor_author, state, queue, level, owner, priority,
    waiting_since, due_at, root_cause, severity, customer_id, authors, contacts, contact_count, failed_contacts,
    channel, opened_at, last_at, version)
SELECT concat('K-', translate(substring(hex(sipHash128(number)), 1, 13), '0189', 'GHIJ')), 4294967297,
    concat('a:t:', toString(intDiv(number, 3))), concat('t:', toString(number)),
    concat('t:', toString(intDiv(number, 3))), ['new', 'waiting_for_us', 'reopened'][1 + number % 3],
    ['complaints', 'money', 'safety', 'agency'][1 + number % 4], 'front_line', if(number % 5 = 0, '', 'Team'),
    number % 90, toDateTime64('2024-02-01 00:00:00', 3, 'UTC') + number % 2500000,
    toDateTime64('2024-02-02 00:00:00', 3, 'UTC') + number % 4000000, 'delivery.late', [], '',
    [concat('t:', toString(intDiv(number, 3)))], [concat('t:', toString(number))], 1, number % 7 = 0, 'email',
    toDateTime64('2024-02-01 00:00:00', 3, 'UTC') + number % 2500000,
    toDateTime64('2024-02-01 00:00:00', 3, 'UTC') + number % 2500000, 4294967297
FROM numbers({MANY})
"""


@pytest.fixture
def pool(database: str) -> Iterator[ClientPool]:
    pool = ClientPool(database)
    yield pool
    pool.close()


@pytest.fixture
def client(database: str) -> Iterator[Client]:
    client = connect(database)
    yield client
    client.disconnect()


@pytest.fixture
def cases(pool: ClientPool) -> CaseStore:
    def query(question: str, told: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        with pool.client() as client:
            rows: Sequence[tuple[Any, ...]] = client.execute(question, dict(told))
            return rows

    return CaseStore(query)


def put_case(log: Log, number: int, author: str, version: int = 1, **changes: Any) -> str:
    """A case that began with the mention of this number."""
    name = case_id(f"t:{number}")
    base = examples()[Case]
    assert isinstance(base, Case)
    said = base.contacts[0].model_copy(update={"mention_id": f"t:{number}", "author": author})
    usual: dict[str, Any] = {
        "case_id": name,
        "anchor": f"t:{number}",
        "authors": (author,),
        "contacts": (said,),
        "state": "new",
        "customer": None,
        "priority": 50,
        "waiting_since": SPRING + number * HOUR,
        "due_at": SPRING + (number + 8) * HOUR,
    }
    log.case(number, author, "delivery.late", version, **usual | changes)
    return name


def ids(
    cases: CaseStore, view: QueueView, queues: Sequence[str] | None = None, person: str = "Kim"
) -> list[str]:
    return [row.case_id for row in cases.page(view, person, queues, NOW, None)]


def test_conditions_orders_and_pages(database: str, cases: CaseStore) -> None:
    log = Log()
    first = put_case(log, 1, "t:a", priority=50)
    urgent = put_case(log, 3, "t:b", priority=90, queue="safety", owner="Kim", due_at=None)
    agencys = put_case(
        log, 2, "t:c", queue="agency", level="manager", root_cause="delivery", failed_contacts=2
    )
    closed = put_case(log, 4, "t:a", state="resolved", failed_contacts=1)
    put_case(log, 5, "t:d", historical=True)
    put_case(log, 6, "t:e", state="superseded", superseded_by=first)
    customer = Customer(customer_id="C-9", names=("Ana Łukasz",), emails=("ana@example.org",))
    log.add("customers", customer)
    known = put_case(log, 7, "t:f", customer=CaseCustomer(customer_id="C-9"))
    log.mention(1, "t:a", text="My parcel is late", author_name="O'Neil \\ %s %(x)s")
    store(database, log.records)

    assert ids(cases, QueueView()) == [urgent, first, agencys, known]
    assert ids(cases, QueueView(order="due")) == [first, agencys, known, urgent]
    assert ids(cases, QueueView(), ["agency"]) == [agencys]
    assert ids(cases, QueueView(queue="safety"), ["agency"]) == []
    assert ids(cases, QueueView(), []) == []
    assert ids(cases, QueueView(owner="me")) == [urgent]
    assert ids(cases, QueueView(owner="-")) == [first, agencys, known]
    assert ids(cases, QueueView(level="manager", failed=True)) == [agencys]
    assert ids(cases, QueueView(cause="delivery")) == [urgent, first, agencys, known]
    assert ids(cases, QueueView(cause="delivery.late")) == [urgent, first, known]
    assert ids(cases, QueueView(due="overdue")) == [first, agencys]
    assert ids(cases, QueueView(due="none")) == [urgent]
    assert ids(cases, QueueView(status="closed")) == [closed]
    for words in ("ana łuk", "C-9", "ana@example.org", known, known.lower(), "t:7"):
        assert ids(cases, QueueView(words=words)) == [known], words
    for words in ("O'Neil", "\\ %s", "%(x)s"):
        assert ids(cases, QueueView(words=words)) == [first], words
    for words in ("' OR 1 = 1 --", "\\", "%", "%%", "😀"):
        assert ids(cases, QueueView(words=f"{words} nobody")) == []

    for order in ("need", "due"):
        view, seen, after = QueueView(order=order), list[str](), None
        while rows := cases.page(view, "Kim", None, NOW, after, size=1):
            seen.append(rows[0].case_id)
            after = Place.read(str(rows[0].place))
        assert seen == ids(cases, view)
    [row] = cases.page(QueueView(words=first), "Kim", None, NOW, None)
    assert (row.last_words, row.failed_ever, row.failed) == ("My parcel is late", 1, 0)
    assert row.customer_name == "O'Neil \\ %s %(x)s"
    [row] = cases.page(QueueView(words=known), "Kim", None, NOW, None)
    assert row.customer_name == "Ana Łukasz"
    counts = cases.counts(QueueView(), "Kim", None, NOW)
    assert (counts.cases, counts.overdue, counts.failed) == (4, 2, 1)
    choices = cases.choices(None)
    assert choices["queue"] == ["agency", "complaints", "safety"]
    assert choices["root_cause"] == ["delivery", "delivery.late", "unknown"]
    assert cases.choices(["agency"])["queue"] == ["agency"]
    history = cases.history("a:t:a", first, None)
    assert (history.count, history.failed, [each.case_id for each in history.cases]) == (1, 1, [closed])
    assert cases.history("a:t:a", first, ["agency"]).count == 0
    assert cases.stands_at(first) == ((1 << 32) + 1, 0, 0)
    assert cases.stands_at("K-AAAAAAAAAAAAA") is None


def test_texts_are_whole_and_go_when_they_are_deleted(database: str, cases: CaseStore) -> None:
    log = Log()
    log.mention(1, "t:a", text="x" * 10_000)
    log.mention(2, "t:a", text="secret")
    store(database, log.records)
    assert len(cases.texts(["t:a"], ["t:1"])["t:1"].text) == 10_000
    assert cases.texts(["t:b"], ["t:1"]) == {} == cases.texts([], [])
    log.deletion(2, "t:a")
    store(database, log.records)
    gone = cases.texts(["t:a"], ["t:2"])["t:2"]
    assert (gone.text, gone.deleted) == ("", True)


def test_acts_of_a_case(database: str, cases: CaseStore) -> None:
    log = Log()

    def entry(number: int, action: str, subject: str, **detail: str) -> None:
        at = SPRING + number * HOUR
        log.add(
            "audit",
            AuditEntry(
                entry_id=f"e{number}", actor="Kim", action=action, subject=subject, at=at, detail=detail
            ),
        )

    entry(1, "case.assign", "K-1", owner="M", contacts="t:1")
    entry(2, "case.apart", "K-9", contacts="t:7 t:1")
    entry(3, "case.close", "K-2", contacts="t:2")
    entry(4, "link.confirmed", "t:a", customer_id="C-1")
    entry(5, "see.case", "K-1")
    store(database, log.records)
    told = [(act.at, act.action) for act in cases.acts(["K-1"], ["t:1"], ["t:a"])]
    assert told == [
        (SPRING + HOUR, "case.assign"),
        (SPRING + 2 * HOUR, "case.apart"),
        (SPRING + 4 * HOUR, "link.confirmed"),
    ]


def test_doubts_last_until_somebody_decides(database: str, cases: CaseStore) -> None:
    log = Log()
    log.add("customers", Customer(customer_id="C-1", names=("Sam Lee",), phones=("+491",)))
    log.add("customers", Customer(customer_id="C-2", names=("Sam Lee",)))
    for number, (author, status) in enumerate(
        [("t:a", "ambiguous"), ("t:b", "unknown"), ("t:c", "ambiguous")]
    ):
        _heard(log, number, author, status)
    name = put_case(log, 0, "t:a")
    store(database, log.records)
    found = cases.doubts(10, None)
    assert [doubt.author for doubt in found] == ["t:c", "t:a"]
    assert found[1].candidates == ("C-1", "C-2")
    assert (found[1].case_id, found[1].words) == (name, "Hello")
    assert [doubt.author for doubt in cases.doubts(1, found[0].at)] == ["t:a"]
    customers = cases.customers(["C-1", "C-2", "C-3"])
    assert {each: known.names for each, known in customers.items()} == {
        "C-1": ("Sam Lee",),
        "C-2": ("Sam Lee",),
    }
    log.add(
        "audit",
        AuditEntry(entry_id="e", actor="Kim", action="link.rejected", subject="t:a", at=NOW, detail={}),
    )
    log.party("t:c", "c:C-1", 2)
    store(database, log.records)
    assert cases.doubts(10, None) == []
    _heard(log, 9, "t:a", "ambiguous", at=NOW + HOUR)
    store(database, log.records)
    assert [doubt.author for doubt in cases.doubts(10, None)] == ["t:a"], "they spoke again"


def _heard(log: Log, number: int, author: str, status: Any, at: datetime | None = None) -> None:
    log.mention(number, author, text="Hello", at=at or SPRING + number * HOUR)
    heard = EnrichedMention.read(log.records[-1].value or b"")
    evidence = ("the name agrees with Sam Lee (C-1) and Sam Lee (C-2) (of nobody)",)
    match = Match(status=status, evidence=evidence)
    value = heard.model_copy(update={"match": match}).to_json()
    log.records[-1] = log.records[-1]._replace(value=value)


def test_a_hundred_thousand_open_cases_are_no_slow_page(
    client: Client, cases: CaseStore, clickhouse_server: ClickHouseServer
) -> None:
    client.execute(ROWS)
    client.execute(
        "INSERT INTO cases SELECT * REPLACE (version + 1 AS version) FROM cases WHERE priority > 80"
    )
    pid = clickhouse_server.pid
    assert pid is not None
    views = [QueueView(), QueueView(order="due"), QueueView(queue="money", owner="Team", due="overdue")]
    for view in views:
        after: Place | None = None
        for _ in range(2):  # the first page, and one behind it
            whole = _processor_seconds(pid, lambda: client.execute(WHOLE))
            taken = _processor_seconds(pid, lambda: _show(cases, view, after))  # noqa: B023 - called at once
            assert taken < PAGE_READS * whole, (view, after, taken, whole)
            after = cases.page(view, "Kim", None, NOW, after)[-2].place
    assert len(cases.page(QueueView(words="t:33"), "Kim", None, NOW, None)) > 1


def _show(cases: CaseStore, view: QueueView, after: Place | None) -> None:
    """All that the page shows."""
    rows = cases.page(view, "Kim", None, NOW, after)
    counts = cases.counts(view, "Kim", None, NOW)
    cases.choices(None)
    assert len(rows) == 51
    assert counts.cases > 5000


def _processor_seconds(pid: int, function: Callable[[], object]) -> float:
    """How long this process and another one compute while a function runs: the least of five times."""

    def spent() -> float:
        theirs = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(theirs[11]) + int(theirs[12])) / os.sysconf("SC_CLK_TCK") + time.process_time()

    def once() -> float:
        began = spent()
        function()
        return spent() - began

    return min(once() for _ in range(5))
