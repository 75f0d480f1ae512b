"""A real IMAP server, Debian's Dovecot, on this machine."""

import imaplib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from listener.embedded.ports import free_port

USER, PASSWORD = "brand@example.test", "secret"
CONFIGURATION = """\
base_dir = {run}
state_dir = {run}/state
log_path = {directory}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{directory}/mail/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {directory}/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={directory}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
namespace inbox {{
  inbox = yes
}}
"""


@dataclass
class Dovecot:
    """A mailbox that tests put messages into, as its owner's own program would."""

    port: int
    directory: Path
    process: "subprocess.Popen[bytes]"

    def login(self, password: str = PASSWORD) -> imaplib.IMAP4:
        """A second client. On a busy machine Dovecot lets nobody in for a moment, and says so."""
        deadline = time.monotonic() + 60
        while True:
            client = imaplib.IMAP4("127.0.0.1", self.port)
            try:
                client.login(USER, password)
            except imaplib.IMAP4.error as error:
                if "[UNAVAILABLE]" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return client

    def append(self, raw: bytes, folder: str = "INBOX") -> None:
        """A message arrives."""
        client = self.login()
        client.create(folder)
        status, detail = client.append(folder, None, None, raw)
        assert status == "OK", detail
        client.logout()

    def stop(self) -> None:
        """All of its processes end."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def start_dovecot(directory: Path, port: int) -> Dovecot:
    """Starts it on what is in the directory; returns when it answers."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
    (directory / "mail").mkdir(exist_ok=True)
    shutil.chown(directory / "mail", "mail", "mail")
    (directory / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    run = Path(
        tempfile.mkdtemp(prefix="run-", dir=directory)
    )  # what an earlier one leaves behind is in nobody's way
    run.chmod(0o755)
    (directory / "dovecot.conf").write_text(CONFIGURATION.format(directory=directory, run=run, port=port))
    process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(directory / "dovecot.conf")])
    server = Dovecot(port, directory, process)
    deadline = time.monotonic() + 60
    while True:
        try:
            server.login().logout()
        except (OSError, imaplib.IMAP4.error):
            assert process.poll() is None, (directory / "log").read_text()
            assert time.monotonic() < deadline, "Dovecot does not answer"
            time.sleep(0.1)
        else:
            return server


@pytest.fixture
def dovecot(
    tmp_path_factory: pytest.TempPathFactory, server_missing: Callable[[str], NoReturn]
) -> Iterator[Dovecot]:
    """A fresh server with an empty mailbox."""
    if not Path("/usr/sbin/dovecot").exists() or os.geteuid() != 0:
        server_missing("Dovecot is missing, or this is not root; Debian's package `dovecot-imapd` brings it")
    directory = tmp_path_factory.mktemp("dovecot")
    for parent in directory.parents:  # its processes run as other users, and have to get there
        if parent.owner() == "root" and parent != Path("/") and str(parent).startswith("/tmp/pytest"):
            parent.chmod(parent.stat().st_mode | 0o011)
    server = start_dovecot(directory, free_port())
    yield server
    server.stop()
