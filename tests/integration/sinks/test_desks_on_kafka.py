"""A case gets its ticket in a real Request Tracker, once though the sink is killed; and is answered there."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka.partitioner import murmur2
from kafka.admin import KafkaAdminClient
from standardwebhooks.webhooks import Webhook

from conformance.gate import Drop, Gate, Refuse
from conformance.http_server import Answer, Request, serving
from fakes.desk import KEY
from fixtures_broker import PARTITIONS
from fixtures_request_tracker import AGENT, NO_RESPONSE, OURS, RequestTrackerServer
from inbox import Inbox, taking_mail
from listener import examples
from listener.bootstrap import desk_sink_name, sink_group
from listener.domain.case import Case
from listener.domain.desk import Ticket
from listener.domain.governance import AuditEntry
from listener.domain.ids import case_id
from listener.domain.mention import Mention
from listener.domain.response import Response
from listener.domain.topics import AUDIT, RAW, RESPONSES, TICKETS, TRIAGE
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


REQUEST_TRACKER = """\
  support:
    kind: request-tracker
    url: {address}
    username: listener
    secrets: {{password: RT_PASSWORD}}
    queue: Complaints
    internal_hosts: [127.0.0.1]
    answers: {{channel: email}}
"""
OTHERS = """\
  back-office:
    kind: webhook
    secrets: {{url: HOOK_URL, key: HOOK_KEY}}
    internal_hosts: [127.0.0.1]
  mailbox:
    kind: email
    host: 127.0.0.1
    port: {port}
    tls: none
    sender: listener@example.test
    to: [claims@example.test]
    internal_hosts: [127.0.0.1]
