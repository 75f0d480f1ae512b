"""What is unusual is told once, with examples, and withdrawn when it is over."""

from datetime import UTC, datetime, timedelta

from listener.domain.governance import Alert
from listener.watch.findings import Finding
from listener.watch.tell import news, standing_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPIKE = Finding("cause_spike", "delivery", NOW - timedelta(hours=3), NOW - timedelta(hours=1), "37 people.")


def tell(found: list[Finding], told: list[Alert], now: datetime = NOW) -> list[Alert]:
    return list(news(found, told, now, lambda _: ["m:1", "m:2"]))


def test_it_is_told_once_also_by_another_process_that_sees_it_an_hour_later() -> None:
    [alert] = tell([SPIKE], [])
    assert (alert.kind, alert.sign, alert.subject) == ("spike", "cause_spike", "delivery")
    assert alert.text == "37 people. For example m:1, m:2."
    assert alert.examples == ("m:1", "m:2")
    told = list(standing_of([alert.to_json(), None, b"no alert"]).values())
    assert told == [alert]
    later = Finding("cause_spike", "delivery", NOW - timedelta(hours=2), NOW, "41 people.")
    assert tell([SPIKE, later], told) == []
    assert len(tell([later, Finding("cause_spike", "billing", later.since, later.at, "")], told)) == 1


def test_it_is_withdrawn_after_its_time_and_may_come_again() -> None:
    [alert] = tell([SPIKE], [])
    [over] = tell([], [alert], NOW + timedelta(hours=24))
    assert over == alert.model_copy(update={"withdrawn": True})
    assert tell([SPIKE], [over], NOW + timedelta(hours=25)) == []
    again = Finding(
        "cause_spike", "delivery", NOW + timedelta(hours=27), NOW + timedelta(hours=29), "50 people."
    )
    [anew] = tell([again], [over], NOW + timedelta(hours=30))
    assert anew.alert_id != alert.alert_id
