"""A real ClickHouse for tests: one server for a test session (with pytest-xdist, one for each worker)."""

import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from fixtures_certificates import Authority
from listener.embedded.clickhouse import Certificate, ClickHouseServer
from listener.embedded.ports import free_port
from running import running


@pytest.fixture(scope="session")
def clickhouse_installed(server_missing: Callable[[str], NoReturn]) -> None:
    """Makes sure that the engine is on this machine."""
    if importlib.util.find_spec("chdb") is None:
        server_missing("the ClickHouse engine is not installed: pip install 'listener[embedded]'")


@pytest.fixture(scope="session")
def clickhouse_server(clickhouse_installed: None) -> Iterator[ClickHouseServer]:
    """A running server that all tests of the session share: `host`, `port`, `url`, `reader_url`."""
    with tempfile.TemporaryDirectory(prefix="listener-clickhouse-") as data_dir:
        server = ClickHouseServer(Path(data_dir), free_port(), "writer: p@ss/word", "reader's")
        with running(server):
            yield server


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Certificate:
    """What the server with TLS shows."""
    issued = authority.issue("clickhouse")
    return Certificate(issued.certfile, issued.keyfile, authority.cafile)


@pytest.fixture(scope="session")
def secure_clickhouse(clickhouse_installed: None, certificate: Certificate) -> Iterator[ClickHouseServer]:
    """A running server that wants TLS."""
    with tempfile.TemporaryDirectory(prefix="listener-clickhouse-") as data_dir:
        server = ClickHouseServer(
            Path(data_dir), free_port(), "writer: p@ss", "reader's", certificate=certificate
        )
        with running(server):
            yield server
