"""Certificates for tests: an authority of the test's own, and what it issues, made with OpenSSL."""

import ipaddress
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")


@dataclass(frozen=True)
class Certificate:
    """Files in PEM.

    Attributes:
        keystore: key and certificate in one file, as Kafka takes them.
    """

    certfile: Path
    keyfile: Path

    @property
    def keystore(self) -> Path:
        """Made when it is asked for."""
        both = self.certfile.with_suffix(".keystore.pem")
        both.write_text(self.keyfile.read_text() + self.certfile.read_text())
        return both


class Authority:
    """Issues certificates; those of two authorities do not trust each other."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.cafile, self._key = directory / "ca.pem", directory / "ca.key"
        subject = ("-subj", f"/CN=test authority {directory.name}", "-days", "30")
        _openssl("req", "-x509", *_KEY, "-noenc", *subject, "-keyout", self._key, "-out", self.cafile)

    def issue(
        self,
        name: str,
        *,
        hosts: tuple[str, ...] = ("127.0.0.1", "localhost"),
        days: int = 30,
        key_password: str | None = None,
    ) -> Certificate:
        """A certificate for a server or a client.

        Args:
            days: from now; negative for one that has expired.
            key_password: encrypts the key.
        """
        made = Certificate(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        request = made.certfile.with_suffix(".csr")
        names = ",".join(f"{'IP' if _is_address(host) else 'DNS'}:{host}" for host in hosts)
        secret = ("-passout", f"pass:{key_password}") if key_password else ("-noenc",)
        wanted = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={names}")
        _openssl("req", "-new", *_KEY, *secret, *wanted, "-keyout", made.keyfile, "-out", request)
        signed = ("-CA", self.cafile, "-CAkey", self._key, "-copy_extensions", "copy")
        _openssl("x509", "-req", "-in", request, *signed, "-days", str(days), "-out", made.certfile)
        return made


def _openssl(*words: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="session")
def authority(server_missing: Callable[[str], NoReturn]) -> Iterator[Authority]:
    """The authority that servers and clients of this session trust."""
    if shutil.which("openssl") is None:
        server_missing("openssl is not installed: apt-get install openssl")
    with tempfile.TemporaryDirectory(prefix="listener-tls-") as directory:
        yield Authority(Path(directory) / "ours")


@pytest.fixture(scope="session")
def other_authority(authority: Authority) -> Authority:
    """One that nobody here trusts."""
    return Authority(authority.cafile.parent.with_name("other"))
