"""What staff take down: the page, who may see it, what is stored, and by whom."""

from datetime import UTC, date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest

from fakes.pages import Client, Page
from listener.cli.staff_command import staff_key, staff_source
from listener.connectors.feedback import RECEIPT
from listener.connectors.staff_form import StaffFormOptions, staff_app
from listener.connectors.taken_down import occurred_at, taken_down_of
from listener.domain.errors import ServiceError, UsageError
from listener.domain.governance import AuditEntry
from listener.domain.mention import Mention
from listener.settings import Config, Settings

NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
KEY = "correct horse battery staple"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class Broker:
    """Keeps what it acknowledged; fails where it is told to."""

    def __init__(self) -> None:
        self.fails_on: str | None = None
        self.records: list[tuple[str, str, bytes]] = []

    def deliver(self, topic: str, key: str, value: bytes) -> None:
        if topic == self.fails_on:
            raise ServiceError("Kafka at secret-host:9092 does not answer")
        self.records.append((topic, key, value))

    @property
    def mentions(self) -> list[Mention]:
        return [Mention.read_at_edge(value) for topic, _, value in self.records if topic == "mentions.raw"]

    @property
    def audit(self) -> list[AuditEntry]:
        return [AuditEntry.read(value) for topic, _, value in self.records if topic == "audit"]


@pytest.fixture
def broker() -> Broker:
    return Broker()


def client_of(broker: Broker, key: str | None = None, **options: Any) -> Client:
    settings = StaffFormOptions(company="Example Air", **options)
    return Client(staff_app("counter", settings, deliver=broker.deliver, now=lambda: NOW, key=key))


def fields(client: Client, auth: tuple[str, str] | None = None, **changes: str) -> dict[str, str]:
    """What a browser sends once the page was filled in."""
    page = Page(client.get("/", auth=auth).text)
    found = {
        cast(str, attrs["name"]): attrs.get("value") or ""
        for tag, attrs in page.elements
        if tag in {"input", "textarea"} and attrs.get("name") and attrs.get("type") != "radio"
    }
    told = {"way": "in_person", "message": "Nobody answers.", "taken_by": "K. Agent"}
    return found | told | changes


def send(client: Client, auth: tuple[str, str] | None = None, **changes: str) -> httpx.Response:
    return client.post("/notes", data=fields(client, auth, **changes), auth=auth)


def test_a_receipt_the_mention_and_who_took_it_down(broker: Broker) -> None:
    client = client_of(broker)
    answer = send(client, name="Ana Lee", contact="ana@example.org")
    assert answer.status_code == 201
    (mention,), (entry,) = broker.mentions, broker.audit
    assert mention.native_id in answer.text
    assert RECEIPT.fullmatch(mention.native_id)
    assert (mention.channel, mention.visibility, mention.source) == ("in_person", "private", "counter")
    assert (mention.text, mention.author_name) == ("Nobody answers.", "Ana Lee")
    assert mention.contactable is not None
    assert mention.contactable.email == "ana@example.org"
    assert (entry.actor, entry.action, entry.subject) == ("K. Agent", "take-down", mention.mention_id)
    assert b"Nobody" not in entry.to_json()
    assert [key for _, key, _ in broker.records] == [mention.author, "K. Agent"]


def test_sent_twice_it_is_one_mention_and_one_entry(broker: Broker) -> None:
    client = client_of(broker)
    sent = fields(client)
    one, other = client.post("/notes", data=sent), client.post("/notes", data=sent)
    assert one.text == other.text
    assert len(set(broker.records)) == 2
    send(client)
    assert len(set(broker.records)) == 4, "the next page is another message, even with the same words"


@pytest.mark.parametrize("fails_on", ["mentions.raw", "audit"])
def test_what_is_not_stored_is_still_in_the_form(broker: Broker, fails_on: str) -> None:
    client = client_of(broker)
    sent = fields(client, message=HOSTILE, way="letter")
    broker.fails_on = fails_on
    answer = client.post("/notes", data=sent)
    assert answer.status_code == 503
    assert "secret-host" not in answer.text
    assert HOSTILE not in answer.text, "it is escaped"
    broker.fails_on = None
    again = Page(answer.text)
    assert again.by_name("token")["value"] == sent["token"]
    client.post("/notes", data=sent)
    assert len(set(broker.records)) == 2


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"way": ""}, "way"),
        ({"way": "social"}, "way"),
        ({"day": "yesterday"}, "day"),
        ({"day": ""}, "day"),
        ({"day": "2026-03-03"}, "day"),
        ({"day": "2025-02-27"}, "day"),
        ({"message": " "}, "message"),
        ({"contact": "at home"}, "contact"),
        ({"taken_by": " \n"}, "taken_by"),
        ({"taken_by": "k" * 201}, "taken_by"),
        ({"name": "n" * 201}, "name"),
    ],
)
def test_what_is_wrong_is_told_where_it_is(broker: Broker, changes: dict[str, str], wrong: str) -> None:
    answer = send(client_of(broker), None, **changes)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert f"{wrong}-error" in page.ids
    assert ("a", {"href": f"#{wrong}"}) in page.elements
    assert wrong in page.ids
    assert broker.records == []


