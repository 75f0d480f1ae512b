"""Handing mail to a mail server, guarded against internal addresses as requests are."""

import logging
import smtplib
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

from listener.domain.errors import Busy, Rejected, ServiceError
from listener.http.backoff import Backoff
from listener.http.guard import is_public

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 300.0


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in.

    Attributes:
        tls: upgraded after the greeting, from the first byte, or not at all; certificates are checked.
        internal_hosts: names that may be in an internal network.
    """

    host: str
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    internal_hosts: Collection[str] = ()


class Mailer:
    """Sends mails, each over a connection of its own.

    Args:
        context: for TLS; the system's authorities where None.
    """

    def __init__(self, server: MailServer, *, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._context = context or ssl.create_default_context()
        self._backoff = Backoff(longest_seconds=LONGEST_WAIT_SECONDS)
        self.place = f"{server.host}:{server.port}"

    def send(self, message: EmailMessage) -> None:
        """Returns once the server has taken the mail.

        Raises:
            Busy: the server is away, does not take it now, or the outcome is unknown.
            Rejected: it refuses this mail, or all who are to get it, for good.
        """
        try:
            with self._connected() as smtp:
                partly = smtp.send_message(message)
                if partly:
                    codes = sorted({code for code, _ in partly.values()})
                    log.warning(
                        "mail_server=%s refuses recipients=%d codes=%s", self.place, len(partly), codes
                    )
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            if error.smtp_code >= 500:
                raise Rejected("refused", f"{self.place} answers {error.smtp_code}") from None
            raise self._busy(f"answers {error.smtp_code}") from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            if min(codes) >= 500:
                raise Rejected("refused", f"{self.place} answers {codes} to all recipients") from None
            raise self._busy(f"answers {codes}") from None
        except (
            smtplib.SMTPResponseException
        ) as error:  # of a login among them: its text may quote the account
            raise self._busy(f"answers {error.smtp_code} ({type(error).__name__})") from None
        except (OSError, smtplib.SMTPException) as error:
            raise self._busy(str(error) if isinstance(error, _Internal) else type(error).__name__) from None
        self._backoff.succeeded()

    def check(self) -> str:
        """Connects and logs in, and sends nothing.

        Returns:
            What was found, in words.

        Raises:
            ServiceError: the server is away, or does not know the account.
        """
        try:
            with self._connected():
                return "the server answers" + (" and knows the account" if self._server.username else "")
        except smtplib.SMTPResponseException as error:
            raise ServiceError(f"{self.place}: answers {error.smtp_code} ({type(error).__name__})") from None
        except (OSError, smtplib.SMTPException) as error:
            words = str(error) if isinstance(error, _Internal) else type(error).__name__
            raise ServiceError(f"{self.place}: {words}") from None

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        address = self._address()
        smtp: smtplib.SMTP
        if server.tls == "tls":
            smtp = _TlsTo(address, context=self._context, timeout=TIMEOUT_SECONDS)
        else:
            smtp = _PlainTo(address, timeout=TIMEOUT_SECONDS)
        try:
            smtp.connect(server.host, server.port)
            if server.tls == "starttls":
                smtp.starttls(context=self._context)
            if server.username and server.password:
                smtp.login(server.username, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _address(self) -> str:
        """What the name resolves to now; it is connected to without resolving it again."""
        server = self._server
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if server.host.lower() not in {host.lower() for host in server.internal_hosts}:
            addresses = [address for address in addresses if is_public(address)]
        if not addresses:
            raise _Internal(f"{server.host} is inside a network of the company's: see internal_hosts")
        return addresses[0]

    def _busy(self, why: str) -> Busy:
        return Busy(f"{self.place}: {why}", self._backoff.failed())


class _Internal(OSError):
    """The guard holds it back."""


class _PlainTo(smtplib.SMTP):
    def __init__(self, address: str, *, timeout: float) -> None:
        self._address = address
        super().__init__(timeout=timeout)

    def connect(
        self, host: str = "localhost", port: int = 0, source_address: object = None
    ) -> tuple[int, bytes]:
        self._host = host  # the name that certificates are checked for
        return super().connect(host, port)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((self._address, port), timeout)


class _TlsTo(_PlainTo):
    def __init__(self, address: str, *, context: ssl.SSLContext, timeout: float) -> None:
        self._tls = context
        super().__init__(address, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = super()._get_socket(host, port, timeout)
        return self._tls.wrap_socket(plain, server_hostname=host)
