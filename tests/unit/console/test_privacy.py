import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from console_client import ADMIN, ANALYST, Browser
from listener.console.privacy import Holding, Named, privacy_section
from listener.domain.errors import ServiceError, UsageError
from listener.privacy.certificate import Certificate, Place

FIELDS = {"customers": "C-1001", "authors": "airline:jane\nairline:jane\n"}
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
CERTIFICATE: dict[str, Any] = json.loads(
    Certificate(
        subjects=("h1", "h2"),
        said_until=MARCH,
        carried_out_at=MARCH,
        by="Ana Admin",
        complete=True,
        places=(
            Place(place="topic mentions.raw", found=3, done="retention", gone_by=MARCH),
            Place(place="table mentions", found=3, done="deleted", note="at once"),
        ),
    ).to_json()
)


@dataclass
class ToldData:
    """Holds what it is told about everybody; remembers whom it erased."""

    places: list[tuple[str, int]] = field(default_factory=lambda: [("topic mentions.raw", 3)])
    erased: list[tuple[Named, str]] = field(default_factory=list)
    fails: Exception | None = None

    def look(self, named: Named) -> Holding:
        if "wrong" in named.authors:
            raise UsageError("wrong: an account is source-kind:native-id")
        return Holding(["airline:jane", "web:jane"], ["C-7"], self.places)

    def export(self, named: Named) -> Iterator[bytes]:
        if self.fails:
            raise self.fails
        yield b'{"place": "export"}\n'
        yield b'{"place": "topic mentions.raw"}\n'

    def erase(self, named: Named, by: str) -> Mapping[str, Any]:
        if self.fails:
            raise self.fails
        self.erased.append((named, by))
        return CERTIFICATE


@pytest.fixture
def data() -> ToldData:
    return ToldData()


@pytest.fixture
def browser(data: ToldData) -> Browser:
    return Browser(privacy_section(data))


def test_admins_alone(browser: Browser) -> None:
    browser.before.sits = ANALYST
    assert browser.get("/privacy").status_code == 403
    assert browser.post("/privacy/export", FIELDS).status_code == 403
    browser.before.sits = ADMIN
    assert browser.get("/privacy").status_code == 200


def test_what_is_held_is_shown_and_that_somebody_looked_is_written_down(browser: Browser) -> None:
    page = browser.post("/privacy", FIELDS).text
    assert "topic mentions.raw" in page
    assert "web:jane" in page
    assert "belongs to the customer" in page
    looked = [(entry.action, entry.subject) for entry in browser.audited]
    assert looked == [("privacy.look", "C-1001"), ("privacy.look", "airline:jane")]


def test_names_are_asked_for_and_wrong_ones_told(browser: Browser, data: ToldData) -> None:
    answer = browser.post("/privacy", {"customers": " \n", "authors": ""})
    assert answer.status_code == 422
    assert "Say whose data" in answer.text
    answer = browser.post("/privacy", {"customers": "", "authors": "wrong"})
    assert answer.status_code == 422
    assert "wrong</textarea>" in answer.text
    assert browser.post("/privacy", {"customers": "\n".join(map(str, range(51)))}).status_code == 422
    data.places = []
    assert "Nothing is held" in browser.post("/privacy", FIELDS).text
    assert browser.audited


def test_everything_is_given_out_as_a_file(browser: Browser, data: ToldData) -> None:
    answer = browser.post("/privacy/export", FIELDS)
    assert [json.loads(line)["place"] for line in answer.text.splitlines()] == [
        "export",
        "topic mentions.raw",
    ]
    assert "personal-data.jsonl" in answer.headers["content-disposition"]
    assert [entry.action for entry in browser.audited] == ["privacy.export", "privacy.export"]
    data.fails = ServiceError("Kafka does not answer")
    answer = browser.post("/privacy/export", FIELDS)
    assert answer.status_code == 503
    assert "Kafka does not answer" in answer.text


def test_nothing_is_erased_without_the_name_once_more(browser: Browser, data: ToldData) -> None:
    answer = browser.post("/privacy/erase", FIELDS | {"confirmation": "C-1002"})
    assert answer.status_code == 422
    assert "Nothing was erased" in answer.text
    assert not data.erased
    looked = [(entry.action, entry.subject) for entry in browser.audited]
    assert looked == [("privacy.look", "C-1001"), ("privacy.look", "airline:jane")], "it shows what is held"


def erased(browser: Browser) -> str:
    """The page of an erasure that is over."""
    answer = browser.post("/privacy/erase", FIELDS | {"confirmation": "C-1001"})
    assert answer.status_code == 303
    where = answer.headers["location"]
    deadline = time.monotonic() + 5
    while 'data-state="running"' in browser.get(where).text and time.monotonic() < deadline:
        time.sleep(0.01)
    return str(where)


def test_an_erasure_ends_with_a_certificate(browser: Browser, data: ToldData) -> None:
    where = erased(browser)
    assert data.erased == [(Named(("airline:jane",), ("C-1001",)), "Ana Admin")]
    page = browser.get(where).text
    assert "It is done." in page
    assert "table mentions" in page
    assert "C-1001" not in page, "the certificate names nobody"
    answer = browser.get(f"{where}.json")
    assert answer.json() == CERTIFICATE
    assert "certificate-of-erasure.json" in answer.headers["content-disposition"]


def test_one_that_failed_says_why(browser: Browser, data: ToldData) -> None:
    data.fails = ServiceError("Kafka does not answer")
    where = erased(browser)
    assert "Kafka does not answer" in browser.get(where).text
    assert browser.get(f"{where}.json").status_code == 404


def test_an_erasure_that_is_not_known_is_told(browser: Browser) -> None:
    answer = browser.get("/privacy/erasures/nonsense")
    assert answer.status_code == 404
    assert "Erase again" in answer.text
