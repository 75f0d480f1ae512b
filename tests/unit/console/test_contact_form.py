from collections.abc import Mapping
from datetime import datetime

from console_client import AGENT, NOW, PARTNER, Browser
from listener.bootstrap_cases import TakingDown
from listener.connectors.staff_form import StaffFormOptions
from listener.console.case_acts import Once
from listener.console.contact_form import contact_form_section
from listener.domain.errors import ServiceError
from listener.domain.governance import AuditEntry
from listener.domain.mention import Mention, read_raw
from listener.domain.topics import AUDIT, RAW


class Told:
    """What was published; `away` is answered with."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str, bytes]] = []
        self.away: ServiceError | None = None

    def deliver(self, topic: str, key: str, value: bytes) -> None:
        if self.away:
            raise self.away
        self.records.append((topic, key, value))


def browser(told: Told) -> Browser:
    ticks = iter(range(60))

    def now() -> datetime:
        return NOW.replace(second=next(ticks))

    form = TakingDown("counter", StaffFormOptions(company="Example Air"), told.deliver, now)
    return Browser(contact_form_section(form, Once(), now), person=AGENT)


FIELDS: Mapping[str, str] = {
    "way": "letter",
    "day": "2026-02-27",
    "message": "I wrote <b>twice</b>.",
    "name": "Ana Lee",
    "contact": "ana@example.org",
    "token": "a" * 32,
    "taken_by": "somebody else",
}


def test_it_is_stored_once_under_the_name_of_whoever_is_signed_in() -> None:
    told = Told()
    client = browser(told)
    assert "Example Air" in client.get("/take-down").text
    first, again = (client.post("/take-down", FIELDS) for _ in range(2))
    assert first.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert len(set(told.records)) == 2, "the same record again changes nothing"
    mention, entry = read_raw(told.records[0][2]), AuditEntry.read(told.records[1][2])
    assert [record[0] for record in told.records[:2]] == [RAW.name, AUDIT.name]
    assert isinstance(mention, Mention)
    assert (mention.channel, mention.source, mention.text) == ("letter", "counter", FIELDS["message"])
    assert (entry.actor, entry.subject) == ("Kim Agent", mention.mention_id)
    assert mention.native_id in client.get(first.headers["location"]).text


def test_what_is_wrong_is_said_and_nothing_typed_is_lost() -> None:
    told = Told()
    client = browser(told)
    page = client.post("/take-down", {**FIELDS, "way": "", "day": "2026-03-09"})
    assert page.status_code == 422
    for words in (
        "Choose how it was said.",
        "This day is still to come.",
        "I wrote &lt;b&gt;twice&lt;/b&gt;.",
    ):
        assert words in page.text
    told.away = ServiceError("Kafka does not answer.")
    page = client.post("/take-down", FIELDS)
    assert page.status_code == 503
    assert "Kafka does not answer." in page.text
    assert "I wrote &lt;b&gt;" in page.text
    assert told.records == []


def test_a_form_without_its_token_is_not_taken() -> None:
    told = Told()
    for token in ("", "a" * 100_000):
        assert browser(told).post("/take-down", {**FIELDS, "token": token}).status_code == 422
    assert told.records == []


def test_a_receipt_that_is_none_is_not_shown() -> None:
    assert "call 0900" not in browser(Told()).get("/take-down?receipt=call 0900").text


def test_partners_take_nothing_down() -> None:
    client = browser(Told())
    client.before.sits = PARTNER
    assert client.get("/take-down").status_code == 403
