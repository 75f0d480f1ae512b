"""A case gets its ticket in a real Request Tracker, once though the sink is killed; and is answered there."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.http_server import Request, serving
from fixtures_request_tracker import OURS, RequestTrackerServer
from listener import examples
from listener.bootstrap import desk_sink_name, sink_group
from listener.domain.case import Case
from listener.domain.desk import Ticket
from listener.domain.ids import case_id
from listener.domain.mention import Mention
from listener.domain.topics import RAW, TICKETS, TRIAGE
from listener.kafka.admin import TopicAdmin
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from relay import Relay

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
WAIT_SECONDS = 120.0
CASE = Case.read(examples.examples()[Case].to_json())
"""With a contact and an answer."""
SINK = desk_sink_name("support")


def wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.2)


class Here:
    """A configuration that leads to the helpdesk by way of a relay, and the processes that use it."""

    def __init__(self, directory: Path, connection: KafkaConnection, address: str) -> None:
        self.directory = directory
        (directory / "listener.yaml").write_text(
            f"desks:\n  support:\n    kind: request-tracker\n    url: {address}\n    username: {OURS[0]}\n"
            "    secrets: {password: RT_PASSWORD}\n    queue: Complaints\n    internal_hosts: [127.0.0.1]\n"
            "    answers: {channel: email}\n"
        )
        self.environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers,
            "RT_PASSWORD": OURS[1],
        }

    @contextmanager
    def running(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A command, until the end of the block."""
        with (self.directory / f"{words[0]}.log").open("ab") as log:
            argv = [sys.executable, "-m", "listener", *words]
            process = subprocess.Popen(argv, cwd=self.directory, env=self.environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def said(self) -> str:
        """All that the commands have told."""
        return "".join(path.read_text() for path in self.directory.glob("*.log"))


def publish(connection: KafkaConnection, *cases: Case) -> None:
    with Publisher(connection, client_id="test") as publisher:
        for each in cases:
            publisher.publish(TRIAGE.name, each.case_id, each.to_json())
        publisher.flush()


def recorded(connection: KafkaConnection) -> dict[str, Ticket]:
    """Case to its ticket, as the topic says it."""
    tickets = (Ticket.read(record.value) for record in read_whole(connection, TICKETS.name) if record.value)
    return {ticket.case_id: ticket for ticket in tickets}


def committed(admin: TopicAdmin) -> int:
    return sum(admin.committed_offsets(sink_group(SINK)).values())


def test_a_case_is_one_ticket_though_the_sink_dies_before_it_is_recorded(
    connection: KafkaConnection, request_tracker: RequestTrackerServer, tmp_path: Path
) -> None:
    first = CASE.model_copy(
        update={"case_id": case_id("x:dies"), "anchor": "x:dies", "state": "waiting_for_us"}
    )
    relay = Relay(request_tracker.url)
    with serving(relay) as address, TopicAdmin(connection) as admin:
        here = Here(tmp_path, connection, address)
        publish(connection, first)
        with here.running("sink", SINK) as dying:

            def die(request: Request) -> None:
                if request.method == "POST":
                    dying.kill()

            relay.when_answered = die
            assert dying.wait(WAIT_SECONDS) == -9
        assert len(request_tracker.tickets()) == 1
        assert recorded(connection) == {}

        relay.when_answered = None
        said = first.contacts[0].model_copy(update={"mention_id": "x:again", "excerpt": "still nothing"})
        later = first.model_copy(update={"version": first.version + 1, "contacts": (*first.contacts, said)})
        publish(connection, later)
        with here.running("sink", SINK):
            wait(lambda: committed(admin) == 2, "both snapshots are committed")
        [ticket] = request_tracker.tickets()
        assert recorded(connection)[first.case_id].ticket_id == str(ticket["id"])
        assert recorded(connection)[first.case_id].case_version == later.version

        heir = later.model_copy(update={"case_id": case_id("x:first"), "supersedes": (first.case_id,)})
        over = first.model_copy(
            update={"version": later.version + 1, "state": "superseded", "superseded_by": heir.case_id}
        )
        publish(connection, over, heir)
        with here.running("sink", SINK):
            wait(lambda: committed(admin) == 4, "the new name is committed")
            [ticket] = request_tracker.tickets()
            assert ticket["Subject"].startswith(heir.case_id)
            publish(connection, heir.model_copy(update={"version": heir.version + 1, "state": "resolved"}))
            wait(lambda: committed(admin) == 5, "the end is committed")
        assert [each["Status"] for each in request_tracker.tickets()] == ["resolved"]
        assert recorded(connection)[heir.case_id].state == "closed"
        assert recorded(connection)[first.case_id].superseded_by == heir.case_id
        checked = subprocess.run(
            [sys.executable, "-m", "listener", "sink", SINK, "--check"],
            cwd=tmp_path,
            env=here.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Request Tracker 5." in checked.stdout
    assert OURS[1] not in here.said() + checked.stdout + checked.stderr
    assert "still nothing" not in here.said()


def test_it_is_answered_there_and_the_case_closes(
    connection: KafkaConnection, request_tracker: RequestTrackerServer, tmp_path: Path
) -> None:
    """With a real worker: from what a customer says, by way of the ticket, to the case that is resolved."""
    mention = Mention.read(examples.examples()[Mention].to_json()).model_copy(
        update={"mention_id": "chirp:asks", "native_id": "asks", "historical": False}
    )
    name = case_id(mention.mention_id)

    def state() -> str | None:
        found = None
        for record in read_whole(connection, TRIAGE.name):
            if record.key == name.encode() and record.value is not None:
                found = Case.read(record.value)
        return found.state if found is not None else None

    def tickets() -> list[dict[str, object]]:
        return request_tracker.tickets(f"RefersTo = 'listener:{name}'")

    with serving(Relay(request_tracker.url)) as address:
        here = Here(tmp_path, connection, address)
        with (
            here.running("stream", "--worker", "1", "--data-dir", str(tmp_path / "data")),
            here.running("sink", SINK),
            here.running("desk-answers", "support", "--every-seconds", "0.5"),
        ):
            with Publisher(connection, client_id="test") as publisher:
                publisher.publish(RAW.name, mention.author, mention.to_json())
                publisher.flush()
            wait(lambda: len(tickets()) == 1, "the ticket is there")
            [ticket] = tickets()
            request_tracker.correspond(str(ticket["id"]), "Your parcel leaves today.")
            wait(lambda: state() == "waiting_for_customer", "the case is answered")
            request_tracker.ask("PUT", f"/ticket/{ticket['id']}", json={"Status": "resolved"})
            wait(lambda: state() == "resolved", "the case is resolved")
            wait(lambda: recorded(connection)[name].state == "closed", "the ticket follows")
        assert [each["id"] for each in tickets()] == [ticket["id"]]
    assert "Your parcel leaves today." not in here.said()