"""


class Here:
    """A configuration with desks, and the processes that use it."""

    def __init__(self, directory: Path, connection: KafkaConnection, desks: str, **secrets: str) -> None:
        self.directory = directory
        (directory / "listener.yaml").write_text(f"kafka: {{partitions: {PARTITIONS}}}\ndesks:\n{desks}")
        self.environment = os.environ | secrets | {"KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers}

    @contextmanager
    def running(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A command, until the end of the block."""
        with (self.directory / f"{words[0]}.log").open("ab") as log:
            argv = [sys.executable, "-m", "listener", *words]
            process = subprocess.Popen(argv, cwd=self.directory, env=self.environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(WAIT_SECONDS)

    def run(self, *words: str) -> str:
        """A command that ends by itself; what it told."""
        argv = [sys.executable, "-m", "listener", *words]
        done = subprocess.run(
            argv,
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

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


def committed(admin: TopicAdmin, sink: str = SINK) -> int:
    return sum(admin.committed_offsets(sink_group(sink)).values())


def test_a_case_is_one_ticket_though_the_sink_dies_before_it_is_recorded(
    connection: KafkaConnection, request_tracker: RequestTrackerServer, tmp_path: Path
) -> None:
    first = CASE.model_copy(
        update={"case_id": case_id("x:dies"), "anchor": "x:dies", "state": "waiting_for_us"}
    )
    relay = Relay(request_tracker.url)
    with serving(relay) as address, TopicAdmin(connection) as admin:
        here = Here(tmp_path, connection, REQUEST_TRACKER.format(address=address), RT_PASSWORD=OURS[1])
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
        checked = here.run("sink", SINK, "--check")
        assert "Request Tracker 5." in checked
    assert OURS[1] not in here.said() + checked
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
        here = Here(tmp_path, connection, REQUEST_TRACKER.format(address=address), RT_PASSWORD=OURS[1])
        here.run("topics")  # those of the worker's tables, too
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


def test_nobody_has_to_answer_it_and_all_that_is_in_the_ticket_is_over(
    connection: KafkaConnection, request_tracker: RequestTrackerServer, tmp_path: Path
) -> None:
    """With a real worker: two contacts are one case by what they are about, and the first is none after all."""
    first, second = (
        Mention.read(examples.examples()[Mention].to_json()).model_copy(
            update={
                "mention_id": f"chirp:{name}",
                "native_id": name,
                "author": "chirp:kind",
                "occurred_at": at,
            }
        )
        for name, at in (("kind-1", CASE.opened_at), ("kind-2", CASE.opened_at + timedelta(hours=1)))
    )
    name, heir = case_id(first.mention_id), case_id(second.mention_id)

    def cases() -> dict[str, Case]:
        read = (Case.read(each.value) for each in read_whole(connection, TRIAGE.name) if each.value)
        return {each.case_id: each for each in read if each.anchor_author == first.author}

    def states() -> dict[str, str]:
        return {of: each.state for of, each in cases().items()}

    def tickets() -> list[dict[str, object]]:
        return request_tracker.tickets(f"RefersTo = 'listener:{name}' OR RefersTo = 'listener:{heir}'")

    desks = REQUEST_TRACKER.replace("Complaints", "Praise") + f"    no_response_status: {NO_RESPONSE}\n"
    with serving(Relay(request_tracker.url)) as address:
        here = Here(tmp_path, connection, desks.format(address=address), RT_PASSWORD=OURS[1])
        here.run("topics")
        with (
            here.running("stream", "--worker", "1", "--data-dir", str(tmp_path / "data")),
            here.running("sink", SINK),
            here.running("desk-answers", "support", "--every-seconds", "0.5"),
        ):
            with Publisher(connection, client_id="test") as publisher:
                for mention in (first, second):
                    publisher.publish(RAW.name, mention.author, mention.to_json())
                publisher.flush()
            wait(lambda: len(tickets()) == 1, "the ticket is there")
            wait(lambda: [each.contact_count for each in cases().values()] == [2], "both are one case")
            [ticket] = tickets()
            request_tracker.ask("PUT", f"/ticket/{ticket['id']}", json={"Status": NO_RESPONSE})
            wait(lambda: states() == {name: "superseded", heir: "resolved"}, "both are over")
            wait(lambda: recorded(connection)[name].state == "retired", "the ticket follows")
        assert tickets() == [], "none was opened for what was the second"
        assert request_tracker.ask("GET", f"/ticket/{ticket['id']}")["Status"] == NO_RESPONSE
    told = [AuditEntry.read(each.value) for each in read_whole(connection, AUDIT.name) if each.value]
    assert [(each.action, each.actor, each.detail["contacts"]) for each in told if each.subject == name] == [
        ("case.close", AGENT[0], second.mention_id),
        ("case.needs_no_response", AGENT[0], first.mention_id),
    ]
    answers = (Response.read(each.value) for each in read_whole(connection, RESPONSES.name) if each.value)
    assert first.author not in {each.author for each in answers}


class Hook:
    """Takes what a webhook is told; its caller may die when it has taken something."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.when_taken: Callable[[], object] | None = None

    def respond(self, request: Request) -> Answer:
        Webhook(KEY).verify(request.body, dict(request.headers))
        self.taken.append((request.headers["webhook-id"], json.loads(request.body)))
        if self.when_taken is not None:
            self.when_taken()
        return Answer(204)


def test_a_webhook_and_a_mailbox_can_tell_a_repeat(connection: KafkaConnection, tmp_path: Path) -> None:
    case = CASE.model_copy(
        update={"case_id": case_id("x:told"), "anchor": "x:told", "state": "waiting_for_us"}
    )
    hook, inbox = Hook(), Inbox()
    with serving(hook) as address, taking_mail(inbox) as port, TopicAdmin(connection) as admin:
        here = Here(
            tmp_path, connection, OTHERS.format(port=port), HOOK_URL=f"{address}/secret-path", HOOK_KEY=KEY
        )
        assert "the server answers" in here.run("sink", "desk-mailbox", "--check")
        hook.gate.meet(Refuse(503), Drop())
        publish(connection, case)
        with here.running("sink", "desk-back-office") as dying:
            hook.when_taken = dying.kill
            assert dying.wait(WAIT_SECONDS) == -9
        hook.when_taken = None
        with here.running("sink", "desk-back-office"), here.running("sink", "desk-mailbox"):
            wait(
                lambda: len([each for each in hook.taken if case.case_id in each[0]]) == 2, "it is told again"
            )
            wait(lambda: any(case.case_id.encode() in each for each in inbox.mails), "the mail is there")
            told = committed(admin, "desk-back-office")
            later = case.model_copy(update={"version": case.version + 1, "state": "resolved"})
            publish(connection, later)
            wait(lambda: committed(admin, "desk-back-office") > told, "the end is told")
            wait(lambda: f"{case.case_id}.{later.version}@".encode() in b"".join(inbox.mails), "and mailed")
    (first, opened), (again, _), (last, closed) = (each for each in hook.taken if case.case_id in each[0])
    assert first == again == f"{case.case_id}.{case.version}"
    assert (opened["type"], opened["data"]["ticket_id"]) == ("case.opened", case.case_id)
    assert last == f"{case.case_id}.{later.version}"
    assert (closed["type"], closed["data"]["case"]["state"]) == ("case.updated", "resolved")
    said = here.said()
    assert KEY not in said
    assert "secret-path" not in said
    assert "parcel" not in said


def group(connection: KafkaConnection) -> tuple[str, dict[str, set[int]]]:
    """The state of the sink's consumer group, and which partitions each member has."""
    admin = KafkaAdminClient(**connection.kafka_python())
    try:
        told = admin.describe_groups([sink_group(SINK)])[sink_group(SINK)]
    finally:
        admin.close()
    members = {
        member["member_id"]: {
            number
            for topic in (member["member_assignment"] or {}).get("assigned_partitions", ())
            for number in topic["partitions"]
        }
        for member in told["members"]
    }
    return told["group_state"], members


def test_two_processes_share_the_cases_and_each_case_has_one_ticket(
    connection: KafkaConnection, request_tracker: RequestTrackerServer, tmp_path: Path
) -> None:
    """The second joins while the first opens a ticket, and is killed while it opens one itself."""
    first_cases, later_cases = (
        [
            CASE.model_copy(update={"case_id": case_id(name), "anchor": name, "state": "waiting_for_us"})
            for name in (f"x:shared-{number}" for number in numbers)
        ]
        for numbers in (range(10), range(10, 30))
    )
    relay = Relay(request_tracker.url)
    opening, may_go = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        if request.method == "POST" and not opening.is_set():
            opening.set()
            may_go.wait(WAIT_SECONDS)

    def told() -> bool:
        return committed(admin) == sum(admin.end_offsets([TRIAGE.name]).values())

    relay.when_asked = hold
    with serving(relay) as address, TopicAdmin(connection) as admin:
        here = Here(tmp_path, connection, REQUEST_TRACKER.format(address=address), RT_PASSWORD=OURS[1])
        publish(connection, *first_cases)
        with here.running("sink", SINK):
            assert opening.wait(WAIT_SECONDS)
            [alone] = group(connection)[1]
            with here.running("sink", SINK) as second:
                wait(lambda: group(connection)[0] == "PreparingRebalance", "the second is there")
                asked = len(relay.passed)
                time.sleep(2.0)  # whoever did not wait for the ticket would have the case by now
                assert (group(connection)[0], len(relay.passed)) == ("PreparingRebalance", asked)
                may_go.set()
                wait(lambda: group(connection)[0] == "Stable", "the partitions are shared")
                shares = group(connection)[1]
                assert sorted(map(len, shares.values())) == [PARTITIONS // 2] * 2
                wait(told, "all are told")

                [its_own] = [numbers for member, numbers in shares.items() if member != alone]

                def die(request: Request) -> None:
                    named = (
                        json.loads(request.body or b"{}").get("RefersTo", [""])[0].removeprefix("listener:")
                    )
                    if named and (murmur2(named.encode()) & 0x7FFFFFFF) % PARTITIONS in its_own:
                        second.kill()

                relay.when_answered = die
                publish(connection, *later_cases)
                assert second.wait(WAIT_SECONDS) == -9
                relay.when_answered = None
            wait(told, "the first has told those of the second")
            assert list(group(connection)[1].values()) == [set(range(PARTITIONS))]
    subjects = [str(ticket["Subject"]) for ticket in request_tracker.tickets()]
    known = recorded(connection)
    for each in (*first_cases, *later_cases):
        assert sum(subject.startswith(each.case_id) for subject in subjects) == 1
        assert known[each.case_id].state == "open"
