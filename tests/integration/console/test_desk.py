"""What the console does with cases, on a real Kafka: a snapshot read from its place, and each act once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes.case_office import case_of, contact
from listener.bootstrap_cases import Desk, KeptViews, search_case
from listener.cases.snapshots import CaseSnapshots, RecentCases
from listener.console.case_acts import AnswerForm, NotTaken
from listener.console.saved_views import SavedView
from listener.domain.case import Case
from listener.domain.command import CaseCommand
from listener.domain.governance import AuditEntry
from listener.domain.response import Response
from listener.domain.topics import AUDIT, COMMANDS, CONFIG, LINKS, RESPONSES, TRIAGE
from listener.embedded.kafka import KafkaServer
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from listener.settings import Config, Settings

pytestmark = pytest.mark.kafka

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(kafka_server: KafkaServer) -> Settings:
    environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers}
    settings = Settings(Config(), Path(), None, environment, {})
    with TopicAdmin(settings.kafka) as admin:
        admin.create(plan([TRIAGE, RESPONSES, COMMANDS, AUDIT, CONFIG, LINKS], 1, 1, {}))
    return settings


@pytest.fixture(scope="module")
def out(settings: Settings) -> Iterator[Publisher]:
    with Publisher(settings.kafka, client_id="test") as out:
        yield out


def published(settings: Settings, topic: str, part: str) -> list[bytes]:
    """Values with this in them."""
    found = [record.value or b"" for record in read_whole(settings.kafka, topic)]
    return [value for value in found if part.encode() in value]


def case(number: str, version: int = 1) -> Case:
    return case_of(contact(1, AT, mention_id=f"desk:{number}"), version=version)


def desk(settings: Settings, out: Publisher, places: dict[str, tuple[int, int, int]]) -> Desk:
    snapshots = CaseSnapshots(
        settings.kafka, RecentCases(), places.get, lambda case_id: search_case(settings, case_id)
    )
    return Desk(settings, out.deliver, snapshots, lambda: AT)


def test_a_snapshot_is_read_from_where_it_stands(settings: Settings, out: Publisher) -> None:
    told = [case("a"), case("b"), case("a", 2)]
    for each in told:
        out.deliver(TRIAGE.name, each.case_id, each.to_json())
    stands = {
        (record.key or b"").decode(): (record.partition, record.offset)
        for record in read_whole(settings.kafka, TRIAGE.name)
    }
    one, other = told[2], told[1]
    right = {each.case_id: (each.version, *stands[each.case_id]) for each in (one, other)}
    at_work = desk(settings, out, right)
    assert at_work.snapshot(one.case_id) == one
    assert at_work.snapshot(other.case_id) == other
    assert at_work.snapshot("K-AAAAAAAAAAAAA") is None
    for place in (stands[other.case_id], (0, 10**9), (0, -1)):
        wrong = desk(settings, out, {one.case_id: (one.version, *place)})
        assert wrong.snapshot(one.case_id) == one, "it is looked for where another record stands"
    gone = desk(settings, out, {"K-AAAAAAAAAAAAA": (1, 0, -1)})
    assert gone.snapshot("K-AAAAAAAAAAAAA") is None


def test_an_answer_and_its_trace(settings: Settings, out: Publisher) -> None:
    at_work, about = desk(settings, out, {}), case("c")
    form = AnswerForm(
        kind="resolved", channel="phone", level="front_line", text="Found. " * 100, amount="5", currency="eur"
    )
    assert form.problems() == {}
    for _ in range(2):
        at_work.answer(about, form.told("Kim"), "token", AT)
    first, again = (Response.read(value) for value in published(settings, RESPONSES.name, about.anchor))
    assert first == again
    assert (first.contact, first.author, first.by, first.occurred_at) == (
        about.anchor,
        about.anchor_author,
        "Kim",
        AT,
    )
    assert first.goodwill is not None
    entry = AuditEntry.read(published(settings, AUDIT.name, about.case_id)[0])
    assert (entry.actor, entry.action, entry.subject) == ("Kim", "respond", about.case_id)
    assert "Found" not in entry.to_json().decode()
    with pytest.raises(NotTaken) as wrong:
        at_work.answer(about, {**form.told("Kim"), "kind": "declined"}, "other", AT)
    assert "reason" in wrong.value.problems


def test_an_act_and_its_trace(settings: Settings, out: Publisher) -> None:
    at_work = desk(settings, out, {})
    at_work.act(
        "apart", [("desk:x", "desk:ann"), ("desk:y", "desk:ann")], "K-X", "Kim", AT, reason="two parcels"
    )
    [value] = published(settings, COMMANDS.name, "desk:x")
    command = CaseCommand.read(value)
    assert (command.action, command.contacts, command.author) == ("apart", ("desk:x", "desk:y"), "desk:ann")
    assert [AuditEntry.read(each).action for each in published(settings, AUDIT.name, "K-X")] == ["case.apart"]
    at_work.decide("desk:ann", "C-1", "confirmed", "Kim", AT, "called back")
    assert len(published(settings, LINKS.name, "C-1")) == 1


def test_views_are_there_on_every_machine(settings: Settings, out: Publisher) -> None:
    here, there = (KeptViews(settings, out.deliver, lambda: AT) for _ in range(2))
    assert here.read("Kim") == []
    views = [SavedView("Late", "due=overdue")]
    here.write("Kim", views)
    assert here.read("Kim") == there.read("Kim") == views
    assert there.read("Lea") == []
    there.write("Kim", [])
    assert here.read("Kim") == []
    here.close()
    there.close()
