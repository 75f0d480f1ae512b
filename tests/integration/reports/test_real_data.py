"""Reports on real data, beside what pandas computes from the same files."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from listener.clickhouse.client import connect
from listener.domain.case import Case
from listener.domain.clock import Clock
from listener.examples import examples
from listener.reports.answer import Window
from listener.reports.reports import report
from stored_log import Log, store

pytestmark = [pytest.mark.clickhouse, pytest.mark.data]

CHANNELS = {
    "Web": "web_feedback",
    "Referral": "partner",
    "Phone": "phone",
    "Postal mail": "letter",
    "Fax": "letter",
    "Email": "email",
}
ALWAYS = Window()


def rows_of(url: str, name: str, window: Window = ALWAYS) -> list[dict[str, Any]]:
    client = connect(url)
    answer = report(name)(client, window)
    client.disconnect()
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


@pytest.mark.parametrize(
    ("name", "dates"),
    [
        ("complaints_sample_6623.csv", "%Y/%m/%d"),
        ("complaints_payday_2827_all_narratives.csv", "%m/%d/%y"),
    ],
)
def test_timeliness_by_channel_and_company_is_what_pandas_computes(
    database: str, real_data: Path, name: str, dates: str
) -> None:
    complaints = pd.read_csv(
        real_data / "cfpb" / name, dtype=str, encoding="utf-8", encoding_errors="replace"
    )
    complaints["channel"] = complaints["Submitted via"].map(CHANNELS)
    complaints["timely"] = complaints["Timely response?"] == "Yes"
    complaints["day"] = pd.to_datetime(complaints["Date received"], format=dates, utc=True)
    base = examples()[Case]
    assert isinstance(base, Case)
    log = Log()
    for number, (channel, company, timely, day) in enumerate(
        zip(
            complaints["channel"],
            complaints["Company"],
            complaints["timely"],
            (day.to_pydatetime() for day in complaints["day"]),
            strict=True,
        )
    ):
        contact = base.contacts[0].model_copy(update={"channel": channel, "source": company})
        clock = Clock(
            kind="cfpb.response",
            family="regulatory",
            jurisdiction="US",
            anchor=contact.mention_id,
            started_at=day,
            due_at=day + timedelta(days=15),
            state="met" if timely else "breached",
        )
        log.case(number, f"cfpb:{number}", "late", 1, contacts=(contact,), clocks=(clock,), opened_at=day)
    store(database, log.records, batch=10_000)
    half = complaints["day"].median().floor("D")
    before = complaints["day"] < half
    for window, part in (
        (Window(until=half.to_pydatetime()), complaints[before]),
        (Window(since=half.to_pydatetime()), complaints[~before]),
    ):
        assert len(part) > len(complaints) / 3
        grouped = part.groupby(["channel", "Company"])["timely"].agg(["mean", "size"])
        expected = {key: (pytest.approx(row["mean"]), int(row["size"])) for key, row in grouped.iterrows()}
        assert expected == {
            (row["channel"], row["source"]): (row["met_share"], row["deadlines"])
            for row in rows_of(database, "deadlines", window)
        }


def test_the_ranking_of_reasons_by_distinct_people_is_that_of_a_hand_query(
    database: str, real_data: Path
) -> None:
    tweets = pd.read_csv(real_data / "airline_tweets" / "tweets.csv", dtype=str, keep_default_na=False)
    log = Log()
    for tweet, name, reason in zip(tweets["tweet_id"], tweets["name"], tweets["negativereason"], strict=True):
        log.mention(int(tweet), f"t:{name}", (reason,) if reason else (), need="complaint")
    store(database, log.records, batch=20_000)
    told = tweets.drop_duplicates("tweet_id", keep="last")
    people = told[told["negativereason"] != ""].groupby("negativereason")["name"].nunique()
    rows = {row["cause"]: row for row in rows_of(database, "root-causes")}
    unknown = rows.pop("unknown")
    assert {cause: row["parties"] for cause, row in rows.items()} == people.to_dict()
    assert unknown["parties"] == told[told["negativereason"] == ""]["name"].nunique()
    assert unknown["all_parties"] == told["name"].nunique()
