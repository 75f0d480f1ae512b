from datetime import UTC, datetime

from console_client import NOW, PARTNER, VIEWER, Browser
from listener.console.now import (
    AlertNow,
    Alerts,
    DeadGroup,
    Flow,
    NowFigures,
    QueueNow,
    Stage,
    flow_event,
    now_section,
)
from listener.domain.errors import ServiceError

HOSTILE = "<script>alert(1)</script>"
FLOW = Flow(120.4, [Stage("ledger", 1234, 60.0), Stage("sink clickhouse", 0, None)])
QUEUES = [
    QueueNow("service", 12, 3, datetime(2026, 2, 1, tzinfo=UTC), "K-old"),
    QueueNow(HOSTILE, 1, 0, None, ""),
]
ALERTS = Alerts(30, 1, [AlertNow("breach", "critical", "K-late", NOW, HOSTILE)])
DEAD = [DeadGroup("ledger", "forum", "invalid", 7, NOW)]


def browser(person: object = VIEWER, **parts: object) -> Browser:
    def away() -> Flow:
        raise ServiceError("Kafka does not answer")

    flow = away if parts.get("away") else lambda: FLOW
    figures = NowFigures(flow, lambda: QUEUES, lambda most: ALERTS, lambda: DEAD, lambda: NOW)
    return Browser(now_section(figures), person=person)  # type: ignore[arg-type]


def test_it_shows_what_flows_who_waits_and_what_to_look_at() -> None:
    shown = browser().get("/now").text
    assert "1\u202f234" in shown
    assert '<a href="/cases/K-old">' in shown
    assert '<a class="mono" href="/cases/K-late">' in shown
    assert "and 29 more" in shown
    assert "/dead-letters?reason=invalid&amp;stage=ledger&amp;source=forum" in shown
    assert HOSTILE not in shown


def test_what_is_away_is_told_and_the_rest_is_shown() -> None:
    answer = browser(away=True).get("/now")
    assert answer.status_code == 200
    assert "Kafka does not answer" in answer.text
    assert "K-old" in answer.text


def test_a_partner_does_not_see_the_whole_company() -> None:
    assert browser(PARTNER).get("/now").status_code == 403


def test_what_open_pages_are_told() -> None:
    assert flow_event(FLOW, 30, 7) == {
        "heard": 120.4,
        "stages": {"ledger": [1234, 60.0], "sink clickhouse": [0, None]},
        "counts": {"now": 30, "dead-letters": 7},
    }