def test_the_day_is_that_of_the_zone(broker: Broker) -> None:
    client = client_of(broker, zone="Europe/Berlin")  # where it is the 2nd already
    assert fields(client)["day"] == "2026-03-02"
    send(client)
    send(client, day="2026-02-27", way="letter")
    today, before = broker.mentions
    assert today.occurred_at == NOW
    assert before.occurred_at == datetime(2026, 2, 27, 11, tzinfo=UTC)
    assert before.received_at == NOW
    assert not before.historical


def test_today_it_is_now_before_it_was_noon() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    evening = datetime(2026, 7, 2, 18, tzinfo=UTC)
    assert occurred_at(date(2026, 7, 2), berlin, evening) == evening
    assert occurred_at(date(2026, 7, 1), berlin, evening) == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_without_the_key_nobody_sees_or_sends_anything(broker: Broker) -> None:
    client = client_of(broker, KEY)
    for auth in (None, ("kim", "wrong"), ("kim", ""), (KEY, "")):
        for answer in (client.get("/", auth=auth), client.post("/notes", data={}, auth=auth)):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic ")
    for header in ("Basic", "Basic %", "Bearer " + KEY, "Basic /w=="):
        assert client.get("/", headers={"Authorization": header}).status_code == 401
    page = client.get("/", auth=("Kim", KEY))
    assert Page(page.text).by_name("taken_by")["value"] == "Kim"
    assert KEY not in page.text
    assert send(client, auth=("Kim", KEY)).status_code == 201
    assert len(broker.mentions) == 1


@pytest.mark.parametrize("stamp", ["", "1772400000000.0000", "x"])
def test_a_form_that_another_site_made_is_not_taken(broker: Broker, stamp: str) -> None:
    """Browsers add the key to whatever form is sent here; only our page knows the stamp."""
    client, kim = client_of(broker, KEY), ("Kim", KEY)
    answer = send(client, kim, stamp=stamp)
    assert answer.status_code == 403
    assert broker.records == []
    page = Page(answer.text)
    assert "Nobody answers." in answer.text
    assert send(client, kim, stamp=cast(str, page.by_name("stamp")["value"])).status_code == 201


def test_pages_are_protected_and_too_much_is_not_read(broker: Broker) -> None:
    client = client_of(broker)
    answer = client.get("/")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-cache"
    assert client.get("/nothing").status_code == 404
    assert send(client, message="x" * 300_000).status_code == 413
    assert send(client, message="x" * 20_001).status_code == 422
    assert client.post("/notes", data={f"f{n}": "1" for n in range(50)}).status_code == 400


def test_never_refuses_to_read() -> None:
    taken = taken_down_of(
        {"taken_by": " Kim\u0000 \n Agent ", "day": " 2026-03-01 ", "page": "https://x.example"}
    )
    assert (taken.taken_by, taken.day, taken.said.page) == ("Kim Agent", "2026-03-01", "")


def settings(secrets: str, tmp_path: Any, key: str = KEY) -> Settings:
    source = {"kind": "staff-form", "secrets": {"key": secrets} if secrets else {}}
    config = Config.model_validate({"sources": {"counter": source}})
    return Settings(config, tmp_path, None, environment={"STAFF_KEY": key}, endpoints={})


def test_only_this_machine_goes_without_a_key(tmp_path: Any) -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert staff_key(settings("", tmp_path), "counter", host) is None
    for host in ("0.0.0.0", "10.1.2.3", "intranet.example"):
        with pytest.raises(UsageError, match="key is missing"):
            staff_key(settings("", tmp_path), "counter", host)
        assert staff_key(settings("STAFF_KEY", tmp_path), "counter", host) == KEY
    with pytest.raises(UsageError, match="at least 16"):
        staff_key(settings("STAFF_KEY", tmp_path, "short"), "counter", "127.0.0.1")


def test_what_is_configured() -> None:
    config = Config.model_validate({"sources": {"counter": {"kind": "staff-form", "company": "Example Air"}}})
    assert staff_source(config, None) == ("counter", StaffFormOptions(company="Example Air"))
    with pytest.raises(UsageError, match="no source hall"):
        staff_source(config, "hall")
    with pytest.raises(UsageError, match="none"):
        staff_source(Config(), None)
    wrong = Config.model_validate({"sources": {"counter": {"kind": "staff-form", "zone": "Mars"}}})
    with pytest.raises(UsageError, match="Mars"):
        staff_source(wrong, None)
