"""The endpoint, over a broker that keeps what it acknowledged and can be away."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jsonschema
import pytest

from fakes.desk import KEY, OTHER_KEY, answer, signed
from listener.answers.case_index import CaseIndex
from listener.answers.openapi import MAX_BODY_BYTES, document
from listener.answers.service import answers_app
from listener.domain.errors import ServiceError
from listener.domain.ids import case_id
from listener.domain.response import Response
from listener.signature import Keyring

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CASE = case_id("x:1")


class World:
    """The endpoint, its broker and its clock."""

    def __init__(self) -> None:
        self.down = False
        self.reading = False
        self.now = NOW
        self.records: list[tuple[str, str, Response]] = []
        self.cases = CaseIndex()
        head = {"case_id": CASE, "version": 1, "anchor": "x:1", "anchor_author": "x:ann"}
        self.cases.take(CASE.encode(), json.dumps(head).encode())
        self._app = answers_app(
            Keyring({"desk": [KEY], "shop": [OTHER_KEY]}),
            self.cases,
            deliver=self._deliver,
            caught_up=lambda: not self.reading,
            now=lambda: self.now,
        )

    def _deliver(self, topic: str, key: str, value: bytes) -> None:
        if self.down:
            raise ServiceError("Kafka at secret-host:9092 does not answer")
        self.records.append((topic, key, Response.read_at_edge(value)))

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://answers.test") as client:
                return await client.request(method, path, **given)

        return asyncio.run(ask())

    def tell(self, body: bytes, headers: dict[str, str] | None = None, **signing: Any) -> httpx.Response:
        return self.request("POST", "/responses", content=body, headers=headers or signed(body, **signing))


@pytest.fixture
def world() -> World:
    return World()


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem, as RFC 9457 and our own document have it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    jsonschema.validate(told, document()["components"]["schemas"]["Problem"])
    assert told["status"] == status
    return told


def fields(told: dict[str, Any]) -> list[str]:
    return [error["field"] for error in told["errors"]]


def test_an_answer_to_a_contact_is_published_under_its_author(world: World) -> None:
    told = world.tell(answer(excerpt="We called."))
    assert told.status_code == 202
    [(topic, key, response)] = world.records
    assert (topic, key) == ("responses", "x:ann")
    assert (response.contact, response.channel, response.excerpt) == ("x:1", "phone", "We called.")
    assert told.json() == {"response_id": response.response_id, "contact": "x:1", "author": "x:ann"}


def test_an_answer_to_a_case_goes_to_its_earliest_contact(world: World) -> None:
    told = world.tell(answer(contact=None, author=None, case_id=CASE))
    assert told.json()["case_id"] == CASE
    [(_, key, response)] = world.records
    assert (key, response.contact, response.author) == ("x:ann", "x:1", "x:ann")


def test_an_answer_of_before_the_case_is_a_slip_and_does_not_count_as_given_in_time(world: World) -> None:
    head = {"case_id": CASE, "version": 2, "anchor": "x:1", "anchor_author": "x:ann"}
    opened_at = (NOW - timedelta(days=1)).isoformat()
    world.cases.take(CASE.encode(), json.dumps(head | {"opened_at": opened_at}).encode())

    def told(at: datetime) -> httpx.Response:
        body = answer(contact=None, author=None, case_id=CASE, occurred_at=at.isoformat())
        return world.tell(body, webhook_id=at.isoformat())

    assert fields(problem(told(NOW - timedelta(days=366)), 422)) == ["occurred_at"]
    assert world.records == []
    assert told(NOW - timedelta(days=1, minutes=4)).status_code == 202, "clocks differ a little"
    assert told(NOW - timedelta(hours=1)).status_code == 202


def test_an_unknown_case_is_told_and_while_cases_are_read_one_is_to_come_back(world: World) -> None:
    body = answer(contact=None, author=None, case_id="K-2222222222222")
    assert fields(problem(world.tell(body), 404)) == ["case_id"]
    world.reading = True
    told = world.tell(body)
    problem(told, 503)
    assert told.headers["retry-after"] == "5"
    assert world.records == []


def test_a_repeat_is_the_same_record_whenever_it_comes(world: World) -> None:
    first = world.tell(answer())
    world.now += timedelta(minutes=3)
    again = world.tell(answer(), at=time.time() - 60)
    assert first.json() == again.json()
    assert world.records[0] == world.records[1]


def test_after_a_restart_a_repeat_has_the_same_id() -> None:
    one, other = World(), World()
    other.now += timedelta(hours=1)
    assert one.tell(answer()).json() == other.tell(answer()).json()


def test_another_answer_needs_another_id(world: World) -> None:
    assert world.tell(answer()).status_code == 202
    assert fields(problem(world.tell(answer(kind="resolved")), 409)) == ["webhook-id"]
    assert world.tell(answer(kind="resolved"), webhook_id="msg-2").status_code == 202
    assert world.tell(answer(kind="resolved"), key=OTHER_KEY).status_code == 202
    assert len({response.response_id for _, _, response in world.records}) == 3


def test_without_the_brokers_word_nothing_is_promised(world: World) -> None:
    world.down = True
    told = world.tell(answer())
    assert "secret-host" not in json.dumps(problem(told, 503))
    assert told.headers["retry-after"] == "30"
    world.down = False
    assert world.tell(answer()).status_code == 202
    assert len(world.records) == 1


@pytest.mark.parametrize(
    ("sign", "named"),
    [
        (lambda: signed(answer(), key="whsec_" + "QUJD" * 8), "webhook-signature"),
        (lambda: signed(answer(), at=1_000_000_000), "webhook-timestamp"),
        (lambda: {"content-type": "application/json"}, "webhook-id"),
    ],
)
def test_who_does_not_sign_is_not_heard(world: World, sign: Callable[[], dict[str, str]], named: str) -> None:
    told = world.tell(answer(), sign())
    assert fields(problem(told, 401)) == [named]
    assert "webhook-signature" in told.headers["www-authenticate"]
    assert world.records == []


def test_nothing_is_said_about_a_body_that_is_not_signed(world: World) -> None:
    headers = signed(b"{}", key="whsec_" + "QUJD" * 8)
    problem(world.tell(b"{}", headers), 401)


def test_what_is_wrong_is_told_by_field(world: World) -> None:
    assert fields(problem(world.tell(answer(kind="declined", by=None)), 422)) == ["by"]
    assert fields(problem(world.tell(answer(kind="declined")), 422)) == ["reason"]
    problem(world.tell(b"[1]"), 400)
    problem(world.tell(b"{"), 400)
    assert world.records == []


def test_what_is_no_json_or_too_large_is_not_read(world: World) -> None:
    problem(world.tell(answer(), signed(answer()) | {"content-type": "text/plain"}), 415)
    problem(world.tell(b" " * (MAX_BODY_BYTES + 1)), 413)
    assert world.tell(answer() + b" " * (MAX_BODY_BYTES - len(answer()))).status_code == 202


def test_other_paths_and_methods_are_told_what_there_is(world: World) -> None:
    assert "POST /responses" in problem(world.request("GET", "/"), 404)["detail"]
    told = world.request("GET", "/responses")
    problem(told, 405)
    assert told.headers["allow"] == "POST"


def test_a_mistake_of_ours_asks_for_a_repeat(world: World) -> None:
    world.now = None  # type: ignore[assignment]
    assert "again" in problem(world.tell(answer(occurred_at="2026-03-01T10:00:00Z")), 500)["detail"]


def test_the_document_is_served(world: World) -> None:
    assert world.request("GET", "/openapi.json").json() == document()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"contact": None, "author": None, "case_id": CASE},
        {"kind": "declined", "reason": "no"},
        {"kind": "declined"},
        {"case_id": CASE},
        {"author": None},
        {"by": " "},
        {"goodwill": {"amount": 1, "currency": "EUR"}},
        {"goodwill": {"amount": 1, "currency": "EUR", "x": 1}},
        {"x": 1},
    ],
)
def test_the_document_takes_what_the_endpoint_takes(world: World, fields: dict[str, Any]) -> None:
    body = answer(**fields)
    schema = {"$ref": "#/components/schemas/Answer", "components": document()["components"]}
    taken = world.tell(body).status_code == 202
    assert jsonschema.Draft202012Validator(schema).is_valid(json.loads(body)) == taken
