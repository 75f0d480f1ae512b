"""What ClickHouse shows after any order, repeat and cut of the same records, on the real engine."""

import math
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clickhouse_driver import Client

from facts_agree import assert_facts_agree
from fixtures_database import empty
from listener.clickhouse.client import connect
from listener.domain.customer import Customer
from listener.domain.enriched import EnrichedMention
from listener.domain.erasure import Erasures
from listener.domain.erasure import to_ms as ms
from listener.domain.errors import Busy, ServiceError
from listener.domain.ids import author_party, customer_party
from listener.domain.mention import Reach
from listener.examples import examples
from listener.reports.answer import Window
from listener.reports.reports import REPORTS, report
from listener.reports.root_causes import root_causes
from sinks.clickhouse import store_rows, told_of_mentions
from sinks.clickhouse.erase_deleted import erase_deleted
from sinks.clickhouse.store_rows import HOUR_SECONDS, ClickHouseSink
from sinks.clickhouse.told_of_mentions import LOOK_EVERY_SECONDS
from stored_log import SPRING, Log, hole, store
from stream.enrichment.pipeline import Enricher

pytestmark = pytest.mark.clickhouse

INEXACT = {"fixes"}
"""It needs weeks of counts, and says nothing of these few."""


def everything() -> Log:
    """Edits, deletions, moves, answers and cases of a few people."""
    log = Log()
    for number in range(40):
        log.mention(number, f"t:user{number % 9}", (("late", "lost", "rude")[number % 3],)[: number % 4])
    log.mention(1, "t:user1", ("lost",), revision=5, text="edited")
    log.mention(2, "t:user2", ("lost",), revision=7, text="edited once")
    log.mention(2, "t:user2", ("late",), revision=9, text="edited twice")
    log.mention(50, "t:user5", ("late",), text="one text")
    log.mention(50, "t:user5", ("rude",), text="another text")
    log.deletion(3, "t:user3")
    log.mention(60, "t:user6", ("late",), need="spam")
    log.party("t:user1", customer_party("1"), 2)
    log.party("t:user2", customer_party("1"), 2)
    log.party("t:user3", customer_party("3"), 2)
    log.party("t:user3", author_party("t:user3"), 3)
    log.mention(4, "t:user4", ("late",), epoch=2, party=customer_party("4"))
    for number in range(6):
        log.case(number, f"t:user{number}", "late", 1)
    log.case(2, "t:user2", "lost", 3, black_holes=(hole(1), hole(2)))
    log.case(2, "t:user2", "rude", 2, black_holes=(hole(2), hole(3)))
    log.case(4, "t:user4", "late", 2, state="superseded")
    for number in range(5):
        log.response(number, f"t:user{number}", derived=True, kind="answered")
    log.response(1, "t:user1", derived=False, kind="declined")
    log.response(1, "t:user1", derived=True, kind="answered", revision=3)
    customer = examples()[Customer]
    log.add("customers", customer)
    log.add("customers", customer.model_copy(update={"segment": "business"}))
    return log


def state(client: Client) -> dict[str, Any]:
    """Everything that a reader can see, but for when it was received."""
    seen = {
        view: sorted(map(repr, client.execute(f"SELECT * FROM {view}")))
        for (view,) in client.execute("SHOW TABLES LIKE 'current_%%'")
    }
    assert all(seen[name] for name in ("current_mentions", "current_cases", "current_responses"))
    return seen | {name: report(name)(client, Window()) for name in REPORTS if name not in INEXACT}


def figures(client: Client, window: Window | None = None) -> dict[str, tuple[int, int, int, int]]:
    """Cause to parties, customers, mentions and cases; what reports count must be what the views show."""
    assert_facts_agree(client)
    answer = root_causes(client, window or Window())
    wanted = [answer.columns.index(name) for name in ("parties", "customers", "mentions", "cases")]
    return {row[0]: tuple(row[index] for index in wanted) for row in answer.rows}


