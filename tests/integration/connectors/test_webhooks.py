"""`listener webhooks` on a real Kafka: what is answered with 202 is on the broker, also after kill -9."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from fakes.desk import KEY, signed
from fixtures_command_line import Result
from listener.connectors.webhook_openapi import document
from listener.domain.dead_letter import DeadLetter
from listener.domain.erasure import Erasures
from listener.domain.governance import Alert
from listener.domain.mention import Mention
from listener.domain.topics import ALERTS, DEAD, RAW
from listener.embedded.ports import free_port
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from listener.privacy.erase import put_on_list
from listener.privacy.person import Person
from openapi import assert_holds
from serving import Serving

pytestmark = pytest.mark.kafka

WAIT_SECONDS = 90
ROOT = Path(__file__).parents[3]
DYING = str(Path(__file__).with_name("webhooks_die_before_the_reply.py"))
CONFIGURATION = """\
sources:
  calls:
    kind: webhook
    channel: phone
    secrets: {key: CALLS_KEY}
    silence_hours: 0.0005
"""
ERASURE_KEY = "at least sixteen bytes"
ITEM = {
    "id": "1",
    "text": "Where is my refund?",
    "occurred_at": "2026-03-01T09:30:00Z",
    "author": "7",
    "phone": "+441632960011",
}


@dataclass
class Service:
    """A running endpoint."""

    serving: Serving
    health: str

    def tell(self, *items: dict[str, Any]) -> httpx.Response:
        """Tells what was said."""
        body = json.dumps(items).encode()
        return httpx.post(f"{self.serving.url}mentions/calls", content=body, headers=signed(body), timeout=60)

    def wait_ready(self) -> None:
        """Until what is told is published."""
        deadline = time.monotonic() + WAIT_SECONDS
        while httpx.get(f"{self.health}/readyz").status_code != 200:
            assert time.monotonic() < deadline, "it is never ready"
            time.sleep(0.2)


@pytest.fixture
def start(connection: KafkaConnection, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services; all are ended at the end."""
    (tmp_path / "listener.yaml").write_text(CONFIGURATION)
    made: list[Serving] = []

    def run(*program: str) -> Service:
        health = free_port()
        words = program or ("-m", "listener")
        arguments = (*words, "webhooks", "--port", "0", "--health-port", str(health))
        environment = os.environ | {
            "CALLS_KEY": KEY,
            "LISTENER_ERASURE_KEY": ERASURE_KEY,
            "KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers,
        }
        made.append(Serving(arguments, tmp_path, environment, r"endpoint of webhook sources: (http://\S+)"))
        service = Service(made[-1], f"http://127.0.0.1:{health}")
        service.wait_ready()
        return service

    yield run
    for serving in made:
        serving.kill()


def heard(connection: KafkaConnection) -> dict[str, list[Mention]]:
    """What is on the broker, by mention id."""
    found: dict[str, list[Mention]] = {}
    for record in read_whole(connection, RAW.name):
        mention = Mention.read(record.value or b"")
        found.setdefault(mention.mention_id, []).append(mention)
    return found


def test_what_is_answered_with_202_is_on_the_broker_and_an_answer_finds_its_customer(
    start: Callable[..., Service], connection: KafkaConnection
) -> None:
    service = start()
    answer = {
        "id": "2",
        "text": "On its way.",
        "occurred_at": "2026-03-01T10:00:00Z",
        "direction": "outbound",
        "reply_to": "1",
    }
    told = service.tell(ITEM, {"id": "wrong"}, answer)
    assert told.status_code == 202
    assert "text" in told.json()["items"][1]["error"]
    mentions = heard(connection)
    [asked], [answered] = mentions["webhook:calls/1"], mentions["webhook:calls/2"]
    assert (asked.source, asked.channel, asked.author) == ("calls", "phone", "webhook:calls/7")
    assert (answered.answers, answered.direction) == (asked.mention_id, "outbound")
    [letter] = read_whole(connection, DEAD.name)
    assert DeadLetter.from_headers(letter.headers).source == "calls"
    assert json.loads(letter.value or b"") == {"id": "wrong"}
    said = service.serving.stop()
    assert service.serving.process.returncode == 0
    assert KEY not in said
    assert "refund" not in said


