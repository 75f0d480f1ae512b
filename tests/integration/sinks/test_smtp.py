"""Mail by a real mail server: with TLS and an account, refused for now and for good."""

import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from fixtures_certificates import Authority
from inbox import HOST, Inbox, taking_mail
from listener.domain.errors import Busy, Rejected
from listener.embedded.ports import free_port
from sinks.smtp import Mailer, MailServer


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "l@example.org", "ops@example.org", "overdue"
    message.set_content("K-1 wartet auf Grüße")
    return message


def plain(port: int, internal_hosts: tuple[str, ...] = (HOST,)) -> Mailer:
    return Mailer(MailServer(HOST, port, "none", internal_hosts=internal_hosts))


def test_with_starttls_and_an_account_and_never_with_a_stranger(
    authority: Authority, other_authority: Authority
) -> None:
    certificate = authority.issue("mail")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certfile, certificate.keyfile)

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = (data.login, data.password) == (b"listener", b"right")
        return AuthResult(success=right, handled=False)

    inbox = Inbox()
    with taking_mail(
        inbox, tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True
    ) as port:

        def mailer(password: str, trusted: Path) -> Mailer:
            server = MailServer(HOST, port, "starttls", "listener", password, (HOST,))
            return Mailer(server, context=ssl.create_default_context(cafile=trusted))

        mailer("right", authority.cafile).send(mail())
        with pytest.raises(Busy, match="535") as refused:
            mailer("wrong-secret", authority.cafile).send(mail())
        assert "wrong-secret" not in str(refused.value)
        with pytest.raises(Busy, match="SSLCertVerificationError"):
            mailer("right", other_authority.cafile).send(mail())
    assert len(inbox.mails) == 1
    assert b"Subject: overdue" in inbox.mails[0]


def test_with_tls_from_the_first_byte(authority: Authority, other_authority: Authority) -> None:
    certificate = authority.issue("mail-tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certfile, certificate.keyfile)
    inbox, port = Inbox(), free_port()
    controller = Controller(inbox, hostname=HOST, port=port, ssl_context=context)
    controller.start()
    try:
        server = MailServer(HOST, port, "tls", internal_hosts=(HOST,))
        Mailer(server, context=ssl.create_default_context(cafile=authority.cafile)).send(mail())
        with pytest.raises(Busy, match="SSLCertVerificationError"):
            Mailer(server, context=ssl.create_default_context(cafile=other_authority.cafile)).send(mail())
    finally:
        controller.stop()
    assert len(inbox.mails) == 1


@pytest.mark.parametrize(
    ("recipient", "data", "error"),
    [
        ("450 later", "250 OK", Busy),
        ("550 nobody", "250 OK", Rejected),
        ("250 OK", "451 later", Busy),
        ("250 OK", "554 no", Rejected),
    ],
)
def test_for_now_and_for_good(recipient: str, data: str, error: type[Exception]) -> None:
    inbox = Inbox()
    inbox.answer_recipient, inbox.answer_data = recipient, data
    with taking_mail(inbox) as port:
        with pytest.raises(error):
            plain(port).send(mail())
        inbox.answer_recipient = inbox.answer_data = "250 OK"
        plain(port).send(mail())
    assert len(inbox.mails) == 1


def test_nobody_there() -> None:
    with pytest.raises(Busy, match="ConnectionRefusedError"):
        plain(free_port()).send(mail())


def test_an_internal_server_must_be_named() -> None:
    inbox = Inbox()
    with taking_mail(inbox) as port, pytest.raises(Busy, match="internal_hosts"):
        plain(port, ()).send(mail())
    assert not inbox.mails
