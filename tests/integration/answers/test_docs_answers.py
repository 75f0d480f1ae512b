"""What docs/answers.md tells helpdesks to do works as it stands there."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from fakes.desk import KEY
from integration.answers.conftest import Service
from listener.domain.case import Case
from listener.domain.ids import case_id
from listener.domain.response import Response
from listener.domain.topics import TRIAGE
from listener.embedded.kafka import KafkaServer
from listener.examples import examples
from listener.kafka.connection import KafkaConnection
from listener.kafka.publish import Publisher

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "answers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
CASE = Case.read(examples()[Case].to_json()).model_copy(update={"case_id": case_id("docs")})


@pytest.fixture
def service(
    start: Callable[..., Service], connection: KafkaConnection, server_missing: Callable[[str], NoReturn]
) -> Service:
    """An endpoint that knows a case."""
    for program in ("bash", "curl", "openssl", "od"):
        if shutil.which(program) is None:
            server_missing(f"{program} is not installed")
    with Publisher(connection, client_id="test") as out:
        out.deliver(TRIAGE.name, CASE.case_id, CASE.to_json())
    running = start()
    running.wait_ready()
    return running


def run(block: str, service: Service, directory: Path) -> str:
    """Runs a block where `listener up` made a key, with this case and this address."""
    (directory / ".listener").mkdir(exist_ok=True)
    (directory / ".listener" / "answers.key").write_text(f"{KEY}\n")
    (directory / "examples").mkdir(exist_ok=True)
    shutil.copy(ROOT / "examples" / "tell_answer.py", directory / "examples")
    script = block.replace("http://127.0.0.1:8091", service.serving.url.rstrip("/"))
    script = script.replace("K-ABCDEFGHJKMN2", CASE.case_id).replace("python3", sys.executable)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=directory,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("words", "kind", "channel"), [("curl", "resolved", "phone"), ("tell_answer.py", "answered", "email")]
)
def test_an_answer_is_told_as_the_page_says(
    service: Service,
    published: Callable[[], list[Response]],
    tmp_path: Path,
    words: str,
    kind: str,
    channel: str,
) -> None:
    [block] = [block for block in BLOCKS if words in block]
    told = json.loads(run(block, service, tmp_path))
    assert told["case_id"] == CASE.case_id
    [response] = [each for each in published() if each.response_id == told["response_id"]]
    assert (response.contact, response.author) == (CASE.anchor, CASE.anchor_author)
    assert (response.kind, response.channel) == (kind, channel)
    assert json.loads(run(block, service, tmp_path)) == told, "told again it is the same"


def test_the_example_tells_again_until_kafka_is_there(
    service: Service, published: Callable[[], list[Response]], broker: KafkaServer, tmp_path: Path
) -> None:
    broker.kill()
    environment = os.environ | {"ANSWERS_KEY": KEY}
    body = '{"contact": "x:1", "author": "x:ann", "kind": "answered", "channel": "chat", "by": "Jo"}'
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / "tell_answer.py"), service.serving.url, "late-1", body],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.poll() is None
        broker.start()
        broker.wait_ready()
        out, _ = process.communicate(timeout=240)
    finally:
        process.kill()
    assert process.returncode == 0
    assert json.loads(out)["response_id"] in {each.response_id for each in published()}


def test_the_example_does_not_repeat_what_is_wrong(service: Service) -> None:
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "examples" / "tell_answer.py"),
            service.serving.url,
            "wrong-1",
            '{"kind": "x"}',
        ],
        env=os.environ | {"ANSWERS_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "channel: Field required" in json.loads(done.stdout)["detail"]
    assert "422: not taken" in done.stderr
