"""Two real files through the whole installation, while its processes are killed: every mention once."""

import csv
import io
import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest

from fixtures_installation import Installation, counts
from listener import schemas
from listener.domain.case import Case
from listener.domain.contract import format_utc

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.clickhouse,
    pytest.mark.data,
    pytest.mark.timeout(900),
]

AIRLINE = [
    *("--source", "airline", "--map", "id=tweet_id", "--map", "text=text", "--map", "author=name"),
    *("--map", "occurred_at=tweet_created"),
]
TWCS = [
    *("--source", "support", "--map", "id=tweet_id", "--map", "text=text", "--map", "author=author_id"),
    *(
        "--map",
        "occurred_at=created_at",
        "--map",
        "inbound=inbound",
        "--map",
        "reply_to=in_response_to_tweet_id",
    ),
]


def rows_of(path: Path) -> list[dict[str, str]]:
    """One text of the second file has a lone carriage return in it, where Python's csv would end the row."""
    text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", " ")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def airline(real_data: Path) -> Path:
    return real_data / "airline_tweets" / "tweets.csv"


@pytest.fixture(scope="module")
def twcs(real_data: Path) -> Path:
    return real_data / "twcs" / "twcs_first5000.csv"


@pytest.fixture(scope="module")
def up(new_installation: Callable[..., Installation], airline: Path, twcs: Path) -> Installation:
    """Two workers that have heard both files, with everything killed now and then, one file twice."""
    installation = new_installation("--no-simulate", "--workers", "2")
    chance = random.Random(7)
    summary = import_under_fire(installation, [str(airline), *AIRLINE], chance)
    distinct = len({row["tweet_id"] for row in rows_of(airline)})
    assert counts(summary) == {
        "rows": len(rows_of(airline)),
        "published": distinct,
        "rejected": 0,
        "repeats": len(rows_of(airline)) - distinct,
        "unlinked": 0,
    }
    summary = import_under_fire(installation, [str(twcs), *TWCS], chance)
    figures = counts(summary)
    assert figures["rows"] == figures["published"] + figures["rejected"] + figures["repeats"]
    assert figures["rows"] == len(rows_of(twcs))
    assert figures["unlinked"] == 24
    assert counts(installation.run("import", str(airline), *AIRLINE)) == counts(
        installation.run("import", str(airline), *AIRLINE)
    )
    installation.wait_idle()
    return installation


def import_under_fire(installation: Installation, words: Sequence[str], chance: random.Random) -> str:
    """Kills the importer once in the middle, then the services while it goes on; returns its last words."""
    first = installation.begin("import", *words)
    time.sleep(chance.uniform(1.5, 2.5))
    first.kill()
    first.wait()
    again = installation.begin("import", *words)
    for victim in (("stream", "--worker 1"), ("sink", "clickhouse"), ("stream", "--worker 2")):
        time.sleep(chance.uniform(0.5, 3))
        installation.kill(*victim)
    out, err = again.communicate(timeout=240)
    assert again.returncode == 0, err
    return out


def test_every_distinct_tweet_is_enriched_and_stored_once(
    up: Installation, airline: Path, twcs: Path
) -> None:
    wanted = {f"airline:{row['tweet_id']}" for row in rows_of(airline)}
    wanted |= {f"support:{row['tweet_id']}" for row in rows_of(twcs)}
    values = [json.loads(record.value) for record in up.records("mentions.enriched")]
    assert {value["mention"]["mention_id"] for value in values} == wanted
    assert {value["mention"]["revision"] for value in values} == {0}, "a repeat carries the same revision"
    stored = up.select("SELECT mention_id, count() FROM listener.current_mentions GROUP BY mention_id")
    assert dict(stored) == dict.fromkeys(wanted, 1)


def test_every_complaint_is_in_a_case_that_the_schema_accepts(up: Installation) -> None:
    validator = jsonschema.Draft202012Validator(schemas.schema(Case))
    cases = up.cases()
    for case in cases.values():
        validator.validate(case)
    complaints = {
        value["mention"]["mention_id"]
        for value in (json.loads(record.value) for record in up.records("mentions.enriched"))
        if value["enrichment"]["need"] == "complaint" and value["mention"]["direction"] == "inbound"
    }
    whole = {
        name
        for case in cases.values()
        if case["contact_count"] <= 100
        for name in (contact["mention_id"] for contact in case["contacts"])
    }
    shown_in_part = sum(case["contact_count"] for case in cases.values() if case["contact_count"] > 100)
    assert len(complaints - whole) <= shown_in_part
    assert len(complaints) > 3000


