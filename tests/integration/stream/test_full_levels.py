"""A level with one place on a whole installation: who waits longest has it, also after workers were killed."""

import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures_installation import IDLE_SECONDS, Installation
from listener.domain.mention import Mention
from listener.domain.response import Response
from listener.kafka.publish import Publisher
from stream.triage.policy import DEFAULT

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

NOW = datetime.now(UTC)
"""The installation tells time by the wall: what was said three days ago has failed."""


def complaint(name: str, hours_ago: float) -> Mention:
    return Mention(
        mention_id=f"test:{name}",
        source="test",
        source_kind="test",
        native_id=name,
        author=f"test:{name}",
        channel="email",
        visibility="private",
        text="My bag is lost and nobody answers",
        occurred_at=NOW - timedelta(hours=hours_ago),
        received_at=NOW,
    )


def publish(up: Installation, *values: Mention | Response) -> None:
    with Publisher(up.kafka, client_id="test") as publisher:
        for value in values:
            topic, key = (
                ("mentions.raw", value.key) if isinstance(value, Mention) else ("responses", value.author)
            )
            publisher.publish(topic, key, value.to_json())
        publisher.flush()
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


def until_levels(up: Installation, expected: dict[str, tuple[str, bool]]) -> None:
    """A level says who has a place some time after nothing waits: just after a start it puts claims off."""
    deadline = time.monotonic() + IDLE_SECONDS
    while (found := levels(up)) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)


def test_the_place_goes_to_who_waits_longest(
    new_installation: Callable[..., Installation], tmp_path: Path
) -> None:
    (tmp_path / "policy.yaml").write_text(DEFAULT.read_text() + "\nlevels: {manager: {capacity: 1}}\n")
    config = tmp_path / "listener.yaml"
    config.write_text("policy: policy.yaml\n")
    up = new_installation("--no-simulate", "--workers", "2", "--config", str(config))
    publish(up, complaint("late", 50), complaint("early", 70))
    waiting = {"test:early": ("manager", False), "test:late": ("front_line", True)}
    until_levels(up, waiting)
    assert up.select(
        "SELECT anchor FROM listener.current_cases WHERE has(reasons, 'levels.manager.capacity')"
    ) == [("test:late",)]
    up.signal(signal.SIGKILL, "listener", "stream")
    publish(up, complaint("later", 30))
    until_levels(up, waiting | {"test:later": ("front_line", True)})
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
    expected = {
        "test:early": ("manager", False),
        "test:late": ("manager", False),
        "test:later": ("front_line", True),
    }
    until_levels(up, expected)
