"""What the reports' views make of what comes late, twice, or is taken back; one database, other authors each."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from clickhouse_driver import Client

from facts_agree import assert_facts_agree
from fixtures_database import with_database
from listener.clickhouse.client import connect
from listener.clickhouse.migrate import migrate, shipped_migrations
from listener.domain.case import Case, CaseContact, CaseCustomer
from listener.domain.clock import Clock, ClockState
from listener.domain.ids import author_party, customer_party
from listener.domain.mention import Reach
from listener.domain.response import Goodwill, Response
from listener.examples import examples
from listener.reports.answer import Window
from listener.reports.mistakes import Mistakes
from listener.reports.reports import report
from listener.reports.view import read
from listener.statistics.confusion import Confusion
from listener.statistics.linkage import LinkageQuality
from stored_log import Log, store

pytestmark = pytest.mark.clickhouse

HOUR = timedelta(hours=1)


class Place:
    """A database, and a time of its own for each test, so that none sees another's rows."""

    def __init__(self, url: str, day: datetime) -> None:
        self.url, self.day, self.log = url, day, Log()
        self.client = connect(url)

    def said(self, number: int, hours: float = 0, **changes: Any) -> CaseContact:
        """A contact that asks for an answer."""
        at = self.day + hours * HOUR
        update = {
            "mention_id": self.id(number),
            "author": f"t:{self.day:%Y}",
            "channel": "email",
            "visibility": "private",
            "source": "mail",
            "occurred_at": at,
            "effective_at": at,
            "needs_response": True,
            "failed": False,
        }
        contact: CaseContact = example(Case).contacts[0]
        return contact.model_copy(update=update | changes)

    def answered(self, number: int, hours: float, kind: str = "answered", **changes: Any) -> Response:
        """An answer by a person."""
        update = {
            "response_id": f"r:{self.day:%Y}{number}",
            "kind": kind,
            "channel": "email",
            "goodwill": None,
        }
        at = {"occurred_at": self.day + hours * HOUR}
        answer: Response = example(Response)
        return answer.model_copy(update=update | at | changes)

    def case(self, version: int, contacts: tuple[CaseContact, ...], **changes: Any) -> None:
        """A snapshot of the only case."""
        self.log.case(
            int(f"{self.day:%Y}"),
            f"t:{self.day:%Y}",
            "late",
            version,
            anchor=contacts[0].mention_id,
            contacts=contacts,
            opened_at=contacts[0].effective_at,
            **({"responses": (), "clocks": (), "state": "new"} | changes),
        )

    def id(self, number: int) -> str:
        return f"t:{self.day:%Y}{number}"

    def heard(self, number: int, hours: float, **changes: Any) -> None:
        """A mention; the last one heard ends the observation."""
        at = self.day + hours * HOUR
        told: dict[str, Any] = {"channel": "email", "visibility": "private", "at": at, "received_at": at}
        self.log.mention(int(f"{self.day:%Y}{number}"), f"t:{self.day:%Y}", ("late",), **(told | changes))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Stores what was told so far, and asks."""
        store(self.url, self.log.records)
        assert_facts_agree(self.client)
        window = Window(self.day - timedelta(days=100), self.day + timedelta(days=200))
        answer = report(name)(self.client, window)
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def example(model: Any) -> Any:
    return examples()[model]


@pytest.fixture(scope="module")
def url(clickhouse_server: Any) -> Iterator[str]:
    url = with_database(clickhouse_server.url, "report_views")
    migrate(url)
    yield url
    Client.from_url(clickhouse_server.url).execute("DROP DATABASE report_views")


@pytest.fixture
def place(url: str, request: pytest.FixtureRequest) -> Iterator[Place]:
    names = sorted(item.name for item in request.session.items if item.fspath == request.node.fspath)
    made = Place(url, datetime(1950 + names.index(request.node.name), 6, 1, tzinfo=UTC))
    yield made
    made.client.disconnect()


def test_an_answer_that_came_late_to_us_counts_for_when_it_was_given(place: Place) -> None:
    place.heard(1, 0)
    place.case(2, (place.said(1),), responses=(place.answered(1, 5),))
    place.case(1, (place.said(1),))
    [row] = place.rows("channels")
    assert (row["answered"], row["never_answered"], row["within_1h"], row["within_24h"]) == (1, 0, 0.0, 1.0)


def test_an_automatic_acknowledgement_is_no_answer(place: Place) -> None:
    place.heard(1, 0)
    place.case(1, (place.said(1),), responses=(place.answered(1, 0.1, "acknowledged"),))
    [row] = place.rows("channels")
    assert (row["answered"], row["never_answered"]) == (0, 1)


@pytest.mark.parametrize(("answered_after", "seen"), [(None, "deleted"), (8e5, "deleted"), (1, "answered")])
def test_deletion_of_the_first_contact_ends_a_wait_unless_it_was_answered_before(
    place: Place, answered_after: float | None, seen: str
) -> None:
    """The tombstone comes before the mention; the example's deletion is of 2026."""
    place.log.deletion(int(f"{place.day:%Y}1"), f"t:{place.day:%Y}")
    place.heard(1, 0)
    answers = () if answered_after is None else (place.answered(1, answered_after),)
    place.case(1, (place.said(1, deleted=True),), responses=answers)
    [row] = place.rows("channels")
    assert (row["cases"], row[seen]) == (1, 1)