def score_interval(successes: int, trials: int) -> tuple[float, float]:
    """The shares that a two-sided score test at 5 % does not reject, found by bisection."""
    share = successes / trials

    def rejected(true: float) -> bool:
        return abs(share - true) > 1.959963984540054 * math.sqrt(true * (1 - true) / trials)

    def edge(inside: float, outside: float) -> float:
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if rejected(middle) else (middle, outside)
        return inside

    return edge(share, 0.0), edge(share, 1.0)


@pytest.mark.parametrize("batch", [3, 17, 60])
def test_no_order_repeat_or_cut_changes_what_is_seen(database: str, batch: int) -> None:
    chance = random.Random(batch)
    log = everything()
    store(database, log.records)
    client = connect(database)
    expected = state(client)
    empty(database)
    shuffled = log.records + chance.choices(log.records, k=40)
    chance.shuffle(shuffled)
    store(database, shuffled, batch=batch)
    assert state(client) == expected
    for table in ("mentions", "cases", "black_holes", "parties", "responses"):
        client.execute(f"OPTIMIZE TABLE {table} FINAL")
    assert state(client) == expected
    client.disconnect()


def test_a_replay_of_everything_changes_nothing(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    log = everything()
    store(database, log.records)
    client = connect(database)
    expected = state(client)
    store(database, log.records)
    store(database, log.records, batch=7)
    assert state(client) == expected
    monkeypatch.setattr(store_rows, "LARGE_BATCH", 2)
    store(database, log.records)
    assert state(client) == expected


def test_the_figures_are_those_of_a_count_by_hand(database: str) -> None:
    log = Log()
    log.mention(1, "t:a", ("late",))
    log.mention(2, "t:a", ("late", "lost"))
    log.mention(3, "t:b", ("late",))
    log.mention(4, "t:c")
    log.mention(5, "t:d", ("late",), direction="outbound")
    log.party("t:b", customer_party("9"), 2)
    log.case(1, "t:a", "late", 1)
    log.case(2, "t:b", "late", 1, state="superseded")
    store(database, log.records)
    answer = root_causes(connect(database), Window())
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert [row["cause"] for row in rows] == ["late", "lost", "unknown"]
    late = rows[0]
    assert (late["parties"], late["customers"], late["unmatched_authors"]) == (2, 1, 1)
    assert (late["mentions"], late["cases"], late["all_parties"]) == (3, 1, 3)
    assert late["owner"] == "owner of late"
    assert late["share"] == pytest.approx(2 / 3)
    assert (late["share_low"], late["share_high"]) == pytest.approx(score_interval(2, 3))
    assert rows[2]["owner"] == ""


WORDS = "my bag has been lost for nine days and nobody at the desk picks up the phone"


def test_copies_are_one_text_and_whoever_passes_on_is_no_contact(database: str) -> None:
    log, enricher = Log(), Enricher()
    said = {
        "t:first": WORDS,
        "t:pasted": f"{WORDS.upper()} #fail https://example.org",
        "t:edited": WORDS.replace("nine", "ten"),
        "t:passed": f"RT @first: {WORDS}",
        "t:other": "when does the lounge in the new terminal open on sundays",
    }
    base = examples()[EnrichedMention]
    assert isinstance(base, EnrichedMention)
    for minute, (author, text) in enumerate(said.items()):
        at = SPRING + timedelta(minutes=minute)
        mention = base.mention.model_copy(
            update={
                "mention_id": f"t:{author}",
                "author": author,
                "text": text,
                "title": None,
                "occurred_at": at,
            }
        )
        [found] = enricher.enrich([mention])
        update = {"party": author_party(author), "author": author, "mention": mention, "enrichment": found}
        log.add("mentions.enriched", base.model_copy(update=update))
    store(database, [*log.records[::-1], *log.records])
    client = connect(database)
    assert client.execute("SELECT count() FROM contacts") == [(4,)]
    window = "since = '2024-01-01', until = '2025-01-01'"
    wanted = "mentions, parties, authors, contacts, texts, first_mention, text"
    assert client.execute(f"SELECT {wanted} FROM copies({window})") == [(4, 4, 4, 3, 2, "t:t:first", WORDS)]


def test_an_edit_across_new_year_is_one_mention_in_the_year_it_was_said(database: str) -> None:
    """Told before what it edits, as when two connectors run at once; many, lest one wins by luck."""
    log = Log()
    eve = datetime(2023, 12, 31, 23, 59, tzinfo=UTC)
    edit = 1_704_067_260_000
    for number in range(20):
        log.mention(number, "t:a", ("late",), revision=edit, at=eve, text="edited")
        log.mention(number, "t:a", ("late",), at=eve, text="original")
    store(database, log.records)
    client = connect(database)
    new_year = datetime(2024, 1, 1, tzinfo=UTC)
    assert figures(client, Window(until=new_year)) == {"late": (1, 0, 20, 0)}
    assert figures(client, Window(since=new_year)) == {}
    assert client.execute("SELECT DISTINCT text, revision FROM current_mentions") == [("edited", edit)]


@pytest.mark.parametrize("deletion_first", [True, False])
def test_a_deletion_takes_the_text_and_leaves_the_count(database: str, deletion_first: bool) -> None:
    log = Log()
    log.mention(1, "t:a", ("late",), text="my secret")
    log.deletion(1, "t:a")
    records = log.records[::-1] if deletion_first else log.records
    client = connect(database)
    for record in records:
        store(database, [record])
    assert figures(client) == {"late": (1, 0, 1, 0)}
    assert client.execute("SELECT DISTINCT notEmpty(need_reasons) FROM mentions") == [(True,)]
    for view in ("current_mentions", "contacts"):
        words = client.execute(f"SELECT deleted, text, url, need_reasons, complaint_evidence FROM {view}")
        assert words == [(True, "", "", [], [])]
    assert erase_deleted(client) == ["mentions"]
    deadline = time.monotonic() + 30
    while client.execute("SELECT count() FROM mentions WHERE text != '' OR notEmpty(need_reasons)") != [(0,)]:
        assert time.monotonic() < deadline, "the text is still on the disk"
        time.sleep(0.1)
    assert figures(client) == {"late": (1, 0, 1, 0)}
    assert erase_deleted(client) == []


@pytest.mark.parametrize("known_deleted", [(False, True), (True, False), (True, True), (False, False)])
def test_of_a_deleted_mention_the_last_edit_counts_however_the_stream_cut_its_batches(
    database: str, known_deleted: tuple[bool, bool]
) -> None:
    log = Log()
    log.deletion(1, "t:a")
    log.mention(1, "t:a", ("lost",), deleted=known_deleted[0], revision=5)
    log.mention(1, "t:a", ("late",), deleted=known_deleted[1])
    store(database, log.records)
    assert figures(connect(database)) == {"lost": (1, 0, 1, 0)}


def test_a_move_of_a_party_changes_the_report_and_an_older_epoch_does_not_change_it_back(
    database: str,
) -> None:
    log = Log()
    for number, author in enumerate(("t:a", "t:b", "t:b")):
        log.mention(number, author, ("late",))
    store(database, log.records)
    client = connect(database)
    assert figures(client) == {"late": (2, 0, 3, 0)}

    moved = Log()
    moved.party("t:a", customer_party("7"), 2)
    moved.party("t:b", customer_party("7"), 2)
    store(database, moved.records)
    assert figures(client) == {"late": (1, 1, 3, 0)}

    late_news = Log()
    late_news.party("t:a", author_party("t:a"), 1)
    late_news.mention(0, "t:a", ("late",), epoch=1, text="said again")
    store(database, late_news.records)
    assert figures(client) == {"late": (1, 1, 3, 0)}

    back = Log()
    back.mention(3, "t:b", ("late",), epoch=3)
    store(database, back.records)
    assert figures(client)["late"][:2] == (2, 1), "a mention with a newer epoch is as true as parties"
    back.party("t:b", author_party("t:b"), 3)
    store(database, back.records)
    assert figures(client) == {"late": (2, 1, 4, 0)}


@pytest.mark.parametrize("seed", range(3))
def test_reports_count_the_newest_state_whatever_comes_in_whatever_order_and_however_often(
    database: str, seed: int
) -> None:
    chance = random.Random(seed)
    log = Log()
    authors = [f"t:{number}" for number in range(4)]
    for number in range(60):
        author = authors[number % 4]
        at = SPRING + timedelta(days=chance.choice((0, 40, 300)))
        for revision in range(chance.randint(1, 3)):
            log.mention(
                number,
                author,
                tuple(chance.sample(("late", "lost", "rude"), chance.randint(0, 2))),
                at=at,
                revision=revision,
                epoch=chance.randint(1, 3),
                text=chance.choice(("one", "another")),
                reach=chance.choice((None, Reach(followers=chance.choice((5, 500)), verified=True))),
            )
        if chance.random() < 0.2:
            log.deletion(number, author)
    for number in range(20):
        author = authors[number % 4]
        for version in range(chance.randint(1, 3)):
            state = chance.choice(("new", "resolved", "superseded"))
            log.case(number, author, "late", version, state=state, anchor=f"t:{number}")
    for author in authors:
        for epoch in range(1, chance.randint(2, 4)):
            party = chance.choice((author_party(author), customer_party(str(chance.randint(1, 2)))))
            log.party(author, party, epoch)
    records = [*log.records, *chance.sample(log.records, 30)]
    chance.shuffle(records)
    client = connect(database)
    half = len(records) // 2
    store(database, records[:half], batch=40)
    assert_facts_agree(client)
    store(database, records[half:], batch=40)
    before = figures(client)
    for table in ("contact_facts", "case_facts"):
        client.execute(f"OPTIMIZE TABLE {table} FINAL")
    assert figures(client) == before
    counted = (
        "SELECT arrayJoin(if(empty(causes), ['unknown'], causes)) AS cause, uniqExact(party), count() "
        "FROM contacts GROUP BY cause"
    )
    assert {cause: (row[0], row[2]) for cause, row in before.items() if row[2]} == {
        cause: (parties, mentions) for cause, parties, mentions in client.execute(counted)
    }


def test_only_the_black_holes_of_a_cases_newest_snapshot_are_there(database: str) -> None:
    client = connect(database)
    seen = "SELECT contact, party, owner, ended_by FROM current_black_holes ORDER BY contact"
    log = Log()
    log.case(1, "t:a", "late", 1, black_holes=(hole(1), hole(2)))
    store(database, log.records)
    assert client.execute(seen) == [("t:1", "a:t:a", "", ""), ("t:2", "a:t:a", "", "")]
    answered = hole(2, ended_at=SPRING + timedelta(days=2), ended_by="r:1", owner="desk")
    log.case(1, "t:a", "late", 3, black_holes=(answered,))
    log.case(1, "t:a", "late", 2, black_holes=(hole(1), hole(2), hole(3)))
    log.party("t:a", customer_party("7"), 2)
    store(database, log.records[::-1])
    assert client.execute(seen) == [("t:2", "c:7", "desk", "r:1")]
    log.case(1, "t:a", "late", 4, state="superseded")
    store(database, log.records)
    assert client.execute(seen) == []


def test_mentions_of_all_years_go_in_one_batch(database: str) -> None:
    log = Log()
    for year in range(1900, 2200):
        log.mention(year, "t:a", ("late",), at=datetime(year, 6, 1, tzinfo=UTC))
    store(database, log.records)
    assert figures(connect(database)) == {"late": (1, 0, 300, 0)}


def test_a_later_enrichment_of_the_same_words_holds(database: str) -> None:
    log = Log()
    log.mention(1, "t:a", ("late",))
    log.mention(1, "t:a", ("lost",), received_at=SPRING + timedelta(days=30))
    store(database, log.records[::-1])
    assert figures(connect(database)) == {"lost": (1, 0, 1, 0)}


@pytest.mark.parametrize("told_first", [True, False])
def test_what_somebody_told_of_a_cause_is_counted_whatever_comes_first(
    database: str, told_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if told_first:
        monkeypatch.setattr(told_of_mentions, "AT_ONCE", 2)
    log = Log()
    log.mention(1, "t:a", ("late", "lost"))
    log.mention(2, "t:b", ("late",))
    log.mention(3, "t:c", ("late",), revision=ms(SPRING + timedelta(days=3)), text="edited since")
    log.mention(4, "t:d", ("late",), text="my secret")
    log.deletion(4, "t:d")
    acts = Log()
    acts.reclassified(1, "t:a", "late", 1)
    acts.reclassified(1, "t:a", "rude", 2)
    acts.reclassified(2, "t:b", "unknown", 2)
    acts.reclassified(3, "t:c", "rude", 2)
    acts.reclassified(4, "t:d", "rude", 2)
    seconds = [0.0]
    sink = ClickHouseSink(database, monotonic=lambda: seconds[0])
    sink.ping()

    def tidy(*waits: float) -> None:
        for wait in waits:
            seconds[0] += wait
            sink.housekeeping()

    tidy(0, LOOK_EVERY_SECONDS)
    for records in [acts.records, log.records] if told_first else [log.records, acts.records]:
        sink.store(sink.prepare(records).content)
        tidy(LOOK_EVERY_SECONDS)
    if told_first:
        tidy(HOUR_SECONDS, LOOK_EVERY_SECONDS, 0)
    client = connect(database)
    counted = {
        "rude": (2, 0, 2, 0),
        "lost": (1, 0, 1, 0),
        "late": (1, 0, 1, 0),
        "unknown": (1, 0, 1, 0),
    }
    assert figures(client) == counted
    rows = client.execute("SELECT version FROM mentions")
    sink.store(sink.prepare([*log.records, *acts.records]).content)
    tidy(HOUR_SECONDS, LOOK_EVERY_SECONDS)
    assert figures(client) == counted, "what is read again changes nothing"
    assert max(client.execute("SELECT version FROM mentions")) == max(rows)
    told = "causes, cause_owners, cause_scores, model_versions['root_causes'], text"
    query = f"SELECT {told} FROM current_mentions WHERE mention_id IN ('t:1', 't:4') ORDER BY mention_id"
    assert client.execute(query) == [
        (["rude", "lost"], ["their owner", "owner of lost"], [1.0, 0.5], "told", "late"),
        (["rude"], ["their owner"], [1.0], "told", ""),
    ]
    sink.close()


@pytest.mark.parametrize("told_first", [True, False])
def test_what_somebody_said_of_the_need_is_counted_whatever_comes_first(
    database: str, told_first: bool
) -> None:
    log, acts = Log(), Log()
    log.mention(1, "t:a", ("late",))
    log.mention(2, "t:b", ("late",))
    log.mention(3, "t:c", ("late",), revision=ms(SPRING + timedelta(days=3)), text="edited since")
    log.mention(4, "t:d", ("late",), need="spam")
    log.mention(5, "t:e", ("late",))
    acts.needs_response(1, "t:a", 1, wanted=True)
    acts.needs_response(1, "t:a", 2, wanted=False)
    acts.needs_response(2, "t:b", 1, wanted=False)
    acts.reclassified(2, "t:b", "rude", 2)
    acts.needs_response(2, "t:b", 3, wanted=True)
    acts.needs_response(3, "t:c", 2, wanted=False)
    acts.needs_response(4, "t:d", 1, wanted=True)
    acts.needs_response(9, "t:nobody", 1, wanted=True)
    seconds = [0.0]
    sink = ClickHouseSink(database, monotonic=lambda: seconds[0])
    sink.ping()
    sink.housekeeping()
    for records in [acts.records, log.records] if told_first else [log.records, acts.records]:
        sink.store(sink.prepare(records).content)
        seconds[0] += HOUR_SECONDS
        sink.housekeeping()
        sink.housekeeping()
    client = connect(database)
    query = (
        "SELECT mention_id, need, needs_response, model_versions['need'] = 'told', causes[1] FROM current_mentions"
        " ORDER BY mention_id"
    )
    stored = client.execute(query)
    assert stored == [
        ("t:1", "mention", False, True, "late"),
        ("t:2", "complaint", True, stored[1][3], "rude"),
        ("t:3", "complaint", True, False, "late"),
        ("t:4", "unsure", True, True, "late"),
        ("t:5", "complaint", True, False, "late"),
    ]
    assert figures(client) == {"late": (3, 0, 3, 0), "rude": (1, 0, 1, 0)}, (
        "what needs no answer is no contact"
    )
    sink.close()


def test_a_mention_that_is_told_anew_has_the_need_that_somebody_said(database: str) -> None:
    log = Log()
    log.mention(1, "t:a", ("late",))
    enriched = EnrichedMention.read(log.records[0].value or b"")
    log.add("mentions.enriched", enriched.model_copy(update={"told_response": False}))
    store(database, log.records)
    query = "SELECT need, needs_response, model_versions['need'] FROM current_mentions"
    assert connect(database).execute(query) == [("mention", False, "told")]


def test_what_was_told_of_an_erased_person_is_not_stored(database: str) -> None:
    log = Log()
    log.mention(1, "t:a", ("late",))
    log.reclassified(1, "t:a", "rude", 2)
    store(database, log.records)
    erasures = Erasures(b"at least sixteen bytes")
    erasures.note("author", "t:a", SPRING + timedelta(days=9))
    seconds = [0.0]
    sink = ClickHouseSink(database, monotonic=lambda: seconds[0], erasures=erasures)
    sink.ping()
    for _ in range(2):
        sink.housekeeping()
        seconds[0] += LOOK_EVERY_SECONDS
    sink.close()
    assert connect(database).execute("SELECT causes FROM mentions") == [(["late"],)]


@pytest.mark.parametrize("refusing", [("mentions",), ("cases",), ("responses",), ("mentions", "cases")])
@pytest.mark.parametrize("large_batch", [2, store_rows.LARGE_BATCH])
def test_what_the_server_refuses_is_busy_and_never_dropped(
    own_database: str, monkeypatch: pytest.MonkeyPatch, refusing: tuple[str, ...], large_batch: int
) -> None:
    monkeypatch.setattr(store_rows, "LARGE_BATCH", large_batch)
    log = everything()
    sink = ClickHouseSink(own_database)
    sink.ping()
    client = connect(own_database)
    for table in refusing:
        client.execute(f"RENAME TABLE {table} TO {table}_away")
    prepared = sink.prepare(log.records)
    with pytest.raises(Busy):
        sink.store(prepared.content)
    for table in refusing:
        client.execute(f"RENAME TABLE {table}_away TO {table}")
    sink.store(prepared.content)
    stored = client.execute("SELECT * FROM current_mentions ORDER BY mention_id")
    assert len(stored) == 42
    sink.store(prepared.content)
    again = client.execute("SELECT * FROM current_mentions ORDER BY mention_id")
    assert again == stored, "what was stored can be stored again"
    sink.close()


def test_a_table_whose_types_have_changed_takes_nothing_until_the_sink_starts_again(
    own_database: str,
) -> None:
    sink = ClickHouseSink(own_database)
    sink.ping()
    client = connect(own_database)
    client.execute("ALTER TABLE cases MODIFY COLUMN queue String")
    try:
        prepared = sink.prepare(everything().records)
        with pytest.raises(ServiceError, match="queue is String now"):
            sink.store(prepared.content)
    finally:
        client.execute("ALTER TABLE cases MODIFY COLUMN queue LowCardinality(String)")
    sink.ping()
    sink.store(prepared.content)
    assert client.execute("SELECT count() > 0 FROM cases") == [(1,)]
    sink.close()
