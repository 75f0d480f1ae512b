"""The way of a few mentions from a file to a case, a row and a report: what a newcomer can follow in one test."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from standardwebhooks import Webhook

from conformance.gate import Gate
from conformance.http_server import Answer, Request, json_answer, serving
from fakes.desk import KEY, signed
from fakes.desk import answer as answer_of
from fakes.shop import CUSTOMERS, MAPPING, MENTIONS
from fixtures_installation import IDLE_SECONDS, Installation, counts
from inbox import Inbox, taking_mail
from listener import schemas
from listener.domain.case import Case
from listener.domain.ids import case_id

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]


CONFIGURATION = """\
alerts_to:
  chat:
    kind: slack
    secrets: {{url: SLACK_WEBHOOK_URL}}
    internal_hosts: [127.0.0.1]
  oncall:
    kind: pagerduty
    secrets: {{routing_key: PAGERDUTY_ROUTING_KEY}}
    url: {told}/v2/enqueue
    kinds: [breach]
    internal_hosts: [127.0.0.1]
  mailbox:
    kind: email
    host: 127.0.0.1
    port: {port}
    tls: none
    sender: listener@example.org
    to: [desk@example.org]
    internal_hosts: [127.0.0.1]
desks:
  timeline:
    kind: crm-webhook
    secrets: {{url: CRM_URL, key: CRM_KEY}}
    internal_hosts: [127.0.0.1]
"""


class Told:
    """A chat, a pager and a CRM at once: what they were posted, by path."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.posted: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.inbox = Inbox()

    def respond(self, request: Request) -> Answer:
        if request.path == "/crm":
            Webhook(KEY).verify(request.body, dict(request.headers))
        self.posted[request.path].append(json.loads(request.body))
        return json_answer({}, 202)


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def up(
    new_installation: Callable[..., Installation], tmp_path_factory: pytest.TempPathFactory, told: Told
) -> Iterator[Installation]:
    """An installation that has heard the mentions above, and tells of alerts and puts notes into a CRM."""
    files = tmp_path_factory.mktemp("files")
    with serving(told) as address, taking_mail(told.inbox) as port:
        (files / "listener.yaml").write_text(CONFIGURATION.format(told=address, port=port))
        secrets = {
            "SLACK_WEBHOOK_URL": f"{address}/services/secret-path",
            "PAGERDUTY_ROUTING_KEY": "secret-routing-key",
            "CRM_URL": f"{address}/crm",
            "CRM_KEY": KEY,
            "LISTENER_CONFIG": str(files / "listener.yaml"),
        }
        yield heard(new_installation("--no-simulate", environment=secrets), files)


def heard(installation: Installation, files: Path) -> Installation:
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


def test_a_contact_that_nobody_answered_in_time_is_told_by_chat_pager_and_mail(
    up: Installation, told: Told, tmp_path: Path
) -> None:
    (tmp_path / "late.csv").write_text(
        "id,who,when,what,reply_to,from_customer,email\n"
        "7,eve,2026-01-08T08:00:00Z,Lost my luggage again! A disgrace.,,True,ben@example.test\n"
    )
    up.run("import", str(tmp_path / "late.csv"), *MAPPING, "--live")
    up.wait_idle()
    case = str(of_contact(up.cases(), "shop:7")["case_id"])
    [event] = [each for each in told.posted["/v2/enqueue"] if case in each["payload"]["summary"]]
    assert (event["event_action"], event["routing_key"]) == ("trigger", "secret-routing-key")
    assert case in json.dumps(told.posted["/services/secret-path"])
    assert case.encode() in b"".join(told.inbox.mails)
    [note] = told.posted["/crm"]  # only of a live case of a customer
    assert (note["type"], note["data"]["customer_id"]) == ("customer.contact", "C-7")
    assert (note["data"]["case_id"], note["data"]["mention_id"]) == (case, "shop:7")

    up.run(
        "respond",
        case,
        "--kind",
        "resolved",
        "--by",
        "K",
        "--channel",
        "phone",
        "--goodwill",
        "20 EUR: sorry",
    )
    up.wait_idle()
    [note] = told.posted["/crm"][1:]
    assert note["type"] == "customer.answer"
    assert note["data"]["goodwill"]["amount"] == 20
    assert "secret-" not in up.said()


def test_wrong_use_is_told_in_words(up: Installation, tmp_path: Path) -> None:
    missing = up.run("import", str(tmp_path / "none.csv"), *MAPPING, expect=2)
    assert "none.csv" in missing
    (tmp_path / "other.csv").write_text("number,words\n1,hello\n")
    columns = up.run("import", str(tmp_path / "other.csv"), *MAPPING, expect=2)
    assert "number" in columns
    assert "words" in columns
    assert "airline:jane" in up.run("link", "confirm", "nobody", "C-7", "--by", "K", expect=2)
