"""Two workers of a whole installation: what both have to know, and what must hold while it changes."""

import json
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, groupby
from pathlib import Path
from typing import Any

import pytest

from fixtures_installation import IDLE_SECONDS, Installation
from labelled import complaints
from listener.domain.customer import Customer
from listener.domain.mention import Contactable, Mention
from listener.domain.response import Response
from listener.domain.topics import CUSTOMERS, ENRICHED, PARTIES, PARTY_EVENTS
from listener.kafka.publish import Publisher
from listener.models.in_use import put_in_use
from listener.training.linear import make
from listener.training.train import train
from stream.customers import KNOWN_SECONDS
from stream.triage.policy import DEFAULT

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

NOW = datetime.now(UTC)
"""The installation tells time by the wall: what was said three days ago has failed."""
TAXONOMY = "nodes: [{{id: {name}, name: Luggage, owner: ground, keywords: [bag]}}]\n"
AUTHORS = 24
"""So many that either worker has some."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the configuration is, with a manager who has one place, a taxonomy, and no model yet."""
    made = tmp_path_factory.mktemp("configured")
    (made / "policy.yaml").write_text(DEFAULT.read_text() + "\nlevels: {manager: {capacity: 1}}\n")
    (made / "taxonomy.yaml").write_text(TAXONOMY.format(name="bags"))
    (made / "models").mkdir()
    (made / "listener.yaml").write_text(
        "policy: policy.yaml\ntaxonomy: taxonomy.yaml\nmodels: models\nmatching: {mode: exact}\n"
    )
    return made


@pytest.fixture(scope="module")
def up(new_installation: Callable[..., Installation], directory: Path) -> Installation:
    environment = {"LISTENER_CONFIG": str(directory / "listener.yaml")}
    return new_installation("--no-simulate", "--workers", "2", environment=environment)


def mention(name: str, author: str, text: str, hours_ago: float = 0, email: str | None = None) -> Mention:
    return Mention(
        mention_id=f"test:{name}",
        source="test",
        source_kind="test",
        native_id=name,
        author=f"test:{author}",
        channel="email",
        visibility="private",
        text=text,
        occurred_at=NOW - timedelta(hours=hours_ago),
        received_at=NOW,
        contactable=None if email is None else Contactable(email=email),
    )


def complaint(name: str, hours_ago: float) -> Mention:
    return mention(name, name, "My bag is lost and nobody answers", hours_ago)


def publish(up: Installation, *values: Mention | Response) -> None:
    with Publisher(up.kafka, client_id="test") as publisher:
        for value in values:
            topic, key = (
                ("mentions.raw", value.key) if isinstance(value, Mention) else ("responses", value.author)
            )
            publisher.publish(topic, key, value.to_json())
        publisher.flush()
    up.wait_idle()


def enriched(up: Installation, prefix: str) -> list[tuple[float, dict[str, Any]]]:
    """When a worker sent what, in seconds since 1970, of the mentions whose ids begin so; in that order."""
    sent = [(record.timestamp / 1000, json.loads(record.value)) for record in up.records(ENRICHED.name)]
    wanted = f"test:{prefix}"
    found = [one for one in sent if one[1].get("mention", {}).get("mention_id", "").startswith(wanted)]
    return sorted(found, key=lambda one: one[0])


@contextmanager
def talking(up: Installation, prefix: str, email: str | None = None) -> Iterator[list[str]]:
    """All authors say something five times a second; the ids of what they said."""
    said: list[str] = []
    stop = threading.Event()

    def talk() -> None:
        with Publisher(up.kafka, client_id="test") as publisher:
            for round_ in count():
                for author in range(AUTHORS):
                    value = mention(
                        f"{prefix}-{round_}-{author}", f"{prefix}-{author}", "Thanks", email=email
                    )
                    publisher.publish("mentions.raw", value.key, value.to_json())
                    said.append(value.mention_id)
                publisher.flush()
                if stop.wait(0.2):
                    return

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield said
    finally:
        stop.set()
        thread.join()
    up.wait_idle()


def levels(up: Installation) -> dict[str, tuple[str, bool]]:
    """By anchor: the level, and whether the case stands below because there is no place."""
    return {
        case["anchor"]: (
            case["level"],
            "levels.manager.capacity" in [reason["rule"] for reason in case["reasons"]],
        )
        for case in up.cases().values()
    }