def test_each_contact_is_in_one_case_only(up: Installation) -> None:
    contacts = [contact["mention_id"] for case in up.cases().values() for contact in case["contacts"]]
    assert len(contacts) == len(set(contacts))


def test_the_companys_answers_reach_the_contacts_that_they_answer(up: Installation, twcs: Path) -> None:
    rows = rows_of(twcs)
    inbound = {row["tweet_id"]: row for row in rows if row["inbound"] == "True"}
    answers = {
        (f"support:{row['tweet_id']}", f"support:{inbound[asked]['tweet_id']}")
        for row in rows
        if row["inbound"] == "False"
        and (asked := row["in_response_to_tweet_id"].removesuffix(".0")) in inbound
    }
    stored = set(up.select("SELECT response_id, contact FROM listener.current_responses"))
    assert answers <= stored
    answered = {contact for _, contact in answers}
    open_though_answered = [
        case["case_id"]
        for case in up.cases().values()
        if case["state"] == "new"
        and case["contact_count"] == 1
        and case["contacts"][0]["mention_id"] in answered
    ]
    assert open_though_answered == []


def test_first_response_times_equal_those_straight_from_the_file(up: Installation, twcs: Path) -> None:
    conversations = Conversations(rows_of(twcs))
    compared = answered = 0
    for case in up.cases().values():
        clock = next((one for one in case.get("clocks", ()) if one["kind"] == "first_response"), None)
        names = [contact["mention_id"].partition(":") for contact in case["contacts"]]
        if clock is None or any(source != "support" for source, _, _ in names):
            continue
        if len({conversations.of(tweet) for _, _, tweet in names}) > 1:
            continue  # what one customer said in several conversations is one matter here
        first = clock["anchor"].partition(":")[2]
        assert clock["started_at"] == format_utc(conversations.at(first))
        stopped = conversations.answered(first)
        assert clock.get("stopped_at") == (None if stopped is None else format_utc(stopped)), first
        compared += 1
        answered += stopped is not None
    assert compared > 1000
    assert answered > 900


class Conversations:
    """The file's own view: tweets of one customer and the company's to that customer, joined by replies."""

    def __init__(self, rows: Sequence[dict[str, str]]) -> None:
        self._rows = {row["tweet_id"]: row for row in rows}
        self._joined: dict[str, str] = {}
        for row in rows:
            before = self._replied_to(row)
            if before is not None and self._customer(row) == self._customer(before):
                self._joined[self.of(row["tweet_id"])] = self.of(before["tweet_id"])
        self._answers: dict[str, list[datetime]] = {}
        for row in rows:
            if row["inbound"] == "False" and self._customer(row) is not None:
                self._answers.setdefault(self.of(row["tweet_id"]), []).append(self.at(row["tweet_id"]))

    def _replied_to(self, row: dict[str, str]) -> dict[str, str] | None:
        return self._rows.get(row["in_response_to_tweet_id"].removesuffix(".0"))

    def _customer(self, row: dict[str, str] | None) -> str | None:
        """Who wrote it, or whom the company answered with it."""
        while row is not None and row["inbound"] == "False":
            row = self._replied_to(row)
        return None if row is None else row["author_id"]

    def of(self, tweet: str) -> str:
        """A name of the conversation that a tweet belongs to."""
        while (other := self._joined.get(tweet, tweet)) != tweet:
            tweet = other
        return tweet

    def at(self, tweet: str) -> datetime:
        """When it was written."""
        return datetime.strptime(self._rows[tweet]["created_at"], "%a %b %d %H:%M:%S %z %Y")

    def answered(self, tweet: str) -> datetime | None:
        """When the company first said something in the conversation after this tweet."""
        later = [at for at in self._answers.get(self.of(tweet), ()) if at >= self.at(tweet)]
        return min(later, default=None)


def test_top_root_causes_by_people_equal_a_hand_query(up: Installation) -> None:
    enriched = [json.loads(record.value) for record in up.records("mentions.enriched")]
    people: dict[str, set[str]] = {}
    for value in enriched:
        mention = value["mention"]
        if mention["source"] != "airline" or value["enrichment"]["need"] in ("mention", "copy", "spam"):
            continue
        for cause in value["enrichment"].get("root_causes", []):
            people.setdefault(cause["node"], set()).add(value["party"])
    rows = up.select(
        "SELECT cause, parties FROM listener.root_causes(since='2015-02-01', until='2015-03-01') "
        "WHERE cause != 'unknown'"
    )
    assert dict(rows) == {cause: len(parties) for cause, parties in people.items()}