def test_closing_without_an_answer_is_no_answer_and_waits_no_longer(place: Place) -> None:
    place.heard(1, 0)
    place.case(1, (place.said(1),), state="resolved", last_at=place.day)
    [row] = place.rows("channels")
    assert (row["closed"], row["answered"], row["never_answered"]) == (1, 0, 0)


def test_an_answer_in_another_channel_counts_for_the_channel_that_was_asked(place: Place) -> None:
    place.heard(1, 0)
    place.case(1, (place.said(1),), responses=(place.answered(1, 2, channel="social"),))
    [row] = place.rows("channels")
    assert (row["channel"], row["answered"], row["answered_elsewhere"]) == ("email", 1, 1)
    [taught] = place.rows("what-we-teach")
    assert (taught["channel"], taught["answered"], taught["came_back"]) == ("social", 1, 0)


def test_how_much_longer_a_private_channel_takes_is_told_of_each_and_of_all(place: Place) -> None:
    """The e-mail about another cause has nothing to be compared with."""
    asked = (("social", "late", 2), ("email", "late", 12), ("phone", "late", 5), ("email", "refund", 90))
    for number, (channel, cause, hours) in enumerate(asked):
        author, visibility = f"t:{place.day:%Y}{number}", "public" if channel == "social" else "private"
        told = place.said(number, author=author, channel=channel, visibility=visibility)
        place.log.case(
            int(f"{place.day:%Y}{number}"),
            author,
            cause,
            1,
            anchor=told.mention_id,
            contacts=(told,),
            opened_at=place.day,
            responses=(place.answered(number, hours),),
            clocks=(),
            state="new",
        )
    place.heard(9, 200)
    rows = {row["channel"]: row for row in place.rows("channels")}
    longer = {channel: row["longer_than_public_hours"] for channel, row in rows.items()}
    assert longer == {"social": None, "email": pytest.approx(10), "phone": pytest.approx(3)}
    [overall] = {row["public_advantage_hours"] for row in rows.values()}
    assert overall == pytest.approx(6.5)
    assert {row["never_answered_share"] for row in rows.values()} == {0.0}


def test_the_work_of_a_week_is_told_by_channel_today_and_if_all_came_as_those_who_come_back(
    place: Place,
) -> None:
    place.day = place.day.replace(year=2000)  # ClickHouse's weeks begin in 1970
    monday = place.day - timedelta(days=place.day.weekday())
    number = 0
    for week in range(6):
        for channel, contacts in (("email", 2), ("phone", 4), ("social", 6)):
            for _ in range(contacts):
                number += 1
                at = monday + timedelta(weeks=week)
                place.heard(number, 0, channel=channel, at=at, received_at=at)
    first, again = place.said(1), place.said(2, 30, channel="phone")
    for case, (contact, answers) in enumerate(((first, (place.answered(1, 3),)), (again, ()))):
        place.log.case(
            int(f"{place.day:%Y}{case}"),
            f"t:{place.day:%Y}",
            "late",
            1,
            anchor=contact.mention_id,
            contacts=(contact,),
            opened_at=contact.effective_at,
            responses=answers,
            clocks=(),
            state="new",
        )
    store(place.url, place.log.records)
    window = Window(place.day - timedelta(days=100), place.day + timedelta(days=200))
    ask = report("what-we-teach", handling_minutes={"phone": 15})
    answer = ask(place.client, window)
    rows = {row[0]: dict(zip(answer.columns, row, strict=True)) for row in answer.rows}
    told = {
        channel: (row["answered"], row["contacts_a_week"], row["hours_a_week"], row["hours_a_week_shifted"])
        for channel, row in rows.items()
    }
    assert told == {
        "email": (1, 2, pytest.approx(2 * 8 / 60), 0),
        "phone": (0, 4, pytest.approx(4 * 15 / 60), pytest.approx(12 * 15 / 60)),
        "social": (0, 6, pytest.approx(6 * 8 / 60), 0),
    }
    for row in rows.values():
        assert row["hours_a_week_low"] < row["hours_a_week"] < row["hours_a_week_high"]
    assert rows["phone"]["came_back_share"] is None
    assert answer.words[-2].startswith("Work with the minutes set by channel, all channels: 2.1 h next week")
    assert answer.words[-1].endswith("public channels would have 0.0 h instead of 0.8 h.")


