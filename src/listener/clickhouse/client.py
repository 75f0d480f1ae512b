"""Connections to ClickHouse by URL, and its errors in words that a person can act on."""

import logging
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as DriverError
from clickhouse_driver.errors import (
    ErrorCodes,
    NetworkError,
    ServerException,
    SocketTimeoutError,
    UnexpectedPacketFromServerError,
    UnknownPacketFromServerError,
)

from listener.domain.errors import ListenerError, ServiceError, UsageError
from listener.tls import TlsFiles, Words, speaks_tls, trouble

DEFAULT_DATABASE = "listener"
CONNECT_TIMEOUT_SECONDS = 5.0
ANSWER_TIMEOUT_SECONDS = 300.0
"""A large insert or report may take this long before the server counts as lost."""

AUTHENTICATION_FAILED = 516  # the driver's list of codes ends before it
NOT_MIGRATED = frozenset({ErrorCodes.UNKNOWN_DATABASE, ErrorCodes.UNKNOWN_TABLE, ErrorCodes.UNKNOWN_FUNCTION})
"""What the server says where a table or a view with parameters is missing."""

LOST_CONNECTION = (
    OSError,
    EOFError,
    NetworkError,
    SocketTimeoutError,
    UnexpectedPacketFromServerError,
    UnknownPacketFromServerError,
)
"""What the driver raises where the connection broke; an INSERT may or may not have been stored."""


BROKEN_OFF = (EOFError, UnexpectedPacketFromServerError, UnknownPacketFromServerError)
"""What it also raises where one side speaks TLS and the other does not."""

WORDS = Words(
    server="ClickHouse",
    address="the ClickHouse URL",
    cafile="ca_certs in the ClickHouse URL",
    certfile="certfile in the ClickHouse URL",
    keyfile="keyfile in the ClickHouse URL",
)
OF_TLS = ("ca_certs", "certfile", "keyfile", "verify")
"""What may stand behind the question mark of a URL with TLS."""


@dataclass(frozen=True)
class Address:
    """A server and an account on it. Its text is fit for messages: the password is not shown.

    Attributes:
        ca_certs: file with the authorities to trust; the system's where None.
        certfile, keyfile: our own certificate and its key, for a server that wants one.
        verify: False lets anybody pass for the server.
    """

    host: str
    port: int
    user: str
    database: str
    secure: bool
    password: str = field(repr=False)
    ca_certs: str | None = None
    certfile: str | None = None
    keyfile: str | None = None
    verify: bool = True

    def __str__(self) -> str:
        scheme = "clickhouses" if self.secure else "clickhouse"
        return f"{scheme}://{self.user}@{self.host}:{self.port}/{self.database}"


def read_url(url: str) -> Address:
    """Takes ``clickhouse://user:password@host:port/database`` apart; ``clickhouses://`` is with TLS.

    Port (9000, with TLS 9440), account (default) and database (listener) may be left out; special characters
    in account and password are percent-encoded. With TLS ``?ca_certs=FILE&certfile=FILE&keyfile=FILE`` may
    follow, and ``verify=false``.

    Raises:
        UsageError: not such a URL. The message does not repeat it, since it may hold a password.
    """
    form = "clickhouse://user:password@host:port/database, or clickhouses:// for TLS"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"The ClickHouse URL is not of the form {form}") from error
    if parts.scheme not in ("clickhouse", "clickhouses") or not parts.hostname:
        raise UsageError(f"The ClickHouse URL is not of the form {form}")
    if parts.fragment or "/" in parts.path.strip("/"):
        raise UsageError(f"The ClickHouse URL ends with the database: {form}")
    secure = parts.scheme == "clickhouses"
    options = _options(parts.query, secure)
    return Address(
        host=parts.hostname,
        port=port or (9440 if secure else 9000),
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")) or DEFAULT_DATABASE,
        secure=secure,
        ca_certs=options.get("ca_certs"),
        certfile=options.get("certfile"),
        keyfile=options.get("keyfile"),
        verify=options.get("verify", "true") == "true",
    )


