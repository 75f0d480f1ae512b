"""The example of docs/connectors/write-your-own.md: a package beside ours, found by its entry point."""

import itertools
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.http_server import serving
from conformance.servers.guestbook import GuestbookServer
from conformance.suite import Conformance

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_connector"
MAX_LINES = 80
_FIRST = itertools.count(int(time.time()) * 1000, 1000)


class TestOwnConnector(Conformance):
    @pytest.fixture
    def network(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuestbookServer]:
        packages = tmp_path_factory.mktemp("packages")
        install(packages)
        server = GuestbookServer((packages, EXAMPLE), next(_FIRST))
        with serving(server) as server.url:
            yield server


def install(packages: Path) -> None:
    """What `pip install` would leave of the example's pyproject.toml beside the code."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    info = packages / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))


def test_the_example_is_short() -> None:
    assert len((EXAMPLE / "own_connector.py").read_text().splitlines()) <= MAX_LINES