def test_who_goes_public_after_a_failed_private_contact_is_counted_with_the_attempts(place: Place) -> None:
    contacts = (
        place.said(1, failed=True),
        place.said(2, 0.2),
        place.said(3, 30, failed=True),
        place.said(4, 60, channel="social", visibility="public"),
    )
    place.case(1, contacts, failed_contacts=2)
    [row] = place.rows("escalations")
    assert (row["parties_went_public"], row["private_attempts"], row["parties_failed_twice"]) == (1, 2.0, 1)


def test_a_superseded_case_is_in_no_report(place: Place) -> None:
    gift = Goodwill(amount=5, currency="EUR")
    place.case(1, (place.said(1),), goodwill=(gift,))
    assert [row["total"] for row in place.rows("goodwill")] == [5.0]
    place.case(2, (place.said(1),), goodwill=(gift,), state="superseded")
    for name in ("goodwill", "channels", "escalations", "deadlines", "executives"):
        assert place.rows(name) == [], name


def test_deadlines_are_counted_by_their_newest_state(place: Place) -> None:
    def clock(state: ClockState, **changes: Any) -> Clock:
        told: dict[str, Any] = {"kind": "first_response", "anchor": place.id(1), "started_at": place.day}
        return Clock(**told, due_at=place.day + HOUR, state=state, **changes)

    regulator = clock("running", family="regulatory", jurisdiction="GB")
    place.heard(1, 0.5)
    place.case(1, (place.said(1),), clocks=(clock("breached"), regulator))
    place.case(2, (place.said(1),), clocks=(clock("met"), regulator))
    rows = {row["family"]: row for row in place.rows("deadlines")}
    assert (rows["promise"]["met"], rows["promise"]["breached"], rows["promise"]["source"]) == (1, 0, "mail")
    assert (rows["regulatory"]["jurisdiction"], rows["regulatory"]["running_out"]) == ("GB", 1)


def test_of_one_id_with_two_texts_one_counts(place: Place) -> None:
    place.heard(1, 0, text="my parcel never came and nobody answers")
    place.heard(1, 0, text="another text under the same id, as some sources do")
    [row] = place.rows("loudness")
    assert (row["posts"], row["parties"], row["copies"]) == (1, 1, 0)


def test_a_link_that_is_taken_back_takes_the_cases_along_and_back(place: Place) -> None:
    author = f"t:{place.day:%Y}"
    place.heard(1, 0)
    place.case(1, (place.said(1),))
    [row] = place.rows("root-causes")
    assert (row["customers"], row["unmatched_authors"]) == (0, 1)
    place.log.party(author, customer_party("77"), 2)
    [row] = place.rows("root-causes")
    assert (row["customers"], row["unmatched_authors"]) == (1, 0)
    asked = f"SELECT party FROM waits WHERE toYear(asked_at) = {place.day:%Y}"
    assert place.client.execute(asked) == [("c:77",)]
    place.log.party(author, author_party(author), 3)
    [row] = place.rows("root-causes")
    assert (row["customers"], row["unmatched_authors"]) == (0, 1)
    assert place.client.execute(asked) == [(author_party(author),)]


def test_how_unequally_posts_are_spread_is_told(place: Place) -> None:
    number = 0
    for cause, each in (("late", (1, 4, 1)), ("refund", (2, 2))):
        for author, posts in enumerate(each):
            for _ in range(posts):
                number += 1
                place.log.mention(
                    int(f"{place.day:%Y}{number}"), f"t:{place.day:%Y}{author}", (cause,), at=place.day
                )
    rows = {row["cause"]: row for row in place.rows("loudness")}
    told = {
        cause: (row["loudest_share"], row["gini"], row["effective_parties"]) for cause, row in rows.items()
    }
    assert told == {
        "late": pytest.approx((4 / 6, 6 / 18, 36 / 18)),
        "refund": pytest.approx((1 / 2, 0, 2)),
    }


