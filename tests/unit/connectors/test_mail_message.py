"""Messages as they come: threads, dates, attachments, machines, and those that are hardly messages."""

from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.connector import NativeItem
from listener.connectors.mail_message import is_automatic, item_of, read_message

ARRIVED = datetime(2026, 11, 2, 12, tzinfo=UTC)
BRAND = frozenset({"brand@example.test"})


def item(raw: bytes, *, sent: bool = False) -> NativeItem:
    return item_of(
        read_message(raw),
        channel="email",
        accounts=BRAND,
        sent=sent,
        arrived_at=ARRIVED,
        origin="imap://x",
        raw=raw,
    )


def with_headers(text: str = "Hello", **headers: str) -> bytes:
    message = EmailMessage()
    for name, value in {"From": "Ann Lee <Ann@Example.org>", "Message_ID": "<1@x>", **headers}.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return bytes(message)


def test_who_when_and_what() -> None:
    found = item(with_headers(Subject="My order", Date="Mon, 02 Nov 2026 10:00:00 +0100"))
    assert (found.native_id, found.author, found.author_name) == ("1@x", "ann@example.org", "Ann Lee")
    assert (found.title, found.text, found.direction) == ("My order", "Hello", "inbound")
    assert found.occurred_at == datetime(2026, 11, 2, 10, tzinfo=timezone(timedelta(hours=1)))
    assert found.contactable is not None
    assert found.contactable.email == "ann@example.org"


def test_a_thread_begins_with_the_first_message_referred_to() -> None:
    found = item(with_headers(References="<a@x> <b@x>", In_Reply_To="<b@x>"))
    assert (found.thread, found.reply_to) == ("a@x", "b@x")
    assert item(with_headers(In_Reply_To="<b@x>")).thread == "b@x"
    assert item(with_headers()).thread == "1@x"


def test_a_first_letter_of_the_companys_names_whom_it_is_for() -> None:
    found = item(
        with_headers(From="Brand <brand@example.test>", To="brand@example.test, bob@example.org"), sent=True
    )
    assert (found.direction, found.answers_author) == ("outbound", "bob@example.org")
    reply = item(
        with_headers(From="brand@example.test", To="bob@example.org", In_Reply_To="<9@x>"), sent=True
    )
    assert (reply.reply_to, reply.answers_author) == ("9@x", None)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "Mon, 99 Nov 2026 10:00:00 +0100",
        "=?utf-8?q?x?=",
        "Sun, 02 Nov 1800 10:00:00 +0000",
        "Sun, 02 Nov 2200 10:00:00 +0000",
    ],
)
def test_without_a_date_the_servers_counts(date: str) -> None:
    assert item(with_headers(Date=date)).occurred_at == ARRIVED


def test_without_an_id_the_same_bytes_are_the_same_message() -> None:
    raw = with_headers(Message_ID="none")
    assert item(raw).native_id == item(raw).native_id != item(raw + b"x").native_id


def test_attachments_are_named_and_left_out() -> None:
    message = EmailMessage()
    message["From"] = "ann@example.org"
    message.set_content("See below.")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="in  voice.pdf")
    message.add_attachment(b"x", maintype="image", subtype="png")
    assert item(bytes(message)).text == "See below.\n\n[left out: in voice.pdf, an attachment]"


def test_html_alone_is_read_as_text() -> None:
    message = EmailMessage()
    message["From"] = "ann@example.org"
    message.set_content("<p>Where is my <b>parcel</b>?</p><script>x()</script>", subtype="html")
    assert item(bytes(message)).text == "Where is my parcel?"


def test_an_unknown_character_set_is_read_as_far_as_it_goes() -> None:
    raw = b"From: ann@example.org\nContent-Type: text/plain; charset=klingon\n\nHello"
    assert item(raw).text == "Hello"


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ({"Auto_Submitted": "auto-replied (vacation)"}, True),
        ({"Auto_Submitted": "auto-generated"}, False),
        ({"Auto_Submitted": "no"}, False),
        ({"Precedence": "auto_reply"}, True),
        ({"Precedence": "list"}, False),
        ({"X_Autoreply": "yes"}, True),
        ({"From": "MAILER-DAEMON@mx.example.org"}, True),
        ({}, False),
    ],
)
def test_machines_are_told_from_people(headers: dict[str, str], automatic: bool) -> None:
    assert is_automatic(read_message(with_headers(**headers))) is automatic


def test_a_bounce_is_a_machines_word() -> None:
    raw = b"From: x@y.org\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
    assert item(raw).automatic


@given(
    st.binary(max_size=2000)
    | st.text(max_size=2000).map(lambda text: f"From: {text}".encode(errors="replace"))
)
def test_any_bytes_are_an_item(raw: bytes) -> None:
    found = item(raw)
    assert found.native_id
    assert found.occurred_at.tzinfo is not None


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("punycode", b"-" + b"abc9" * 1_000_000, "-" + "abc9" * 249_999),  # decoding it would take hours
        ("idna", b"xn--abc", "xn--abc"),
        ("unicode_escape", b"\\ud800", "\\ud800"),
        ("utf-7", b"a+2AA-b", "a?b"),
        ("nobody-knows", "é".encode(), "é"),
        ('"\x00"', b"Hello", "Hello"),
    ],
)
def test_whatever_its_character_set_is_called_the_text_can_be_stored_and_is_there_soon(
    charset: str, body: bytes, text: str
) -> None:
    head = f"From: ann@example.org\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()
    found = item(head + body)
    assert found.text.startswith(text)
    assert found.text.encode()


def test_whoever_writes_the_companys_address_into_a_letter_answers_nothing() -> None:
    found = item(with_headers(From="brand@example.test", In_Reply_To="<9@x>"))
    assert (found.direction, found.automatic) == ("inbound", True)


def test_nobody_has_waited_for_years_by_a_wrong_date() -> None:
    assert item(with_headers(Date="Thu, 01 Jan 1970 00:00:00 +0000")).occurred_at == ARRIVED
    late = item(with_headers(Date="Thu, 29 Oct 2026 10:00:00 +0000")).occurred_at
    assert late == datetime(2026, 10, 29, 10, tzinfo=UTC)
