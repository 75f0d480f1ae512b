"""What `listener up` says when it cannot start: a clear message, an exit code, and nothing left running."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from listener.chaos.installation import PORTS
from listener.embedded.ports import free_ports_in_a_row
from listener.embedded.process import DirectoryLock

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(180)]


def up(data_dir: Path, *words: str) -> tuple[int, str]:
    ports = list(PORTS)
    first = free_ports_in_a_row(12)
    chosen = [word for n, name in enumerate(ports) if name not in words for word in (name, str(first + n))]
    argv = [sys.executable, "-m", "listener", "up", "--data-dir", str(data_dir), *chosen, *words]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA_", "CLICKHOUSE_"))}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=170, env=environment, check=False)
    return done.returncode, done.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    "option", ["--kafka-port", "--clickhouse-port", "--form-port", "--answers-port", "--health-port"]
)
def test_a_port_in_use(kafka_installed: None, tmp_path: Path, taken: int, option: str) -> None:
    code, said = up(tmp_path / "data", option, str(taken))
    assert code == 1
    assert str(taken) in said
    assert f"process {os.getpid()}" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("kind", ["policy", "taxonomy"])
def test_a_broken_file_is_told_with_its_line_before_anything_starts(tmp_path: Path, kind: str) -> None:
    (tmp_path / "listener.yaml").write_text(f"{kind}: mine.yaml\n")
    (tmp_path / "mine.yaml").write_text("# mine\nsurprise: 1\n")
    code, said = up(tmp_path / "data", "--config", str(tmp_path / "listener.yaml"))
    assert code == 2
    assert "mine.yaml:2: surprise" in said
    assert "starting" not in said


def test_a_directory_that_is_in_use(tmp_path: Path) -> None:
    with DirectoryLock(tmp_path, "listener up"):
        code, said = up(tmp_path)
    assert code == 2
    assert str(os.getpid()) in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_no_room_on_the_disk(kafka_installed: None, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], check=True)
    try:
        code, said = up(disk / "data")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    assert code == 1
    assert "space" in said.lower()
    assert "Traceback" not in said