def test_the_reach_of_a_party_is_the_most_that_was_ever_told_of_one_of_its_accounts(place: Place) -> None:
    def treated() -> dict[tuple[str, str], int]:
        return {(row["attribute"], row["value"]): row["parties"] for row in place.rows("fairness")}

    small, other = f"t:{place.day:%Y}", f"u:{place.day:%Y}"
    loud = Reach(followers=20_000, verified=True)
    long_ago = datetime(place.day.year - 5, 1, 1, tzinfo=UTC)  # in no test's window
    place.heard(1, 0, reach=Reach(followers=50))
    place.heard(1, 0, reach=Reach(followers=500), revision=1)
    place.heard(2, 48)
    place.case(1, (place.said(1),))
    place.log.mention(int(f"{place.day:%Y}3"), other, reach=loud, at=long_ago, received_at=long_ago)
    # told of the company's account, or in no words of their own
    place.heard(4, 3, reach=loud, direction="outbound")
    for number, need in enumerate(("mention", "copy", "spam"), 5):
        place.heard(number, 3, reach=loud, need=need)
    assert treated() == {("reach", "100 to 999"): 1, ("verified", "not told"): 1, ("segment", "none"): 1}
    for author in (small, other):
        place.log.party(author, customer_party("78"), 2)
    joined = {("reach", "10000 and more"): 1, ("verified", "yes"): 1, ("segment", "none"): 1}
    assert treated() == joined
    place.client.execute("OPTIMIZE TABLE account_traits FINAL")
    assert treated() == joined
    place.log.party(small, author_party(small), 3)
    # said by another party, as it will turn out: the news of the account's fourth party is still under way
    place.heard(8, 4, reach=Reach(followers=5_000), epoch=4, party=customer_party("79"))
    assert treated() == {("reach", "100 to 999"): 1, ("verified", "not told"): 1, ("segment", "none"): 1}


def test_only_people_with_the_same_need_are_compared(place: Place) -> None:
    def asked(number: int, need: str, segment: str) -> None:
        author = f"t:{place.day:%Y}{number}"
        place.log.case(
            int(f"{place.day:%Y}{number}"),
            author,
            "late",
            1,
            anchor=place.id(number),
            contacts=(place.said(number, author=author, need=need),),
            opened_at=place.day,
            customer=CaseCustomer(customer_id=f"{number}", segment=segment),
            responses=(),
            clocks=(),
            state="new",
        )

    def compared() -> dict[str, tuple[int, int]]:
        return {
            row["value"]: (row["compared"], row["left_out"])
            for row in place.rows("fairness")
            if row["attribute"] == "segment"
        }

    place.heard(0, 48)
    asked(1, "complaint", "plus")
    asked(2, "question", "business")
    assert compared() == {"plus": (0, 2), "business": (0, 2)}
    asked(3, "question", "plus")
    assert compared() == {"plus": (2, 1), "business": (2, 1)}


def test_what_was_told_of_accounts_before_is_filled_in(place: Place) -> None:
    place.heard(1, 0, reach=Reach(followers=500, verified=False))
    store(place.url, place.log.records)
    told = f"SELECT traits FROM account_traits FINAL WHERE author_id = sipHash64('t:{place.day:%Y}')"
    before = place.client.execute(told)
    place.client.execute("TRUNCATE TABLE account_traits")
    [filling] = [one for one in shipped_migrations() if one.name == "account_traits"]
    for _ in range(2):
        for statement in filling.statements:
            place.client.execute(statement)
        assert place.client.execute(told) == before == [(2 + 16,)]