def _options(query: str, secure: bool) -> dict[str, str]:
    """What stands behind the question mark; values are not repeated in messages."""
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name, value in options.items():
        if name not in OF_TLS:
            raise UsageError(f"The ClickHouse URL may have these options alone: {', '.join(OF_TLS)}")
        if not secure:
            raise UsageError(f"The ClickHouse URL has {name}, which is for TLS: begin it with clickhouses://")
        if not value or (name == "verify" and value not in ("true", "false")):
            raise UsageError(
                f"The ClickHouse URL: {name} must be {'true or false' if name == 'verify' else 'a file'}"
            )
    if "keyfile" in options and "certfile" not in options:
        raise UsageError("The ClickHouse URL has keyfile, the key of certfile, and no certfile")
    return options


def connect(
    url: str,
    *,
    database: str | None = None,
    settings: Mapping[str, Any] | None = None,
    answer_timeout_seconds: float = ANSWER_TIMEOUT_SECONDS,
    kind: type[Client] = Client,
) -> Client:
    """A client for one thread; it connects with its first query and again after the connection broke.

    Args:
        url: see `read_url`.
        database: instead of the URL's.
        settings: of ClickHouse, for each query; a reading account may not be allowed any.
        answer_timeout_seconds: how long the server may be silent.
        kind: the driver's own, or one that does something in another way.

    Raises:
        UsageError: the URL, or a file that it names, is wrong.
    """
    address = read_url(url)
    if address.secure:
        _tls(address).context(WORDS)  # the driver would say of a missing file that the server is away
    # it logs each failed attempt with a stack trace; the error that is raised says all that there is to say
    logging.getLogger("clickhouse_driver.connection").setLevel(logging.ERROR)
    client = kind(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=database or address.database,
        secure=address.secure,
        verify=address.verify,
        ca_certs=address.ca_certs,
        certfile=address.certfile,
        keyfile=address.keyfile,
        client_name="listener",
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        send_receive_timeout=answer_timeout_seconds,
        settings=dict(settings or {}),
    )
    if address.ca_certs is None:
        # the driver's default is a list of its own, where a company's authority does not stand
        client.connection.ssl_options.pop("ca_certs", None)
    return client


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turns errors of the driver and the server into ServiceError with the address, without the password.

    Raises:
        ServiceError: the server cannot be reached, or refused.
    """
    try:
        yield
    except (DriverError, OSError, EOFError) as error:
        raise described(url, error) from error


def described(url: str, error: Exception) -> ListenerError:
    """An error of the driver or the server as one of ours."""
    address = read_url(url)
    if isinstance(error, ServerException):
        said = _first_line(error)
        if error.code == AUTHENTICATION_FAILED:
            return ServiceError(f"ClickHouse at {address} does not accept this account or its password")
        hint = " `listener migrate` creates what is missing." if error.code in NOT_MIGRATED else ""
        return ServiceError(f"ClickHouse at {address} refused: {said}{hint}")
    if isinstance(error, LOST_CONNECTION):
        why = _tls_trouble(address, error)
        if why is not None:
            return ServiceError(f"ClickHouse at {address} cannot be reached: {why}")
        return ServiceError(
            f"ClickHouse at {address} cannot be reached, or broke off: {_first_line(error)}. "
            "Is the server running, and the address right?"
        )
    return ServiceError(f"ClickHouse at {address}: {_first_line(error)}")


def _tls(address: Address) -> TlsFiles:
    return TlsFiles(address.ca_certs, address.certfile, address.keyfile)


def _tls_trouble(address: Address, error: Exception) -> str | None:
    """Why TLS does not come about, where that is what broke the connection."""
    if address.secure:
        context = _tls(address).context(WORDS)
        if not address.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return trouble(address.host, address.port, context, WORDS)
    if isinstance(error, BROKEN_OFF) and speaks_tls(address.host, address.port):
        return f"port {address.port} speaks TLS: begin the URL with clickhouses://"
    return None


def _first_line(error: Exception) -> str:
    """The server's or the driver's own words, without code and stack trace."""
    text = re.sub(r"\ACode: \d+\.\s*", "", str(error).strip())
    lines = text.splitlines() or [type(error).__name__]
    return lines[0].removeprefix("DB::Exception: ").removesuffix(" Stack trace:")[:500]
