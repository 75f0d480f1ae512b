"""A real helpdesk, Debian's Request Tracker 5 on SQLite, on this machine."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from listener.embedded.ports import free_port

SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SETUP = Path("/usr/sbin/rt-setup-database-5")
FRESH = Path("/var/lib/dbconfig-common/sqlite3/request-tracker5/rtdb")
OURS = ("listener", "listener-secret")
"""The account that works there for Listener; docs/desks.md says which rights it needs."""
AGENT = ("k.agent", "agent-secret")
NO_RESPONSE = "no response needed"
"""A status that tickets of the queue Praise may have."""
START_SECONDS = 90.0
SITE = """\
Set($rtname, 'example.test');
Set($Organization, 'example.test');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{directory}/rtdb');
Set($MailCommand, 'testfile');
Set($MasonSessionDir, '{directory}/sessions');
Set($WebSessionClass, 'Apache::Session::File');
Set($LogToSTDERR, 'warning');
Set($LogToSyslog, undef);
Set($BcryptCost, 5);
Set(%Lifecycles, praise => {{
  initial => ['new'],
  active => ['open'],
  inactive => ['resolved', 'rejected', 'deleted', '{no_response}'],
  defaults => {{ on_create => 'new' }},
  transitions => {{
    '' => ['new', 'open'],
    map {{ $_ => ['open', 'resolved', 'rejected', '{no_response}'] }}
      'new', 'open', 'resolved', 'rejected', '{no_response}',
  }},
}});
1;
"""
PREPARED = """\
@Queues = ({{ Name => 'Complaints' }}, {{ Name => 'Praise', Lifecycle => 'praise' }});
@Users = (
  {{ Name => '{ours[0]}', Password => '{ours[1]}', Privileged => 1 }},
  {{ Name => '{agent[0]}', Password => '{agent[1]}', Privileged => 1 }},
);
@ACL = (
  {{ UserId => '{ours[0]}',
    Right => [qw(SeeQueue CreateTicket ShowTicket ShowTicketComments CommentOnTicket ModifyTicket)] }},
  {{ UserId => '{agent[0]}', Right => 'SuperUser' }},
);
@Final = (sub {{
  require RT::AuthToken;
  my $user = RT::User->new(RT->SystemUser);
  $user->Load('{ours[0]}');
  my ($ok, $message, $token) = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $user->Id);
  open(my $file, '>', '{directory}/token') or die $!;
  print $file $token;
}});
1;
"""


@dataclass
class RequestTrackerServer:
    """What people do there; see `sinks.desks.request_tracker` for what Listener does.

    Attributes:
        token: of the account that works for Listener.
    """

    url: str
    token: str

    def ask(self, method: str, path: str, *, account: tuple[str, str] = AGENT, **options: Any) -> Any:
        """One request of its interface."""
        answer = httpx.request(method, f"{self.url}/REST/2.0{path}", auth=account, timeout=60, **options)
        assert answer.is_success, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def tickets(self, query: str = "id > 0") -> list[dict[str, Any]]:
        """All tickets that a search finds."""
        found = self.ask("GET", "/tickets", params={"query": query, "per_page": 100, "orderby": "id"})
        return [self.ask("GET", f"/ticket/{each['id']}") for each in found["items"]]

    def queue_of(self, ticket: dict[str, Any]) -> str:
        """The name of the queue that a ticket is in."""
        name: str = self.ask("GET", f"/queue/{ticket['Queue']['id']}")["Name"]
        return name

    def correspond(self, ticket_id: str, text: str, status: str | None = None) -> None:
        """An agent writes to the customer."""
        message = {"Content": text, "ContentType": "text/plain"}
        self.ask("POST", f"/ticket/{ticket_id}/correspond", json=message)
        if status is not None:
            self.ask("PUT", f"/ticket/{ticket_id}", json={"Status": status})


@pytest.fixture(scope="module")
def request_tracker(
    tmp_path_factory: pytest.TempPathFactory, server_missing: Callable[[str], NoReturn]
) -> Iterator[RequestTrackerServer]:
    """A fresh server with an account for Listener, one for an agent, the queues General, Complaints and Praise."""
    if not (SERVER.exists() and FRESH.exists()) or os.geteuid() != 0:
        server_missing(
            "Request Tracker is missing, or this is not root; Debian's packages `request-tracker5 rt5-standalone "
            "rt5-db-sqlite starman` bring it"
        )
    directory = tmp_path_factory.mktemp("request-tracker")
    for name in ("sessions", "empty.d"):
        (directory / name).mkdir()
    shutil.copy(FRESH, directory / "rtdb")
    port = free_port()
    (directory / "RT_SiteConfig.pm").write_text(
        SITE.format(directory=directory, port=port, no_response=NO_RESPONSE)
    )
    (directory / "prepared").write_text(PREPARED.format(ours=OURS, agent=AGENT, directory=directory))
    environment = os.environ | {
        "RT_SITE_CONFIG": str(directory / "RT_SiteConfig.pm"),
        "RT_SITE_CONFIG_DIR": str(directory / "empty.d"),
    }
    with (directory / "log").open("ab") as log:
        setup = [str(SETUP), "--action", "insert", "--datafile", str(directory / "prepared")]
        subprocess.run(setup, env=environment, stdout=log, stderr=log, check=True, timeout=START_SECONDS)
        words = ["--server", "Starman", "--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
        process = subprocess.Popen(
            [str(SERVER), *words],
            env=environment,
            cwd=directory,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server = RequestTrackerServer(f"http://127.0.0.1:{port}", (directory / "token").read_text())
    try:
        _wait(server, process, directory / "log")
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _wait(server: RequestTrackerServer, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.ask("GET", "/rt")
        except (httpx.HTTPError, AssertionError):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"it does not answer\n{log.read_text()}"
            time.sleep(0.2)
        else:
            return
