"""TLS as a client: whom to trust, how to show who we are, and what is wrong where it does not come about."""

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from listener.domain.errors import UsageError

LOOK_SECONDS = 3.0
"""How long a look at a server may take that is to explain an error."""
_ALERT_SECONDS = 1.0
"""In TLS 1.3 a server refuses a client's certificate after the handshake; one that refuses nothing is silent."""

_EXPIRED, _NOT_YET_VALID = 10, 9  # OpenSSL's X509_V_ERR_*
_OTHER_NAME = (62, 64)  # of a host, of an address
_CLIENT_REFUSED = (
    "CERTIFICATE_REQUIRED",
    "BAD_CERTIFICATE",
    "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_EXPIRED",
    "UNKNOWN_CA",
    "HANDSHAKE_FAILURE",
)


@dataclass(frozen=True)
class Words:
    """What the settings of one server are called where a person writes them.

    Attributes:
        server: what it is, to begin a sentence with.
    """

    server: str
    address: str
    cafile: str
    certfile: str
    keyfile: str


@dataclass(frozen=True)
class TlsFiles:
    """Files in PEM.

    Attributes:
        cafile: certificates of the authorities to trust; the system's where None.
        certfile: our own certificate, for servers that want one; the chain to its authority may follow in it.
        keyfile: its key; in `certfile` where None.
        key_password: where the key is encrypted.
    """

    cafile: str | None = None
    certfile: str | None = None
    keyfile: str | None = None
    key_password: str | None = field(default=None, repr=False)

    def context(self, words: Words) -> ssl.SSLContext:
        """A client's context that checks the server's certificate and its name.

        Raises:
            UsageError: a file cannot be read or is not what it should be; the message names its setting.
        """
        settings = {words.cafile: self.cafile, words.certfile: self.certfile, words.keyfile: self.keyfile}
        for setting, path in settings.items():
            if path is not None:
                _require_readable(setting, path)
        try:
            context = ssl.create_default_context(cafile=self.cafile)
        except ssl.SSLError:
            raise UsageError(f"{words.cafile}: {self.cafile} holds no certificate in PEM") from None
        if self.certfile is not None:
            _load_own(context, self, words)
        return context


NO_FILES = TlsFiles()
"""The system's authorities, and nothing about ourselves."""


def _require_readable(setting: str, path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise UsageError(f"{setting}: {path} cannot be read: {error.strerror}") from None


def _load_own(context: ssl.SSLContext, files: TlsFiles, words: Words) -> None:
    # Without a password given, OpenSSL would ask for one on the terminal.
    password = files.key_password or ""
    try:
        context.load_cert_chain(files.certfile or "", files.keyfile, password=lambda: password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            why = "the key does not belong to the certificate"
        elif files.key_password is None:
            why = "these are no certificate and key in PEM, or the key is encrypted and no password is given"
        else:
            why = "these are no certificate and key in PEM, or the key's password is wrong"
        raise UsageError(
            f"{words.certfile}, {words.keyfile}: {files.certfile}, {files.keyfile or 'no other file'}: {why}"
        ) from None


def speaks_tls(host: str, port: int) -> bool:
    """Whether a server answers TLS there, whatever its certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), timeout=LOOK_SECONDS) as plain:
            context.wrap_socket(plain).close()
    except ssl.SSLError as error:
        return _names(error, _CLIENT_REFUSED)
    except OSError:
        return False
    return True


def trouble(host: str, port: int, context: ssl.SSLContext, words: Words) -> str | None:
    """Looks at a server and says why TLS does not come about there; None where nobody answers, or all is well."""
    try:
        plain = socket.create_connection((host, port), timeout=LOOK_SECONDS)
    except OSError:
        return None
    with plain:
        try:
            connection = context.wrap_socket(plain, server_hostname=host)
        except OSError as error:
            return explained(error, host, words) or (
                f"{words.server} does not speak TLS at {host}:{port}, or refuses it ({error})"
            )
        with connection:
            connection.settimeout(_ALERT_SECONDS)
            try:
                connection.recv(1)
            except OSError as error:
                return explained(error, host, words)
    return None


def explained(error: BaseException, host: str, words: Words) -> str | None:
    """What an error of TLS means and what to do about it; None for other errors.

    Args:
        host: as it was asked for.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _EXPIRED:
            return (
                f"the certificate of {words.server} at {host} has expired: renew it there "
                "(or the clock of this machine is wrong)"
            )
        if error.verify_code == _NOT_YET_VALID:
            return f"the certificate of {words.server} at {host} is not valid yet: is this machine's clock right?"
        if error.verify_code in _OTHER_NAME:
            return (
                f"the certificate of {words.server} is for other names than {host}: write in {words.address} a "
                f"name that stands in the certificate, or have one made that names {host}"
            )
        return (
            f"the certificate of {words.server} at {host} is not trusted ({error.verify_message}): "
            f"{words.cafile} must name a file with the certificate of the authority that signed it"
        )
    if isinstance(error, ssl.SSLError) and _names(error, _CLIENT_REFUSED):
        return (
            f"{words.server} at {host} wants a certificate of ours that it trusts, or accepts none that was "
            f"shown: see {words.certfile} and {words.keyfile}"
        )
    return None


def _names(error: ssl.SSLError, reasons: tuple[str, ...]) -> bool:
    return any((error.reason or "").endswith(reason) for reason in reasons)
