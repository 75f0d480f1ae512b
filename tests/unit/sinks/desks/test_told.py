"""What a webhook and a mailbox are told as desks."""

import base64
import json
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import TypeVar

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from listener import examples
from listener.desks import CrmDesk
from listener.destinations import UrlAndKey
from listener.domain.case import Case
from sinks.desks.crm import CrmTimeline
from sinks.desks.desk import Farewell, Update
from sinks.desks.draft import draft_of
from sinks.desks.email import CASE_HEADER, MailThreads
from sinks.desks.webhook import WebhookTickets
from sinks.post import Poster
from sinks.signed_post import SignedPoster
from sinks.smtp import Mailer, MailServer

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
CASE = Case.read(examples.examples()[Case].to_json())
DRAFT = draft_of(CASE, "desk")
LATER = draft_of(CASE.model_copy(update={"version": CASE.version + 1, "state": "resolved"}), "desk")
FAREWELL = Farewell(CASE.case_id, "now part of K-B", "K-A.now.K-B")


def update(*, renamed_from: str | None = None, news: bool = True) -> Update:
    return Update(LATER, LATER.entries[:1] if news else (), "resolved" if news else None, renamed_from, False)


D = TypeVar("D", WebhookTickets, CrmTimeline)


def hook(seen: list[httpx.Request], kind: type[D]) -> D:
    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    client = httpx.Client(transport=httpx.MockTransport(respond))
    poster = Poster("https://desk.test/secret-path", client=client)
    return kind(SignedPoster(poster, KEY, lambda: datetime.now(UTC)))


def test_a_webhook_is_told_the_whole_case_with_the_same_id_in_every_attempt() -> None:
    seen: list[httpx.Request] = []
    desk = hook(seen, WebhookTickets)
    known = desk.open(DRAFT)
    desk.open(DRAFT)
    assert known.ticket_id == CASE.case_id
    for request in seen:
        Webhook(KEY).verify(request.content, dict(request.headers))
        assert request.headers["webhook-id"] == f"{CASE.case_id}.{CASE.version}"
    told = json.loads(seen[0].content)
    assert told["type"] == "case.opened"
    assert Case.model_validate_json(json.dumps(told["data"]["case"])) == CASE


def test_a_webhook_is_told_of_changes_and_ends() -> None:
    seen: list[httpx.Request] = []
    desk = hook(seen, WebhookTickets)
    desk.update("K-FIRST", update(renamed_from="K-FIRST"))
    desk.retire("K-FIRST", FAREWELL)
    changed, over = (json.loads(request.content) for request in seen)
    assert (changed["type"], changed["data"]["ticket_id"]) == ("case.updated", "K-FIRST")
    assert changed["data"]["renamed_from"] == "K-FIRST"
    assert changed["data"]["case"]["state"] == "resolved"
    assert over == {
        "type": "case.retired",
        "data": {"ticket_id": "K-FIRST", "case_id": CASE.case_id, "text": "now part of K-B"},
    }
    assert seen[1].headers["webhook-id"] == "K-A.now.K-B"


def test_where_a_webhook_goes_is_no_secret_and_its_path_is() -> None:
    desk = hook([], WebhookTickets)
    assert desk.find(CASE.case_id) is None
    assert "secret-path" not in desk.place + desk.check()


def test_a_timeline_is_told_each_contact_answer_and_gift_once() -> None:
    seen: list[httpx.Request] = []
    desk = hook(seen, CrmTimeline)
    known = desk.open(DRAFT)
    desk.update(known.ticket_id, Update(LATER, LATER.entries[1:], None, None, True))
    desk.retire(known.ticket_id, FAREWELL)
    contact, answer, again = (json.loads(request.content) for request in seen)
    assert contact["type"] == "customer.contact"
    assert contact["data"] == {
        "customer_id": "C-1001",
        "case_id": CASE.case_id,
        "mention_id": "chirp:8123",
        "revision": 0,
        "author": "chirp:sam_lee",
        "channel": "social",
        "visibility": "public",
        "excerpt": "@acme my parcel is two weeks late and nobody answers my e-mails",
        "url": "https://chirp.example/sam_lee/8123",
        "deleted": False,
        "at": "2026-03-02T09:15:00.000Z",
    }
    assert (answer["type"], answer["data"]["kind"]) == ("customer.answer", "answered")
    assert answer["data"]["goodwill"] == {"amount": 10.0, "currency": "EUR", "reason": "late parcel"}
    assert answer == again
    ids = [request.headers["webhook-id"] for request in seen]
    assert ids[1] == ids[2] != ids[0]


def test_a_case_of_nobody_known_has_no_timeline() -> None:
    seen: list[httpx.Request] = []
    unknown = CASE.model_copy(update={"customer": None})
    hook(seen, CrmTimeline).open(draft_of(unknown, "crm"))
    assert seen == []
    config = CrmDesk(kind="crm-webhook", secrets=UrlAndKey(url="U", key="K"), queues=("complaints",))
    assert config.wants(CASE)
    assert not config.wants(unknown)
    assert not config.wants(CASE.model_copy(update={"queue": "praise"}))


class FakeMailer(Mailer):
    """Keeps what it is to send."""

    def __init__(self) -> None:
        super().__init__(MailServer("mail.test"))
        self.sent: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        self.sent.append(message)


def threads() -> tuple[MailThreads, list[EmailMessage]]:
    mailer = FakeMailer()
    return MailThreads(
        mailer, "listener@example.org", ["desk@example.org"], lambda: datetime.now(UTC)
    ), mailer.sent


def test_a_case_is_one_thread_whose_first_mail_is_the_same_in_every_attempt() -> None:
    desk, sent = threads()
    known = desk.open(DRAFT)
    desk.open(DRAFT)
    desk.update(known.ticket_id, update())
    first, again, answer = sent
    assert first["Message-ID"] == again["Message-ID"] == f"<{CASE.case_id}@example.org>"
    assert answer["In-Reply-To"] == answer["References"] == first["Message-ID"]
    assert answer["Message-ID"] == f"<{CASE.case_id}.{CASE.version + 1}@example.org>"
    assert answer["Subject"] == f"Re: {first['Subject']}"
    assert {mail[CASE_HEADER] for mail in sent} == {CASE.case_id}
    assert "[chirp:8123]" in answer.get_content()


@pytest.mark.parametrize(
    ("news", "renamed_from", "mails"), [(False, None, 0), (False, "K-B", 1), (True, None, 1)]
)
def test_what_is_worth_a_mail(news: bool, renamed_from: str | None, mails: int) -> None:
    desk, sent = threads()
    desk.update("K-B", update(news=news, renamed_from=renamed_from))
    assert len(sent) == mails
    if renamed_from:
        assert sent[0].get_content().startswith(f"K-B is now {CASE.case_id}.")


def test_a_thread_ends_with_a_word() -> None:
    desk, sent = threads()
    desk.retire("K-B", FAREWELL)
    assert sent[0]["In-Reply-To"] == "<K-B@example.org>"
    assert sent[0].get_content() == "now part of K-B\n"