def silences(connection: KafkaConnection) -> list[Alert]:
    """What was told of sources that fell silent."""
    alerts = [Alert.read(record.value or b"") for record in read_whole(connection, ALERTS.name)]
    return [alert for alert in alerts if alert.kind == "silent_source"]


def test_a_source_that_falls_silent_is_told_and_the_next_word_ends_it_also_after_a_start(
    start: Callable[..., Service], connection: KafkaConnection
) -> None:
    service = start()
    assert service.tell(ITEM).status_code == 202
    deadline = time.monotonic() + WAIT_SECONDS
    while not silences(connection):
        assert time.monotonic() < deadline, "nobody is told"
        time.sleep(0.2)
    service.serving.stop()
    with Publisher(connection, client_id="test") as publisher:
        person = Person(frozenset({"webhook:calls/8"}), frozenset())
        put_on_list(publisher, Erasures(ERASURE_KEY.encode()), person, datetime.now(UTC))
    assert start().tell(ITEM | {"id": "2"}, ITEM | {"id": "3", "author": "8"}).status_code == 202
    first, *later = silences(connection)
    assert (first.subject, first.withdrawn) == ("calls", False)
    assert [alert.withdrawn for alert in later if alert.alert_id == first.alert_id][-1:] == [True]
    assert heard(connection).keys() == {"webhook:calls/1", "webhook:calls/2"}, (
        "who is erased does not come back"
    )


def test_killed_between_the_brokers_word_and_the_reply_a_retry_doubles_nothing(
    start: Callable[..., Service], connection: KafkaConnection
) -> None:
    item = ITEM | {"id": "k1"}
    service = start(DYING)
    with pytest.raises(httpx.HTTPError):
        service.tell(item)
    assert service.serving.process.wait(60) == -9
    assert start().tell(item).status_code == 202
    twice = heard(connection)["webhook:calls/k1"]
    assert len(twice) == 2, "the first was on the broker already"
    assert len({each.model_dump_json(exclude={"received_at"}) for each in twice}) == 1


def test_the_page_is_right(
    start: Callable[..., Service], connection: KafkaConnection, server_missing: Callable[[str], NoReturn]
) -> None:
    for program in ("bash", "curl", "openssl", "od"):
        if shutil.which(program) is None:
            server_missing(f"{program} is not installed")
    page = (ROOT / "docs" / "connectors" / "webhook.md").read_text(encoding="utf-8")
    [block] = [
        each for each in re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE) if "curl" in each
    ]
    script = block.replace("http://127.0.0.1:8092/", start().serving.url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=os.environ | {"CALLS_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert json.loads(done.stdout) == {"items": [{"mention_id": "webhook:calls/call-4711"}]}, done.stderr
    assert heard(connection)["webhook:calls/call-4711"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: {}", "no source of the kind webhook"),
        (CONFIGURATION.replace("phone", "fax"), "sources.calls: channel"),
        (CONFIGURATION.replace("CALLS_KEY", "NO_KEY"), "NO_KEY"),
        (CONFIGURATION + "    zones: x\n", "zones"),
    ],
)
def test_a_configuration_that_cannot_work_is_told(
    listener: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: str
) -> None:
    monkeypatch.setenv("CALLS_KEY", KEY)
    (tmp_path / "listener.yaml").write_text(text)
    result = listener("webhooks", "--port", "0")
    assert result.code == 2
    assert said in result.err


def test_to_read_what_waits_to_be_told_is_wrong_use(
    listener: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CALLS_KEY", KEY)
    (tmp_path / "listener.yaml").write_text(CONFIGURATION)
    result = listener("connect", "calls", "--check")
    assert result.code == 2
    assert "calls waits to be told, by `listener webhooks`" in result.err


def test_the_document_holds_whatever_schemathesis_asks(
    start: Callable[..., Service], connection: KafkaConnection, tmp_path: Path
) -> None:
    service = start()
    assert httpx.get(f"{service.serving.url}openapi.json").json() == document()
    assert_holds(service.serving.url, "integration.connectors.schemathesis_hooks", tmp_path)
    assert len(list(read_whole(connection, RAW.name))) > 20, "it was taken at its word, not turned away"
