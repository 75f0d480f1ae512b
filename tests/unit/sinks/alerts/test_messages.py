"""What each channel says, as its documentation has it."""

import base64
import json
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from listener.domain.errors import Busy, Rejected
from listener.domain.governance import Alert
from sinks.alerts.email import alert_mail
from sinks.alerts.news import News
from sinks.alerts.pagerduty import pagerduty_event
from sinks.alerts.slack import slack_message
from sinks.alerts.webhook import SignedWebhook
from sinks.post import Poster
from sinks.signed_post import SignedPoster

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET_URL = "https://hooks.slack.com/services/T0/B0/very-secret"


def news(number: int = 1, *, over: bool = False, text: str = "K-1 in phone: <!channel> & more") -> News:
    alert = Alert.model_validate(
        {
            "alert_id": f"a{number}",
            "kind": "breach",
            "subject": "K-1",
            "due_at": datetime(2026, 3, 2, 17, 15, tzinfo=UTC),
            "text": "gone" if over else text,
            "withdrawn": over,
            "severity": "info" if over else "critical",
            "queue": None if over else "phone",
        }
    )
    raised = alert.model_copy(update={"text": text, "withdrawn": False})
    return News(alert, raised, over, f"{number}-over" if over else f"{number}-raised", f"{number}-raised")


def test_slack_shows_the_text_and_calls_nobody() -> None:
    message = slack_message([news()])
    assert message["text"] == "[critical] K-1 in phone: &lt;!channel&gt; &amp; more"
    assert message["blocks"][0]["text"] == {"type": "mrkdwn", "text": message["text"]}


def test_many_are_one_message_that_counts_them() -> None:
    message = slack_message([*(news(n) for n in range(400)), news(1, over=True)])
    assert message["text"].startswith("401 alerts: 400 breach, 1 breach over\n")
    assert len(message["text"]) <= 3000
    assert "... and 381 more" in message["text"]


def test_pagerduty_resolves_what_it_has_triggered() -> None:
    event = pagerduty_event(news(), "R1")
    assert (event["event_action"], event["dedup_key"], event["routing_key"]) == ("trigger", "a1", "R1")
    assert {"summary", "source", "severity"} <= event["payload"].keys()
    assert event["payload"]["severity"] in {"critical", "error", "warning", "info"}
    assert pagerduty_event(news(over=True), "R1") == {
        "routing_key": "R1",
        "dedup_key": "a1",
        "event_action": "resolve",
    }


def test_a_mail_of_what_is_over_lands_in_the_thread() -> None:
    first, last = (
        alert_mail([item], "l@example.org", ["ops@example.org"], NOW) for item in (news(), news(over=True))
    )
    assert last["References"] == first["Message-ID"] == "<1-raised@example.org>"
    assert last["Message-ID"] == "<1-over@example.org>"
    assert last["Subject"] == f"Re: {first['Subject']}"


def test_a_line_break_in_a_text_makes_no_header() -> None:
    message = alert_mail([news(text="K-1\r\nBcc: x@example.org")], "l@example.org", ["ops@example.org"], NOW)
    assert message["Bcc"] is None
    assert "Bcc: x@example.org" in message["Subject"]


def poster(*answers: httpx.Response, seen: list[httpx.Request], at: list[float] | None = None) -> Poster:
    left = list(answers)

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return left.pop(0)

    clock = at or [0.0]
    client = httpx.Client(transport=httpx.MockTransport(respond))
    return Poster(SECRET_URL, client=client, monotonic=lambda: clock[0])


def test_a_webhook_is_signed_and_has_the_same_id_in_every_attempt() -> None:
    seen: list[httpx.Request] = []
    to = poster(httpx.Response(200), httpx.Response(200), seen=seen)
    hook = SignedWebhook(SignedPoster(to, KEY, lambda: datetime.now(UTC)))
    hook.tell([news()])
    hook.tell([news()])
    for request in seen:
        Webhook(KEY).verify(request.content, dict(request.headers))
        assert request.headers["webhook-id"] == "1-raised"
    assert json.loads(seen[0].content)["data"]["alert_id"] == "a1"


def test_a_server_is_left_alone_for_as_long_as_it_asks() -> None:
    seen, clock = list[httpx.Request](), [0.0]
    to = poster(httpx.Response(429, headers={"Retry-After": "90"}), httpx.Response(200), seen=seen, at=clock)
    with pytest.raises(Busy) as busy:
        to.post(b"{}")
    assert busy.value.retry_after_seconds == 90
    clock[0] = 89.0
    with pytest.raises(Busy):
        to.post(b"{}")
    assert len(seen) == 1
    clock[0] = 90.0
    to.post(b"{}")
    assert len(seen) == 2


@pytest.mark.parametrize(("status", "error"), [(400, Rejected), (404, Busy), (503, Busy)])
def test_a_refusal_says_which_status_and_never_the_address(status: int, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        poster(httpx.Response(status, text=SECRET_URL), seen=[]).post(b"{}")
    assert str(status) in str(refused.value)
    assert "secret" not in str(refused.value)


def test_an_internal_address_is_not_posted_to() -> None:
    with pytest.raises(Busy, match="internal_hosts") as held:
        Poster("http://127.0.0.1:9/very-secret").post(b"{}")
    assert "secret" not in str(held.value)
