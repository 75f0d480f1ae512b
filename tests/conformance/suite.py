"""The suite that every connector passes, written once; a class per network inherits it. See README.md."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conformance.connect import Connect
from conformance.gate import Cut, Drop, Fault, Page, Refuse
from conformance.heard import Heard
from conformance.network import Ability, Network
from listener.domain.ids import mention_id
from listener.domain.topics import ALL
from listener.embedded.kafka import KafkaServer
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection

RETRY_AFTER_SECONDS = 3
IN_FLIGHT_SECONDS = 0.5
"""Requests that were on their way when the refusal was sent may still arrive."""
KILLS = [(1, 0.0), (2, 0.0), (2, 0.05), (3, 0.15), (4, 0.4)]
"""At which request from the start it is killed, and how many seconds after that request arrived."""


@pytest.mark.kafka
class Conformance:
    """What a connector owes to whoever relies on it; the class that inherits this has a fixture `network`."""

    @pytest.fixture(scope="class")
    @staticmethod
    def kafka(kafka_server: KafkaServer) -> KafkaConnection:
        """A broker with the topics."""
        connection = KafkaConnection(kafka_server.bootstrap_servers)
        with TopicAdmin(connection) as admin:
            admin.create(plan(ALL, 3, 1, {}))
        return connection

    @pytest.fixture
    def source(self, topic_prefix: str) -> str:
        """A name of this test's own, on the broker that all tests share."""
        return topic_prefix.rstrip(".")

    @pytest.fixture
    def heard(self, kafka: KafkaConnection, source: str) -> Iterator[Heard]:
        """What the source has published since the test began."""
        with Heard(kafka, source) as reader:
            yield reader

    @pytest.fixture
    def connect(
        self, tmp_path: Path, kafka: KafkaConnection, source: str, network: Network
    ) -> Iterator[Connect]:
        """The connector under test, not started yet."""
        made = Connect(tmp_path, kafka, source, network.source(), network.environment())
        yield made
        if made.alive:
            made.kill()
            made.wait()

    def test_check_shows_what_there_is_and_publishes_nothing(
        self, network: Network, connect: Connect, heard: Heard
    ) -> None:
        network.post("ann", "the parcel never came")
        connect.start("--check")
        assert connect.wait() == 0, connect.told
        assert "the parcel never came" in connect.told
        connect.start()
        until_all(network, heard, connect)
        assert len(heard.said) == 1, "the check published nothing, so this is all"

    def test_everything_is_heard_once(self, network: Network, connect: Connect, heard: Heard) -> None:
        network.post("ann", "there before the start")
        connect.start()
        until_all(network, heard, connect)
        first = network.post("ben", "posted while it runs, with ümlauts & <signs> 🎉")
        network.post("cem", "a reply", reply_to=first)
        until_all(network, heard, connect)
        settle(network, heard, connect)
        assert_no_repeats(heard)
        (reply,) = (mention for mention in heard.mentions if mention.text == "a reply")
        assert reply.reply_to == mention_id(network.kind, first)
        by_author = defaultdict(set)
        for mention in heard.mentions:
            by_author[mention.author].add(mention.text)
        assert len(by_author) == len({"ann", "ben", "cem", "settled"}), "each account is one author"
        connect.stop()

    def test_after_an_outage_nothing_is_missing_and_nothing_comes_twice(
        self, network: Network, connect: Connect, heard: Heard
    ) -> None:
        network.post("ann", "before")
        connect.start()
        until_all(network, heard, connect)
        network.gate.down()
        for number in range(network.page_size + 3):
            network.post("ben", f"during the outage {number}")
        network.gate.wait_asked(2)
        assert connect.alive, connect.told
        network.gate.up()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        assert_no_repeats(heard)

    def test_stopped_and_started_again_it_goes_on(
        self, network: Network, connect: Connect, heard: Heard
    ) -> None:
        network.post("ann", "before the stop")
        connect.start()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        connect.stop()
        for number in range(2 * network.page_size + 1):
            network.post("ben", f"while nobody listened {number}")
        connect.start()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        assert_no_repeats(heard)

    def test_killed_at_any_request_it_leaves_no_gap(
        self, network: Network, connect: Connect, heard: Heard
    ) -> None:
        network.post("ann", "before")
        connect.start()
        for _ in range(
            2
        ):  # a source that is quite new need not read all that was ever said; so that none of it is
            settle(network, heard, connect)
        connect.kill()
        connect.wait()
        for number, after_seconds in KILLS:
            for each in range(network.page_size):
                network.post("ben", f"before kill {number} {after_seconds:g}, {each}")
            network.gate.cut()  # what the one before has left open is nobody's any more
            killer = threading.Timer(after_seconds, connect.kill)
            network.gate.at(number, killer.start)
            connect.start()
            while not killer.finished.wait(0.5):  # to a stream, something must be said for it to move
                network.post("cem", f"until kill {number} {after_seconds:g}")
            assert connect.wait() == -9, connect.told
        connect.start()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        assert_repeats_are_identical(heard)

    def test_what_the_service_asks_to_wait_is_waited(
        self, network: Network, connect: Connect, heard: Heard
    ) -> None:
        need(network, "http")
        network.post("ann", "before")
        connect.start()
        until_all(network, heard, connect)
        network.gate.meet(Refuse(429, {"Retry-After": str(RETRY_AFTER_SECONDS)}))
        network.gate.cut()
        network.post("ben", "during the limit")
        refused_at = network.gate.wait_met(1)
        until_all(network, heard, connect)
        early = [
            at - refused_at
            for at in network.gate.asked
            if refused_at + IN_FLIGHT_SECONDS < at < refused_at + RETRY_AFTER_SECONDS - 0.01
        ]
        assert early == [], f"asked again so many seconds after a 429 with {RETRY_AFTER_SECONDS} s"
        settle(network, heard, connect)
        assert_no_repeats(heard)

    def test_what_goes_wrong_at_the_server_is_survived(
        self, network: Network, connect: Connect, heard: Heard
    ) -> None:
        connect.start()
        settle(network, heard, connect)
        faults: list[Fault] = [Drop(), Cut()]
        if "http" in network.abilities:
            faults += [Refuse(500), Refuse(502), Refuse(503), Page()]
        for count, fault in enumerate(faults, 1):
            network.gate.meet(fault)
            network.gate.cut()
            network.post("ann", f"while {fault}")
            network.gate.wait_met(count)
            until_all(network, heard, connect)
        assert connect.alive, connect.told
        settle(network, heard, connect)
        assert_no_repeats(heard)
        assert heard.letters == [], "the server's troubles are nobody's words"

    def test_an_edit_is_a_revision(self, network: Network, connect: Connect, heard: Heard) -> None:
        need(network, "edits")
        edited = network.post("ann", "teh parcel")
        connect.start()
        until_all(network, heard, connect)
        network.edit(edited, "the parcel")
        until_all(network, heard, connect)
        (first_key, first), (second_key, second) = heard.of(edited)
        assert second.revision > first.revision
        assert second.mention_id == first.mention_id
        assert second.occurred_at == first.occurred_at
        assert second_key == first_key
        settle(network, heard, connect)
        assert_no_repeats(heard)

    def test_a_deletion_is_told_where_the_mention_is(
        self, network: Network, connect: Connect, heard: Heard
    ) -> None:
        need(network, "deletions")
        deleted = network.post("ann", "said too much")
        connect.start()
        until_all(network, heard, connect)
        network.delete(deleted)
        heard.until(lambda: heard.deletions(deleted), "the deletion", lambda: connect.told)
        ((key, _),) = heard.deletions(deleted)
        assert key == heard.of(deleted)[0][0]

    def test_the_companys_answers_are_its_responses(
        self, network: Network, connect: Connect, heard: Heard
    ) -> None:
        need(network, "answers")
        asked = network.post("ann", "where is my parcel?")
        connect.start()
        until_all(network, heard, connect)
        answer = network.answer(asked, "on its way")
        until_all(network, heard, connect)
        (key, said), *_ = heard.of(answer)
        ((asked_key, _),) = heard.of(asked)
        assert said.direction == "outbound"
        assert said.answers == mention_id(network.kind, asked)
        assert key == asked_key, "an answer stands in the history of whom it answers"

    def test_what_cannot_be_read_is_a_dead_letter_and_hides_nothing(
        self, network: Network, connect: Connect, heard: Heard
    ) -> None:
        need(network, "malformed")
        network.post("ann", "before")
        connect.start()
        until_all(network, heard, connect)
        network.post_malformed()
        network.post("ben", "behind")
        until_all(network, heard, connect)
        heard.until(lambda: heard.letters, "the dead letter", lambda: connect.told)
        settle(network, heard, connect)
        assert_no_repeats(heard)
        assert len(heard.letters) == 1, "one, however often it is told"

    def test_twice_and_in_any_order_is_once(self, network: Network, connect: Connect, heard: Heard) -> None:
        need(network, "disorder")
        network.disorder()
        network.post("ann", "before")
        connect.start()
        until_all(network, heard, connect)
        for number in range(4):
            network.post("ben", f"live {number}")
        until_all(network, heard, connect)
        network.gate.down()
        for number in range(network.page_size + 2):
            network.post("cem", f"during the outage {number}")
        network.gate.wait_asked(1)
        network.gate.up()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        assert_no_repeats(heard)

    def test_pages_that_move_while_they_are_read(
        self, network: Network, connect: Connect, heard: Heard
    ) -> None:
        network.post("ann", "before the stop")
        connect.start()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        connect.stop()
        missed = [
            network.post("ben", f"while nobody listened {number}")
            for number in range(2 * network.page_size + 1)
        ]
        for request in range(1, 6):
            network.gate.at(request, partial(network.post, "cem", f"during request {request}"))
        if "deletions" in network.abilities:
            network.gate.at(3, lambda: network.delete(missed[-1]))
        connect.start()
        until_all(network, heard, connect)
        settle(network, heard, connect)
        assert_no_repeats(heard)


