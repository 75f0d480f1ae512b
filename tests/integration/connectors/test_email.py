"""A real mailbox: what arrives, in which order, after a restart, under new UIDs, woken by IDLE."""

import imaplib
import socket
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from fixtures_dovecot import PASSWORD, USER, Dovecot, start_dovecot
from listener.connectors.connector import Batch, NativeItem, Setup
from listener.connectors.email import EmailConnector, EmailOptions
from listener.domain.errors import Busy, ListenerError


def mail(number: int, text: str, sender: str = "Ann Lee <ann@example.org>", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = headers.pop("to", USER)
    message["Subject"] = f"mail {number}"
    message["Message-ID"] = f"<{number}@example.org>"
    message["Date"] = "Mon, 02 Nov 2026 10:00:00 +0100"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return bytes(message)


def connector(server: Dovecot, password: str = PASSWORD, **options: Any) -> EmailConnector:
    given = {"host": "127.0.0.1", "port": server.port, "tls": "none", "user": USER, **options}
    setup = Setup("mailbox", {}, {"password": password}, now=lambda: datetime.now(UTC))
    return EmailConnector(setup, EmailOptions.model_validate(given), uniform=lambda low, high: low)


def until_items(one: EmailConnector) -> Batch:
    deadline = time.monotonic() + 90
    while True:
        batch = one.poll()
        if batch.items:
            return batch
        assert time.monotonic() < deadline, "nothing came"


def opened(server: Dovecot, position: Mapping[str, Any] | None = None, **options: Any) -> EmailConnector:
    one = connector(server, **options)
    one.open(position)
    return one


def said(batch: Batch) -> list[tuple[str, str]]:
    return [(item.native_id, item.text) for item in batch.items if isinstance(item, NativeItem)]


def test_what_is_there_comes_once_and_nothing_is_marked_as_read(dovecot: Dovecot) -> None:
    for number in range(3):
        dovecot.append(mail(number, f"text {number}"))
    one = opened(dovecot)
    batch = until_items(one)
    assert said(batch) == [(f"{number}@example.org", f"text {number}") for number in range(3)]
    one.close()
    dovecot.append(mail(3, "text 3"))
    again = opened(dovecot, batch.position)
    assert said(until_items(again)) == [("3@example.org", "text 3")]
    again.close()
    client = dovecot.login()
    client.select("INBOX", readonly=True)
    assert client.search(None, "UNSEEN")[1] == [b"1 2 3 4"]
    client.logout()


def test_idle_wakes_it_at_once(dovecot: Dovecot) -> None:
    one = opened(dovecot)
    arrives = threading.Timer(1.0, dovecot.append, [mail(1, "now")])
    arrives.start()
    assert said(until_items(one)) == [("1@example.org", "now")]
    arrives.join()
    one.close()


def test_the_companys_answers_are_read_from_where_they_are_kept(dovecot: Dovecot) -> None:
    dovecot.append(mail(1, "Where is my parcel?"))
    dovecot.append(
        mail(2, "It is on its way.", f"Brand <{USER}>", to="ann@example.org", In_Reply_To="<1@example.org>"),
        "Sent",
    )
    one = opened(dovecot, sent_folder="Sent")
    question, answer = (item for item in until_items(one).items if isinstance(item, NativeItem))
    one.close()
    assert (question.direction, question.author) == ("inbound", "ann@example.org")
    assert (answer.direction, answer.reply_to, answer.automatic) == ("outbound", "1@example.org", False)


def test_new_uids_are_the_same_messages(dovecot: Dovecot) -> None:
    dovecot.append(mail(1, "kept"))
    one = opened(dovecot)
    batch = until_items(one)
    one.close()
    assert batch.position is not None
    other = {"INBOX": [batch.position["INBOX"][0] - 1, 1000]}
    again = opened(dovecot, other)
    second = until_items(again)
    again.close()
    assert said(second) == said(batch)
    assert second.position == batch.position


def test_much_is_read_in_parts_and_a_crash_between_them_loses_nothing(dovecot: Dovecot) -> None:
    client = dovecot.login()
    for number in range(120):
        client.append("INBOX", None, None, mail(number, f"text {number}"))
    client.logout()
    one = opened(dovecot)
    first = until_items(one)
    one.close()
    again = opened(dovecot, first.position)
    rest = [*until_items(again).items, *until_items(again).items]
    again.close()
    ids = [item.native_id for item in (*first.items, *rest) if isinstance(item, NativeItem)]
    assert ids == [f"{number}@example.org" for number in range(120)]


def test_of_a_large_message_its_beginning_is_read(dovecot: Dovecot) -> None:
    message = EmailMessage()
    message["From"] = "ann@example.org"
    message["Message-ID"] = "<big@example.org>"
    message.set_content("See the picture.")
    message.add_attachment(b"x" * 400_000, maintype="image", subtype="png", filename="photo.png")
    dovecot.append(bytes(message))
    one = opened(dovecot, max_bytes=64 * 1024)
    [(name, text)] = said(until_items(one))
    one.close()
    assert name == "big@example.org"
    assert text.startswith("See the picture.\n\n[left out: photo.png]\n\n[cut: of ")


def test_it_goes_on_after_the_server_was_away(dovecot: Dovecot) -> None:
    dovecot.append(mail(1, "before"))
    one = opened(dovecot)
    until_items(one)
    dovecot.stop()
    with pytest.raises(Busy, match=r"127\.0\.0\.1"):
        until_items(one)
    again = start_dovecot(dovecot.directory, dovecot.port)
    again.append(mail(2, "after"))
    assert said(until_items(one)) == [("2@example.org", "after")]
    one.close()
    dovecot.process = again.process


def test_a_wrong_password_and_a_missing_folder_are_told(dovecot: Dovecot) -> None:
    one = opened(dovecot, password="wrong")
    with pytest.raises(ListenerError, match=f"does not let {USER} in") as told:
        one.poll()
    assert "wrong" not in str(told.value)
    with pytest.raises(ListenerError, match="no folder Elsewhere"):
        opened(dovecot, folder="Elsewhere").poll()


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ("[UNAVAILABLE] Temporary authentication failure.", True),
        ("[LIMIT] Too many connections", True),
        ("[AUTHENTICATIONFAILED] Authentication failed.", False),
    ],
)
def test_a_server_that_lets_nobody_in_just_now_is_waited_for(said: str, waits: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            with server.accept()[0] as client, client.makefile("rwb") as lines:
                lines.write(b"* OK ready\r\n")
                lines.flush()
                while line := lines.readline():
                    tag, command = line.split()[:2]
                    lines.write(b"* CAPABILITY IMAP4rev1\r\n" if command == b"CAPABILITY" else b"")
                    answer = b"OK done" if command == b"CAPABILITY" else b"NO " + said.encode()
                    lines.write(tag + b" " + answer + b"\r\n")
                    lines.flush()

        refusing = threading.Thread(target=refuse)
        refusing.start()
        setup = Setup("mailbox", {}, {"password": "secret"}, now=lambda: datetime.now(UTC))
        given = {"host": "127.0.0.1", "port": server.getsockname()[1], "tls": "none", "user": USER}
        one = EmailConnector(setup, EmailOptions.model_validate(given))
        with pytest.raises(Busy if waits else ListenerError) as told:
            one.poll()
        one.close()
        refusing.join(10)
    assert isinstance(told.value, Busy) is waits


def test_what_was_deleted_in_between_is_passed_over(dovecot: Dovecot) -> None:
    for number in range(2):
        dovecot.append(mail(number, "text"))
    client: imaplib.IMAP4 = dovecot.login()
    client.select("INBOX")
    client.store("1", "+FLAGS", r"\Deleted")
    client.expunge()
    client.logout()
    one = opened(dovecot)
    assert said(until_items(one)) == [("1@example.org", "text")]
    one.close()
