"""The sink that tells one destination: once, not too late, in one message where it is much."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from fakes.fetched import FakeFetched
from listener.destinations import SlackTo, UrlSecret
from listener.domain.errors import Busy, Rejected
from listener.domain.governance import Alert
from sinks.alerts.alert_sink import AlertSink
from sinks.alerts.news import News

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
TO = SlackTo(kind="slack", secrets=UrlSecret(url="SLACK"), digest_above=3)


class Chat:
    """A channel that keeps what it is told; it fails where told to."""

    place = "chat"
    digest_above: int | None = 3

    def __init__(self) -> None:
        self.heard: list[list[str]] = []
        self.fails: dict[str, Exception] = {}

    def tell(self, news: Sequence[News]) -> None:
        for item in news:
            if item.alert.alert_id in self.fails:
                raise self.fails.pop(item.alert.alert_id)
        self.heard.append([f"{'-' if item.over else '+'}{item.alert.alert_id}" for item in news])

    def close(self) -> None:
        pass


def record(offset: int, alert_id: str, *, withdrawn: bool = False, hours_ago: float = 0) -> FakeFetched:
    alert = Alert(
        alert_id=alert_id,
        kind="breach",
        subject="K-1",
        due_at=NOW,
        text="overdue",
        withdrawn=withdrawn,
        severity="info" if withdrawn else "critical",
    )
    return FakeFetched(offset, alert.to_json(), topic="alerts", timestamp=NOW_MS - int(hours_ago * 3_600_000))


def sink(chat: Chat, log: Sequence[FakeFetched] = ()) -> AlertSink:
    return AlertSink("alerts-chat", TO, chat, lambda: log, lambda: NOW)


def run(of: AlertSink, *batch: FakeFetched) -> list[str]:
    prepared = of.prepare(batch)
    of.store(prepared.content)
    return [str(item.why) for item in prepared.refused]


def test_a_successor_knows_what_was_told_before() -> None:
    log = [record(0, "a"), record(1, "a"), record(2, "b"), record(3, "a", withdrawn=True)]
    chat = Chat()
    run(sink(chat), *log[:1])
    run(sink(chat, log), *log[1:])
    assert chat.heard == [["+a"], ["+b"], ["-a"]]


def test_a_batch_that_was_not_committed_is_told_again_with_what_came_since() -> None:
    log = [record(0, "a"), record(1, "a", withdrawn=True)]
    chat = Chat()
    run(sink(chat), log[0])
    run(sink(chat, log), *log)
    assert chat.heard == [["+a"], ["+a"], ["-a"]]


def test_what_lies_long_back_is_not_told() -> None:
    chat = Chat()
    run(sink(chat), record(0, "old", hours_ago=25), record(1, "new", hours_ago=23))
    assert chat.heard == [["+new"]]


def test_a_burst_is_one_message() -> None:
    chat = Chat()
    run(sink(chat), *(record(n, f"a{n}") for n in range(4)))
    assert chat.heard == [["+a0", "+a1", "+a2", "+a3"]]


def test_after_a_failure_only_the_rest_is_told() -> None:
    chat = Chat()
    chat.fails["b"] = Busy("away")
    of = sink(chat)
    content = of.prepare([record(0, "a"), record(1, "b")]).content
    with pytest.raises(Busy):
        of.store(content)
    assert not of.well
    of.store(content)
    assert of.well
    assert chat.heard == [["+a"], ["+b"]]


def test_what_the_other_side_refuses_for_good_becomes_a_dead_letter_and_holds_up_nothing() -> None:
    chat = Chat()
    chat.fails["a"] = Rejected("refused", "chat answers 400")
    broken = FakeFetched(0, b"no alert", topic="alerts")
    refused = run(sink(chat), broken, record(1, "a"), record(2, "b"))
    assert chat.heard == [["+b"]]
    assert len(refused) == 2
    assert refused[1] == "refused: chat answers 400"