def need(network: Network, ability: Ability) -> None:
    """Skips the test where the network has no such thing."""
    if ability not in network.abilities:
        pytest.skip(f"{network.kind}: not among its abilities: {ability}")


def until_all(network: Network, heard: Heard, connect: Connect) -> None:
    """Waits until what was heard is what exists."""
    heard.until(
        lambda: heard.texts == network.posts(),
        "what exists to be heard",
        lambda: f"missing {missing(network, heard)}\nbeyond {beyond(network, heard)}\n{connect.told[-5000:]}",
    )


def missing(network: Network, heard: Heard) -> Any:
    """What exists, and was not heard, or not so."""
    return dict(network.posts().items() - heard.texts.items())


def beyond(network: Network, heard: Heard) -> Any:
    """What was heard, and does not exist, or not so."""
    return dict(heard.texts.items() - network.posts().items())


def settle(network: Network, heard: Heard, connect: Connect) -> None:
    """Waits until whatever the connector could publish of what there is, it has: two more posts came after it,
    one after the other, so that the first is certainly of a batch that is done."""
    for _ in range(2):
        network.post("settled", "settled")
        until_all(network, heard, connect)


def assert_no_repeats(heard: Heard) -> None:
    """Each revision came once."""
    repeated = {identity: len(values) for identity, values in by_identity(heard).items() if len(values) > 1}
    assert repeated == {}


def assert_repeats_are_identical(heard: Heard) -> None:
    """A revision may have come again after a kill, saying the same under the same key."""
    for identity, values in by_identity(heard).items():
        assert len(set(values)) == 1, f"{identity} differs"


def by_identity(heard: Heard) -> dict[tuple[str, int], list[tuple[str, str]]]:
    """Key and content, without the time of hearing, by mention id and revision."""
    found = defaultdict(list)
    for key, value in heard.keyed:
        content = value.model_dump_json(exclude={"received_at"})
        found[value.mention_id, value.revision].append((key, content))
    return found
