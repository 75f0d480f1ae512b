"""The endpoint for answers on a real Kafka that goes away and comes back, and under kill -9."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fakes.desk import KEY, OTHER_KEY, answer, signed
from integration.answers.conftest import WAIT_SECONDS, Service
from listener.domain.case import Case
from listener.domain.ids import case_id
from listener.domain.response import Response
from listener.domain.topics import TRIAGE
from listener.embedded.kafka import KafkaServer
from listener.examples import examples
from listener.kafka.connection import KafkaConnection
from listener.kafka.publish import Publisher
from unit.stream.worlds import live, mention, straight

pytestmark = pytest.mark.kafka

Start = Callable[..., Service]
Published = Callable[[], list[Response]]
DYING = str(Path(__file__).with_name("dies_before_the_reply.py"))


def wait_until(so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not so():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.2)


def test_what_is_answered_with_202_is_on_the_broker_and_all_else_is_not(
    start: Start, published: Published
) -> None:
    service = start()
    before = len(published())
    told = service.tell(answer(), webhook_id="t1-1")
    assert told.status_code == 202
    [response] = published()[before:]
    assert (response.response_id, response.contact) == (told.json()["response_id"], "x:1")

    assert service.tell(answer(), webhook_id="t1-2", key="whsec_" + "QUJD" * 8).status_code == 401
    assert service.tell(answer(), webhook_id="t1-2", at=time.time() - 400).status_code == 401
    assert service.tell(answer(kind="declined"), webhook_id="t1-2").status_code == 422
    assert len(published()) == before + 1

    assert service.tell(answer(), webhook_id="t1-2", key=OTHER_KEY).status_code == 202, "the new key"
    again = service.tell(answer(), webhook_id="t1-1")
    assert again.json() == told.json()
    assert len({each.response_id for each in published()[before:]}) == 2
    said = service.serving.stop()
    assert service.serving.process.returncode == 0
    assert KEY not in said
    assert f"client=desk response_id={response.response_id} contact=x:1" in said


def test_a_request_that_is_replayed_as_it_was_does_nothing_twice(start: Start, published: Published) -> None:
    service = start()
    headers = signed(answer(), webhook_id="t2")
    sent = [
        httpx.post(f"{service.serving.url}responses", content=answer(), headers=headers) for _ in range(3)
    ]
    assert {each.status_code for each in sent} == {202}
    name = sent[0].json()["response_id"]
    assert len({each.to_json() for each in published() if each.response_id == name}) == 1


def test_killed_between_the_brokers_word_and_the_reply_a_retry_doubles_nothing(
    start: Start, published: Published
) -> None:
    service = start(DYING)
    with pytest.raises(httpx.RemoteProtocolError):
        service.tell(answer(kind="resolved"), webhook_id="t3")
    assert service.serving.process.wait(60) == -9
    told = start().tell(answer(kind="resolved"), webhook_id="t3")
    assert told.status_code == 202
    twice = [each for each in published() if each.response_id == told.json()["response_id"]]
    assert len(twice) == 2, "the first was on the broker already"
    contact = mention("1", "complaint", 0, "x:ann")
    [case] = live(straight([contact, *twice]))
    assert (case.response_count, case.state) == (1, "resolved")
    assert case.last_at == min(each.received_at for each in twice)


def test_while_kafka_is_away_it_says_so_and_what_was_not_stored_can_be_told_again(
    start: Start, published: Published, broker: KafkaServer
) -> None:
    service = start()
    broker.kill()
    away = service.tell(answer(), webhook_id="t4")
    assert (away.status_code, away.headers["retry-after"]) == (503, "30")
    assert away.headers["content-type"] == "application/problem+json"
    assert broker.bootstrap_servers not in away.text
    broker.start()
    broker.wait_ready()
    wait_until(lambda: service.tell(answer(), webhook_id="t4").status_code == 202, "taken again")
    name = service.tell(answer(), webhook_id="t4").json()["response_id"]
    assert len({each.to_json() for each in published() if each.response_id == name}) == 1


def test_a_case_is_enough_and_is_known_soon(
    start: Start, published: Published, connection: KafkaConnection
) -> None:
    service = start()
    service.wait_ready()
    name = case_id("x:new")
    body = answer(contact=None, author=None, case_id=name)
    assert service.tell(body, webhook_id="t5").status_code == 404
    case = Case.read(examples()[Case].to_json()).model_copy(
        update={"case_id": name, "anchor": "x:new", "anchor_author": "x:bob"}
    )
    with Publisher(connection, client_id="test") as out:
        out.deliver(TRIAGE.name, name, case.to_json())
    wait_until(lambda: service.tell(body, webhook_id="t5").status_code == 202, "the case is known")
    assert {each.author for each in published() if each.contact == "x:new"} == {"x:bob"}
