"""The command line in this process, against the broker of the module."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from listener.cli.main import main
from listener.kafka.connection import KafkaConnection


@dataclass(frozen=True)
class Result:
    """What a command said and how it ended."""

    code: int
    out: bytes
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its output, where that is JSON."""
        found: list[dict[str, Any]] = json.loads(self.out)
        return found


@pytest.fixture
def listener(
    connection: KafkaConnection,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    tmp_path: Path,
) -> Callable[..., Result]:
    """Runs ``listener ...`` in an empty directory."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", connection.bootstrap_servers)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["listener", *arguments])
        capfdbinary.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        out, err = capfdbinary.readouterr()
        return Result(code, out, err.decode())

    return run
