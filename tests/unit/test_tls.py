"""What is told where TLS does not come about, by servers that do nothing but the handshake."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fixtures_certificates import Authority, Certificate
from listener.domain.errors import UsageError
from listener.embedded.ports import LOOPBACK, free_port
from listener.tls import TlsFiles, Words, speaks_tls, trouble

WORDS = Words("The server", "its address", "its cafile", "its certfile", "its keyfile")


@contextmanager
def serving(certificate: Certificate | None, *, wants: Path | None = None) -> Iterator[int]:
    """A server with a certificate; without one it answers in plain text. The port that it listens on."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=wants)
    if certificate is not None:
        context.load_cert_chain(certificate.certfile, certificate.keyfile)
    if wants is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server((LOOPBACK, 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    with suppress(OSError), client:
                        if certificate is None:
                            client.recv(1)
                            client.sendall(b"what was that?")
                        else:
                            with context.wrap_socket(client, server_side=True) as secured:
                                secured.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)


def told(port: int, files: TlsFiles) -> str | None:
    return trouble(LOOPBACK, port, files.context(WORDS), WORDS)


def test_a_good_certificate_is_no_trouble(authority: Authority) -> None:
    with serving(authority.issue("good")) as port:
        assert told(port, TlsFiles(str(authority.cafile))) is None
        assert speaks_tls(LOOPBACK, port)


@pytest.mark.parametrize(
    ("name", "days", "host", "words"),
    [
        ("expired", -1, LOOPBACK, "has expired: renew it"),
        ("elsewhere", 30, "server.example.org", "other names than 127.0.0.1: write in its address"),
    ],
)
def test_a_bad_certificate_is_named(
    authority: Authority, name: str, days: int, host: str, words: str
) -> None:
    with serving(authority.issue(name, days=days, hosts=(host,))) as port:
        assert words in (told(port, TlsFiles(str(authority.cafile))) or "")


def test_a_strange_authority_is_named_with_the_setting(
    authority: Authority, other_authority: Authority
) -> None:
    with serving(other_authority.issue("strange")) as port:
        for files in (TlsFiles(str(authority.cafile)), TlsFiles()):
            found = told(port, files) or ""
            assert "is not trusted" in found
            assert "its cafile must name a file" in found


def test_a_server_that_wants_a_certificate_is_understood(
    authority: Authority, other_authority: Authority
) -> None:
    ca = str(authority.cafile)
    with serving(authority.issue("server"), wants=authority.cafile) as port:
        ours, strange = authority.issue("us", key_password="secret"), other_authority.issue("us")
        assert told(port, TlsFiles(ca, str(ours.certfile), str(ours.keyfile), "secret")) is None
        for files in (TlsFiles(ca), TlsFiles(ca, str(strange.certfile), str(strange.keyfile))):
            assert "see its certfile and its keyfile" in (told(port, files) or "")


def test_who_speaks_in_the_clear_and_who_is_not_there_differ() -> None:
    with serving(None) as port:
        assert "does not speak TLS" in (told(port, TlsFiles()) or "")
        assert not speaks_tls(LOOPBACK, port)
    assert told(free_port(), TlsFiles()) is None
    assert not speaks_tls(LOOPBACK, free_port())


def test_a_wrong_file_is_named_with_its_setting(authority: Authority, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no certificate")
    encrypted, other = authority.issue("locked", key_password="secret"), authority.issue("other")
    certfile, keyfile = str(encrypted.certfile), str(encrypted.keyfile)
    cases = {
        TlsFiles("none.pem"): "its cafile: none.pem cannot be read",
        TlsFiles(str(text)): "its cafile: .* holds no certificate",
        TlsFiles(None, "none.pem"): "its certfile: none.pem cannot be read",
        TlsFiles(None, str(text)): "its certfile, its keyfile: .* no certificate and key in PEM",
        TlsFiles(None, certfile, keyfile): "no password is given",
        TlsFiles(None, certfile, keyfile, "wrong"): "password is wrong",
        TlsFiles(None, certfile, str(other.keyfile)): "does not belong to the certificate",
    }
    for files, words in cases.items():
        with pytest.raises(UsageError, match=words) as raised:
            files.context(WORDS)
        assert "secret" not in str(raised.value)
