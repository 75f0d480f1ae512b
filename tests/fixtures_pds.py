"""A real Bluesky PDS (personal data server), with a real PLC directory, on this machine."""

import json
import os
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from cached_install import cached_install
from listener.embedded.ports import free_port

VERSION = "0.4.184"
PACKAGES = {
    "private": True,
    "dependencies": {"@atproto/pds": VERSION, "@did-plc/server": "0.0.1"},
    # It has the interface of better-sqlite3, and comes compiled, where that one is compiled for minutes.
    "overrides": {"better-sqlite3": "npm:libsql@0.5.29"},
}
START = """\
const sqlite = require('better-sqlite3');
const statement = Object.getPrototypeOf(new sqlite(':memory:').prepare('SELECT 1'));
const all = statement.all;
const bytes = (value) => (value instanceof ArrayBuffer ? Buffer.from(value) : value);
statement.all = function (...given) {  // libsql gives an ArrayBuffer where better-sqlite3 gives a Buffer
  const rows = all.apply(this, given);
  for (const row of rows) for (const name in row) row[name] = bytes(row[name]);
  return rows;
};
const { PlcServer, Database } = require('@did-plc/server');
const { PDS, envToCfg, envToSecrets, readEnv } = require('@atproto/pds');
(async () => {
  const plc = PlcServer.create({ db: Database.mock(), port: Number(process.env.PLC_PORT) });
  await plc.start();
  const env = { ...readEnv(), version: 'test' };
  const pds = await PDS.create(envToCfg(env), envToSecrets(env));
  await pds.start();
})().catch((error) => { console.error(error); process.exit(1); });
"""


@dataclass(frozen=True)
class Account:
    """One account, and the token to write into its repository."""

    did: str
    handle: str
    token: str


class Pds:
    """A server with accounts of whom tests make as many as they need."""

    def __init__(self, port: int, plc_port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.directory = f"http://127.0.0.1:{plc_port}"
        self._http = httpx.Client(base_url=f"{self.url}/xrpc", timeout=60)
        self._accounts: dict[str, Account] = {}
        self._lock = threading.Lock()

    def account(self, name: str) -> Account:
        """The account with a name, made if there is none."""
        with self._lock:
            if name not in self._accounts:
                handle = f"{name}.test"
                body = {"handle": handle, "email": f"{name}@example.test", "password": "secret"}
                made = self._answer(self._http.post("/com.atproto.server.createAccount", json=body))
                self._accounts[name] = Account(made["did"], handle, made["accessJwt"])
            return self._accounts[name]

    def write(self, name: str, method: str, body: dict[str, Any]) -> Any:
        """Changes the repository of an account: createRecord, putRecord or deleteRecord."""
        account = self.account(name)
        headers = {"Authorization": f"Bearer {account.token}"}
        whole = {"repo": account.did, "collection": "app.bsky.feed.post", **body}
        return self._answer(self._http.post(f"/com.atproto.repo.{method}", json=whole, headers=headers))

    def close(self) -> None:
        self._http.close()

    def _answer(self, response: httpx.Response) -> Any:
        assert response.is_success, response.text
        return response.json()


def _install(directory: Path) -> None:
    (directory / "package.json").write_text(json.dumps(PACKAGES))
    npm = ["npm", "install", "--no-audit", "--no-fund", "--omit=dev", "--loglevel=error"]
    subprocess.run(npm, cwd=directory, check=True, timeout=900)


def _environment(directory: Path, port: int, plc_port: int) -> dict[str, str]:
    (directory / "blobs").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "PLC_PORT": str(plc_port),
        "PDS_PORT": str(port),
        "PDS_HOSTNAME": "localhost",
        "PDS_DEV_MODE": "true",
        "PDS_DATA_DIRECTORY": str(directory),
        "PDS_BLOBSTORE_DISK_LOCATION": str(directory / "blobs"),
        "PDS_DID_PLC_URL": f"http://127.0.0.1:{plc_port}",
        "PDS_SERVICE_HANDLE_DOMAINS": ".test",
        "PDS_INVITE_REQUIRED": "false",
        "PDS_JWT_SECRET": secrets.token_hex(16),
        "PDS_ADMIN_PASSWORD": secrets.token_hex(16),
        "PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX": secrets.token_hex(32),
        "PDS_BSKY_APP_VIEW_URL": "http://127.0.0.1:9",
        "PDS_BSKY_APP_VIEW_DID": "did:web:localhost",
        "PDS_DISABLE_SSRF_PROTECTION": "true",
        "PDS_RATE_LIMITS_ENABLED": "false",
        "LOG_ENABLED": "false",
    }


@pytest.fixture(scope="session")
def pds(tmp_path_factory: pytest.TempPathFactory, server_missing: Callable[[str], NoReturn]) -> Iterator[Pds]:
    """One for all tests; each makes accounts, or at least hashtags, of its own."""
    if not (shutil.which("node") and shutil.which("npm")):
        server_missing("Node.js 20 or npm is missing; the Bluesky PDS runs on it")
    try:
        installed = cached_install(f"pds-{VERSION}-libsql", _install)
    except (OSError, subprocess.SubprocessError) as error:
        server_missing(f"the Bluesky PDS cannot be installed from npm: {error}")
    directory = tmp_path_factory.mktemp("pds")
    port, plc_port = free_port(), free_port()
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(
            ["node", "-e", START],
            cwd=installed,
            env=_environment(directory, port, plc_port),
            stdout=output,
            stderr=output,
        )
    server = Pds(port, plc_port)
    try:
        _wait_until_it_answers(server, process, directory / "output")
        yield server
    finally:
        server.close()
        process.kill()  # it has no end of its own
        process.wait(60)


def _wait_until_it_answers(server: Pds, process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            if httpx.get(f"{server.url}/xrpc/_health", timeout=60).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, f"the PDS does not answer\n{output.read_text()}"
