"""A real Matrix homeserver, Synapse, on this machine."""

import base64
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from cached_install import cached_install
from listener.embedded.ports import free_port

VERSION = "1.163.2"
SERVER_NAME = "localhost"
PASSWORD = "secret"
UNLIMITED = {"per_second": 10_000, "burst_count": 10_000}


class Synapse:
    """A homeserver with users of whom tests make as many as they need."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/_matrix/client/v3", timeout=60)
        self._tokens: dict[str, str] = {}

    def token(self, name: str) -> str:
        """The access token of a user, who is made if there is none."""
        if name not in self._tokens:
            auth = {"type": "m.login.dummy"}
            body = {"username": name, "password": PASSWORD, "auth": auth}
            self._tokens[name] = self._answer(self._http.post("/register", json=body))["access_token"]
        return self._tokens[name]

    def ask(self, name: str, method: str, path: str, body: Any = None) -> Any:
        """What a user asks for, or does."""
        headers = {"Authorization": f"Bearer {self.token(name)}"}
        return self._answer(self._http.request(method, path, json=body, headers=headers))

    def close(self) -> None:
        self._http.close()

    def _answer(self, response: httpx.Response) -> Any:
        assert response.is_success, response.text
        return response.json()


def user_id(name: str) -> str:
    """The whole name of a user."""
    return f"@{name}:{SERVER_NAME}"


def _install(directory: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", directory], check=True, timeout=600)
    pip = [
        str(directory / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, f"matrix-synapse=={VERSION}"], check=True, timeout=600)


def _configuration(directory: Path, port: int) -> dict[str, Any]:
    seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    (directory / "signing.key").write_text(f"ed25519 a_test {seed}\n")
    (directory / "log.yaml").write_text(json.dumps({"version": 1, "root": {"level": "ERROR"}}))
    resources = [{"names": ["client"], "compress": False}]
    return {
        "server_name": SERVER_NAME,
        "listeners": [
            {"port": port, "type": "http", "bind_addresses": ["127.0.0.1"], "resources": resources}
        ],
        "database": {"name": "sqlite3", "args": {"database": str(directory / "homeserver.db")}},
        "media_store_path": str(directory / "media"),
        "pid_file": str(directory / "pid"),
        "log_config": str(directory / "log.yaml"),
        "signing_key_path": str(directory / "signing.key"),
        "macaroon_secret_key": secrets.token_hex(16),
        "form_secret": secrets.token_hex(16),
        "trusted_key_servers": [],
        "report_stats": False,
        "presence": {"enabled": False},
        "bcrypt_rounds": 4,
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "rc_message": UNLIMITED,
        "rc_registration": UNLIMITED,
        "rc_room_creation": UNLIMITED,
        "rc_joins": {"local": UNLIMITED, "remote": UNLIMITED},
        "rc_invites": {"per_room": UNLIMITED, "per_user": UNLIMITED, "per_issuer": UNLIMITED},
    }


@pytest.fixture(scope="session")
def synapse(
    tmp_path_factory: pytest.TempPathFactory, server_missing: Callable[[str], NoReturn]
) -> Iterator[Synapse]:
    """One for all tests; each makes rooms of its own."""
    try:
        installed = cached_install(f"synapse-{VERSION}", _install)
    except (OSError, subprocess.SubprocessError) as error:
        server_missing(f"Synapse cannot be installed from PyPI: {error}")
    directory, port = tmp_path_factory.mktemp("synapse"), free_port()
    config = directory / "homeserver.yaml"
    config.write_text(json.dumps(_configuration(directory, port)))
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(
            [installed / "bin" / "python", "-m", "synapse.app.homeserver", "-c", config],
            cwd=directory,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONPATH": ""},
        )
    server = Synapse(f"http://127.0.0.1:{port}")
    try:
        _wait_until_it_answers(server, process, directory / "output")
        yield server
    finally:
        server.close()
        process.terminate()
        process.wait(60)


def _wait_until_it_answers(server: Synapse, process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            if httpx.get(f"{server.url}/health", timeout=60).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, f"Synapse does not answer\n{output.read_text()}"