def test_mistakes_are_taken_out_of_a_sample_of_very_many_people(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(600):
        cause = "late" if number % 3 == 0 else "refund"
        place.log.mention(int(f"{place.day:%Y}{number}"), f"t:{place.day:%Y}{number}", (cause,), at=place.day)
    store(place.url, place.log.records)
    perfect = Confusion(("late", "refund"), np.eye(2, dtype=np.int64) * 10_000)
    ask = report("root-causes", mistakes=Mistakes(perfect, LinkageQuality(1000, 0, 0), "known"))
    found = {}
    for parties, words in ((600, "known"), (100, "known, from one in 6 of the people, drawn by chance")):
        monkeypatch.setattr("listener.reports.root_causes.SAMPLED_PARTIES", parties)
        answer = ask(place.client, Window(place.day, place.day + HOUR))
        assert answer.words[0] == f"true_share: {words}."
        [found[parties]] = [
            told
            for row in answer.rows
            if (told := dict(zip(answer.columns, row, strict=True)))["cause"] == "late"
        ]
    whole, sample = found[600], found[100]
    assert whole["true_share"] == pytest.approx(whole["share"], abs=0.005)
    assert sample["true_share"] != whole["true_share"]
    assert sample["true_share_low"] < whole["true_share_low"]
    assert whole["true_share_high"] < sample["true_share_high"]


def test_the_trend_is_against_the_time_of_equal_length_before(place: Place) -> None:
    place.heard(1, -3000)
    place.heard(2, 0)
    store(place.url, place.log.records)
    answer = report("root-causes")(place.client, Window(place.day, place.day + timedelta(days=200)))
    [row] = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert (row["parties"], row["parties_before"], row["trend"]) == (1, 1, 1.0)
    assert row["trend_low"] < 0.2
    assert row["trend_high"] > 5


def test_a_wait_of_whole_minutes_is_in_the_bin_that_ends_there(place: Place) -> None:
    """A wait for each end of a bin, of a minute up to 4 hours, 15 up to 48, 60 up to 336; by phone 1 ms longer."""
    ends = [*range(1, 241), *range(255, 2881, 15), *range(2940, 20161, 60)]
    place.client.execute(
        """
        INSERT INTO cases (case_id, case_version, party, anchor, anchor_author, state, root_cause, asked_at,
            channel, visibility, source, first_answer_at, first_answer_channel, ended_at, opened_at,
            last_at, version)
        WITH arrayJoin(%(ends)s) AS minutes, arrayJoin(['email', 'phone']) AS asked_by,
            toDateTime64(%(day)s, 3, 'UTC') AS at, at + INTERVAL minutes MINUTE AS full,
            if(asked_by = 'phone', full + INTERVAL 1 MILLISECOND, full) AS then,
            concat('bin:', asked_by, toString(minutes)) AS id
        SELECT id, bitShiftLeft(toUInt64(1), 32), concat('a:', id), id, id, 'resolved', 'late', at, asked_by,
            'private', 'mail', then, asked_by, then, at, at, 1
        """,
        {"ends": ends, "day": f"{place.day:%Y-%m-%d %H:%M:%S}"},
    )
    window = Window(place.day, place.day + HOUR)
    after = {"email": ends, "phone": [*ends[1:], 21600]}
    binned = read(place.client, "waits_in_bins", window)
    for event in ("answer", "resolution"):
        for channel, uppers in after.items():
            found = {
                round(row["upper_hours"] * 60): row["happened"]
                for row in binned
                if (row["event"], row["channel"]) == (event, channel)
            }
            assert found == dict.fromkeys(uppers, 1), (event, channel)
    for row in read(place.client, "channel_waits", window):
        if row["of"] == "cases":
            for event in ("answer", "resolution"):
                assert [round(hours * 60) for hours in row[f"{event}_hours"]] == after[row["channel"]]


def test_every_table_every_column_and_every_view_is_explained_in_the_schema(place: Place) -> None:
    silent = place.client.execute(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''"
        " UNION ALL SELECT table || '.' || name FROM system.columns WHERE database = currentDatabase()"
        " AND comment = '' AND table NOT IN (SELECT name FROM system.tables"
        " WHERE database = currentDatabase() AND engine = 'MaterializedView')"
    )
    assert silent == []


def test_a_taxonomy_may_have_more_causes_than_a_number_has_bits(place: Place) -> None:
    causes = [f"many-{number:03}" for number in range(140)]
    for number, cause in enumerate(causes):
        place.log.mention(
            int(f"{place.day:%Y}{number}"), f"t:{number % 100}", (cause, causes[-1 - number]), at=place.day
        )
    rows = {row["cause"]: row for row in place.rows("root-causes")}
    assert sorted(rows) == causes
    assert {(row["parties"], row["mentions"], row["all_parties"]) for row in rows.values()} == {(2, 2, 100)}
    assert {row["cause"]: (row["parties"], row["posts"]) for row in place.rows("loudness")} == dict.fromkeys(
        causes, (2, 2)
    )
