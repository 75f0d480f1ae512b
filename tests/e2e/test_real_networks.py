"""Three real servers at once, a Bluesky PDS, a Matrix homeserver and a mailbox: from what people write there to
what analysts read. People post, edit, delete; the company replies from a second client; connectors are killed.
"""

import random
import signal
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import pytest
import yaml

from conformance.servers.bluesky import BlueskyPds
from conformance.servers.mailbox import Mailbox
from conformance.servers.matrix import LISTENER, MatrixRoom
from fixtures_dovecot import Dovecot
from fixtures_installation import Installation
from fixtures_pds import Pds
from fixtures_synapse import Synapse
from listener.times import parse_time

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]
ROUNDS = 4
WAIT_SECONDS = 120.0


class Place(Protocol):
    """Where people write; see `conformance.network.Network`."""

    def source(self) -> Mapping[str, Any]: ...
    def environment(self) -> Mapping[str, str]: ...
    def post(self, author: str, text: str) -> str: ...
    def answer(self, native_id: str, text: str) -> str: ...
    def posts(self) -> Mapping[str, str]: ...
    def said_at(self, native_id: str) -> datetime:
        """When something was said, as the server itself tells it."""
        ...


class Community(BlueskyPds):
    """The PDS without anything between."""

    def __init__(self, pds: Pds) -> None:
        super().__init__(pds)
        self.url = pds.url

    def said_at(self, native_id: str) -> datetime:
        repo, collection, rkey = native_id.removeprefix("at://").split("/")
        asked = {"repo": repo, "collection": collection, "rkey": rkey}
        found = httpx.get(f"{self.url}/xrpc/com.atproto.repo.getRecord", params=asked).json()
        return parse_time(found["value"]["createdAt"])


class Room(MatrixRoom):
    """The homeserver without anything between."""

    def __init__(self, synapse: Synapse) -> None:
        super().__init__(synapse)
        self.url = synapse.url
        self.server = synapse

    def said_at(self, native_id: str) -> datetime:
        path = f"/rooms/{quote(self.room_id)}/event/{quote(native_id)}"
        milliseconds = self.server.ask(LISTENER, "GET", path)["origin_server_ts"]
        return datetime.fromtimestamp(milliseconds / 1000, UTC)


def test_what_exists_there_is_what_analysts_see_however_often_the_connectors_die(
    pds: Pds,
    synapse: Synapse,
    dovecot: Dovecot,
    new_installation: Callable[..., Installation],
    tmp_path: Path,
) -> None:
    community, room, mailbox = Community(pds), Room(synapse), Mailbox(dovecot)
    places: dict[str, Place] = {"bluesky": community, "matrix": room, "mailbox": mailbox}
    sources = {name: dict(place.source()) for name, place in places.items()}
    (tmp_path / "listener.yaml").write_text(yaml.safe_dump({"sources": sources}))
    secrets = {name: value for place in places.values() for name, value in place.environment().items()}
    up = new_installation(
        "--no-simulate", environment={**secrets, "LISTENER_CONFIG": str(tmp_path / "listener.yaml")}
    )
    chance = random.Random(6)
    answered: dict[str, tuple[str, str]] = {}
    gone: set[str] = set()
    for number in range(ROUNDS):
        for name, place in places.items():
            asked, edited, deleted = (
                place.post(f"{who}{number}-{name}", f"My parcel {number} of {who} never came. Terrible!")
                for who in ("ann", "ben", "cem")
            )
            answered[asked] = name, place.answer(asked, f"It is on its way, {number}.")
            if isinstance(place, Community | Room):
                place.edit(edited, f"My parcel {number} came broken. Terrible!")
                place.delete(deleted)
                gone.add(deleted)
        kill_connectors(up, chance.uniform(0.0, 5.0))

    def shown(name: str) -> dict[str, str]:
        seen = (
            f"SELECT native_id, text FROM listener.current_mentions WHERE source = '{name}' AND NOT deleted"
        )
        return dict(up.select(seen))

    deadline = time.monotonic() + WAIT_SECONDS
    while any(shown(name) != place.posts() for name, place in places.items()):
        assert time.monotonic() < deadline, [
            (name, shown(name).items() ^ place.posts().items()) for name, place in places.items()
        ]
        time.sleep(0.5)
    up.wait_idle()
    emptied = up.select(
        "SELECT native_id, text, title, author_name, url FROM listener.current_mentions WHERE deleted"
    )
    assert {row[0] for row in emptied} <= gone, "what was deleted before it was heard need not be there"
    assert {row[1:] for row in emptied} == {("", "", "", "")}
    assert {name for name, *_ in emptied} & {name for name in gone if name.startswith("at://")}

    waited = dict(
        up.select(
            "SELECT c.anchor, round(w.hours * 3600000) FROM listener.waits AS w "
            "JOIN listener.current_cases AS c ON c.case_id = w.case_id WHERE w.outcome = 'answered'"
        )
    )
    expected = {}
    for asked, (name, answer) in answered.items():
        kind = "email" if name == "mailbox" else name
        between = places[name].said_at(answer) - places[name].said_at(asked)
        expected[f"{kind}:{asked}"] = round(between.total_seconds() * 1000)
    assert waited == expected


def kill_connectors(up: Installation, after_seconds: float) -> None:
    """kill -9, so long after they run: while they start, or read. `listener up` starts them again."""
    words = " connect --data-dir"
    deadline = time.monotonic() + WAIT_SECONDS
    while not up.signal(signal.SIGCONT, words):
        assert time.monotonic() < deadline, up.said()
        time.sleep(0.1)
    time.sleep(after_seconds)
    assert up.signal(signal.SIGKILL, words)
