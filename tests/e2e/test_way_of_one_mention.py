"""The way of a few mentions from a file to a case, a row and a report: what a newcomer can follow in one test."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import jsonschema
import pytest

from fakes.desk import answer as answer_of
from fakes.desk import signed
from fakes.shop import CUSTOMERS, MAPPING, MENTIONS
from fixtures_installation import IDLE_SECONDS, Installation, counts
from listener import schemas
from listener.domain.case import Case
from listener.domain.ids import case_id

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def up(
    new_installation: Callable[..., Installation], tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """An installation that has heard the mentions above."""
    installation = new_installation("--no-simulate")
    files = tmp_path_factory.mktemp("files")
    (files / "customers.csv").write_text(CUSTOMERS)
    (files / "mentions.csv").write_text(MENTIONS)
    installation.run("customers", "import", str(files / "customers.csv"))
    summary = installation.run("import", str(files / "mentions.csv"), *MAPPING)
    assert counts(summary) == {"rows": 7, "published": 5, "rejected": 1, "repeats": 1, "unlinked": 0}
    installation.wait_idle()
    return installation


def of_contact(cases: dict[str, dict[str, object]], mention: str) -> dict[str, object]:
    [case] = [c for c in cases.values() if mention in {x["mention_id"] for x in c["contacts"]}]  # type: ignore[attr-defined]
    return case


def test_every_mention_is_enriched_and_stored_once(up: Installation) -> None:
    on_topic = {
        json.loads(record.value)["mention"]["mention_id"] for record in up.records("mentions.enriched")
    }
    assert on_topic == {f"shop:{number}" for number in (1, 2, 3, 4, 6)}
    stored = up.select("SELECT mention_id, count() FROM listener.current_mentions GROUP BY mention_id")
    assert dict(stored) == dict.fromkeys(on_topic, 1)


def test_complaints_become_cases_that_the_schema_accepts(up: Installation) -> None:
    cases = up.cases()
    assert {c["anchor"] for c in cases.values()} == {"shop:1", "shop:3", "shop:4", "shop:6"}
    for key, case in cases.items():
        jsonschema.validate(case, schemas.schema(Case))
        assert key == case_id(case["anchor"])
        assert case["reasons"], "a decision names its rules"
        assert len(case["summary"]) == 3


def test_the_companys_answer_closes_what_it_answers(up: Installation) -> None:
    case = of_contact(up.cases(), "shop:1")
    assert case["state"] in ("waiting_for_customer", "resolved")
    assert case["response_count"] == 1
    assert of_contact(up.cases(), "shop:4")["state"] == "new"


def test_an_e_mail_address_on_file_makes_the_author_a_customer(up: Installation) -> None:
    assert of_contact(up.cases(), "shop:3")["party"] == "c:C-7"
    assert of_contact(up.cases(), "shop:6")["party"] == "a:shop:ben2"


def test_root_causes_are_counted_by_people_from_outside_with_the_readers_account(up: Installation) -> None:
    rows = up.select(
        "SELECT cause, parties FROM listener.root_causes(since='2026-01-01', until='2026-02-01') ORDER BY cause"
    )
    by_cause = dict(rows)
    assert by_cause["lost-baggage"] == 1
    assert by_cause["unreachable-service"] == 2
    report = json.loads(
        up.run("report", "root-causes", "--since", "2026-01-01", "--until", "2026-02-01", "--format", "json")
    )
    assert {row["cause"]: row["parties"] for row in report} == by_cause


def test_a_bad_row_is_kept_with_file_and_line(up: Installation) -> None:
    [letter] = list(up.records("mentions.dead"))
    headers = {name: value.decode() for name, value in letter.headers}
    assert headers["listener-origin"].endswith("mentions.csv:7")
    assert "zone" in headers["listener-detail"]
    assert b"No zone here" in letter.value


def test_what_is_written_into_the_form_becomes_a_case(up: Installation) -> None:
    address = f"http://127.0.0.1:{up.ports['--form-port']}/feedback"
    answer = httpx.post(
        address, json={"message": "I have been waiting on hold for an hour, this is awful"}, timeout=30
    )
    assert answer.status_code == 201
    receipt = answer.json()["receipt"]
    up.wait_idle()
    case = of_contact(up.cases(), f"form:{receipt}")
    assert case["contacts"][0]["channel"] == "web_feedback"  # type: ignore[index]
    assert not case["historical"]
    page = address.replace("/feedback", f"/status/{receipt}")
    assert status_page(page, "We are working on it")
    body = answer_of(
        case_id=case["case_id"],
        contact=None,
        author=None,
        kind="answered",
        by="F. Agent",
        excerpt="We called back.",
    )
    headers = signed(body, webhook_id="form-1", key=(up.data_dir / "answers.key").read_text().strip())
    url = f"http://127.0.0.1:{up.ports['--answers-port']}/responses"
    assert httpx.post(url, content=body, headers=headers, timeout=30).status_code == 202
    assert "We called back." in status_page(page, "We have answered")


def status_page(url: str, title: str) -> str:
    """The page once it has this title; it follows the cases by itself."""
    deadline = time.monotonic() + IDLE_SECONDS
    while title not in (text := httpx.get(url, timeout=30).text):
        assert time.monotonic() < deadline, text
        time.sleep(0.2)
    return text


def test_what_a_helpdesk_tells_settles_a_case_and_a_person_can_follow_it(up: Installation) -> None:
    before = of_contact(up.cases(), "shop:4")
    body = answer_of(case_id=before["case_id"], contact=None, author=None, kind="resolved", by="K. Agent")
    headers = signed(body, key=(up.data_dir / "answers.key").read_text().strip())
    url = f"http://127.0.0.1:{up.ports['--answers-port']}/responses"
    assert httpx.post(url, content=body, headers=headers, timeout=30).status_code == 202
    up.run("case", "assign", str(before["case_id"]), "M. Manager", "--by", "K. Agent")
    up.wait_idle()
    case = of_contact(up.cases(), "shop:4")
    assert (case["state"], case["owner"], case["case_id"]) == ("resolved", "M. Manager", before["case_id"])
    story = up.run("explain", str(before["case_id"]))
    assert "we: K. Agent (front line) resolved it, phone" in story
    assert "owner M. Manager" in story
    stored = up.select("SELECT DISTINCT kind, channel FROM listener.responses WHERE answered_by = 'K. Agent'")
    assert stored == [("resolved", "phone")]


def test_a_confirmed_link_makes_one_history_and_a_rejected_one_two_again(up: Installation) -> None:
    def story() -> dict[str, tuple[str, tuple[str, ...]]]:
        return {
            c["anchor"]: (c["party"], tuple(x["mention_id"] for x in c["contacts"]))
            for c in up.cases().values()
            if c["party"] in ("c:C-7", "a:shop:ben2")
        }

    before = story()
    assert before == {"shop:3": ("c:C-7", ("shop:3",)), "shop:6": ("a:shop:ben2", ("shop:6",))}
    up.run("link", "confirm", "shop:ben2", "C-7", "--by", "K. Agent", "--evidence", "called back")
    up.wait_idle()
    assert story() == {"shop:3": ("c:C-7", ("shop:3", "shop:6"))}
    counted = up.select(
        "SELECT parties FROM listener.root_causes(since='2026-01-01', until='2026-02-01') "
        "WHERE cause = 'unreachable-service'"
    )
    assert counted == [(1,)], "two accounts of one customer are one"
    up.run("link", "reject", "shop:ben2", "C-7", "--by", "K. Agent")
    up.wait_idle()
    assert story() == before


def test_wrong_use_is_told_in_words(up: Installation, tmp_path: Path) -> None:
    missing = up.run("import", str(tmp_path / "none.csv"), *MAPPING, expect=2)
    assert "none.csv" in missing
    (tmp_path / "other.csv").write_text("number,words\n1,hello\n")
    columns = up.run("import", str(tmp_path / "other.csv"), *MAPPING, expect=2)
    assert "number" in columns
    assert "words" in columns
    assert "airline:jane" in up.run("link", "confirm", "nobody", "C-7", "--by", "K", expect=2)