def until(up: Installation, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + IDLE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, up.said()
        time.sleep(0.5)


def people_by_cause(up: Installation) -> dict[str, tuple[str, int, int]]:
    """Root cause to its owner, its parties, and what they said, as the report counts them."""
    rows = json.loads(up.run("report", "root-causes", "--format", "json"))
    return {row["cause"]: (row["owner"], row["parties"], row["mentions"]) for row in rows}


def test_the_place_at_a_level_goes_to_who_waits_longest(up: Installation) -> None:
    def stand(**expected: tuple[str, bool]) -> None:
        """A level says who has a place some time after nothing waits: just after a start it puts claims off."""
        until(up, lambda: levels(up) == {f"test:{name}": place for name, place in expected.items()})

    publish(up, complaint("late", 50), complaint("early", 70))
    stand(early=("manager", False), late=("front_line", True))
    assert up.select(
        "SELECT anchor FROM listener.current_cases WHERE has(reasons, 'levels.manager.capacity')"
    ) == [("test:late",)]
    up.signal(signal.SIGKILL, "listener", "stream")
    publish(up, complaint("later", 30))
    stand(early=("manager", False), late=("front_line", True), later=("front_line", True))
    answer = Response(
        response_id="r",
        contact="test:early",
        author="test:early",
        channel="email",
        by="Jo",
        kind="resolved",
        occurred_at=NOW,
        received_at=NOW,
    )
    publish(up, answer)
    stand(early=("manager", False), late=("manager", False), later=("front_line", True))


def test_past_contacts_are_called_by_the_taxonomy_of_today(up: Installation, directory: Path) -> None:
    def causes() -> dict[str, str]:
        return {case["anchor"]: case["root_cause"] for case in up.cases().values()}

    up.run("reclassify", "test:later", "unknown", "--by", "A. Person")
    up.wait_idle()
    assert causes() == {"test:early": "bags", "test:late": "bags", "test:later": "unknown"}
    (directory / "taxonomy.yaml").write_text(TAXONOMY.format(name="luggage"))
    history = ("reclassify", "--history", "--by", "K. Agent")
    assert "bags  luggage          2" in up.run(*history)
    up.run(*history, "--apply")
    up.wait_idle()
    assert causes() == {"test:early": "luggage", "test:late": "luggage", "test:later": "unknown"}
    assert "luggage" not in up.run(*history), "nothing is left to do"
    counted = {"luggage": ("ground", 2, 2), "unknown": ("", 1, 1)}
    until(up, lambda: people_by_cause(up) == counted)
    publish(up, complaint("late", 50))  # the workers' taxonomy is that of before, and calls it bags
    assert people_by_cause(up) == counted


def test_a_new_customer_is_known_to_all_workers_within_seconds(up: Installation) -> None:
    email = "new@example.org"
    with talking(up, "new", email), Publisher(up.kafka, client_id="test") as publisher:
        time.sleep(1)
        new = Customer(customer_id="C-new", emails=(email,))
        publisher.publish(CUSTOMERS.name, new.customer_id, new.to_json())
        publisher.flush()
        stored_at = time.time()
        time.sleep(KNOWN_SECONDS / 2)
    sent: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for sent_at, value in enriched(up, "new"):
        sent[value["author"]].append((sent_at, value["match"]["status"]))
    assert len(sent) == AUTHORS
    for author, matches in sent.items():
        found = [status for status, _ in groupby(status for _, status in matches)]
        assert found == ["unknown", "matched"], author
    last = max(at for matches in sent.values() for at, status in matches if status == "unknown")
    print(f"a worker did not know a new customer for {last - stored_at:.2f} s")
    assert last - stored_at < KNOWN_SECONDS


def test_who_was_heard_before_becomes_a_customer_by_a_rematch_and_moves_once(
    up: Installation, tmp_path: Path
) -> None:
    heard = [mention("before", "before", "My bag is lost", email="before@example.org"), complaint("other", 1)]
    publish(up, *heard)
    file = tmp_path / "customers.csv"
    file.write_text("customer_id,names,emails\nC-before,Ann Smith,before@example.org\n")
    up.run("customers", "import", str(file))
    rematch = ("rematch", "--by", "K. Agent", "--format", "json")
    [change] = json.loads(up.run(*rematch))
    assert (change["author"], change["is"], change["would_be"]) == (
        "test:before",
        "a:test:before",
        "c:C-before",
    )
    assert "Ann Smith (C-before)" in change["rests_on"]
    assert up.newest(PARTIES.name)["test:before"]["epoch"] == 1, "nothing was done yet"
    up.run(*rematch, "--apply")
    up.wait_idle()
    assert json.loads(up.run(*rematch)) == [], "nothing is left to do"
    up.run("rematch", "test:before", "--by", "K. Agent", "--apply")
    up.wait_idle()
    truth = up.newest(PARTIES.name)["test:before"]
    assert (truth["party"], truth["epoch"], truth["method"]) == ("c:C-before", 2, "email")
    told = [json.loads(record.value) for record in up.records(PARTY_EVENTS.name)]
    moves = [
        (event["kind"], event["party"])
        for event in told
        if event["author"] == "test:before" and event["kind"] in {"join", "leave", "left"}
    ]
    assert sorted(moves) == [("join", "c:C-before"), ("leave", "a:test:before"), ("left", "c:C-before")]
    [case] = [case for case in up.cases().values() if case["anchor"] == "test:before"]
    assert (case["party"], case["customer"]["name"]) == ("c:C-before", "Ann Smith")


def test_models_are_replaced_while_mentions_flow(up: Installation, directory: Path) -> None:
    def trained(texts: int) -> str:
        made = train(
            complaints(texts), make, directory / "models", NOW + timedelta(seconds=texts), 0.0, 1, 1, _quiet
        )
        put_in_use(made.directory)
        return made.card.version

    def heard(version: str) -> bool:
        """Whether both workers have it, that is, all authors were judged by it."""
        said = [value for _, value in enriched(up, "model")]
        by_it = {one["author"] for one in said if one["enrichment"]["versions"]["complaint"] == version}
        return len(by_it) == AUTHORS

    with talking(up, "model") as said:
        first = trained(80)
        until(up, lambda: heard(first))
        second = trained(120)
        until(up, lambda: heard(second))
    by_author: dict[str, list[str]] = defaultdict(list)
    arrived: list[str] = []
    for _, value in enriched(up, "model"):
        arrived.append(value["mention"]["mention_id"])
        by_author[value["author"]].append(value["enrichment"]["versions"]["complaint"])
    assert sorted(arrived) == sorted(said), "none is lost, none twice"
    for versions in by_author.values():
        rules, *models = [version for version, _ in groupby(versions)]
        assert (rules.startswith("rules-"), models) == (True, [first, second])


def _quiet(_: float) -> None:
    """Nobody watches."""
