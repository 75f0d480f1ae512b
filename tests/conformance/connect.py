"""`listener connect` in a process of its own, that can be stopped and killed.

Processes are forked from one that has imported everything: a start takes a tenth of a second, not two.
"""

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from conformance.gate import WAIT_SECONDS
from listener.connectors.kinds import MODULES
from listener.kafka.connection import KafkaConnection

_PROGRAM = "listener.cli.connect_command"


class Connect:
    """The command with one source.

    Args:
        directory: an empty one.
        source: the source as in `listener.yaml`.
        environment: holds its secrets.
    """

    def __init__(
        self,
        directory: Path,
        kafka: KafkaConnection,
        name: str,
        source: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> None:
        self._directory = directory
        self._name = name
        self._environment = {**environment, "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
        self._process: ForkServerProcess | None = None
        self._log = directory / "log"
        (directory / "listener.yaml").write_text(json.dumps({"sources": {name: source}}))

    def start(self, *arguments: str) -> None:
        """Starts it; the one before has ended."""
        assert not self.alive
        self._process = _context().Process(
            target=_command,
            args=[str(self._directory), self._environment, ["connect", self._name, *arguments]],
            daemon=True,
        )
        self._process.start()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.is_alive()

    @property
    def told(self) -> str:
        """What it has written to standard output and error in all."""
        return self._log.read_text() if self._log.exists() else ""

    def kill(self) -> None:
        """SIGKILL; returns at once, so it may be called by the gate."""
        if self._process is not None and self._process.pid is not None:
            os.kill(self._process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM; it must end with status 0."""
        assert self._process is not None
        self._process.terminate()
        assert self.wait() == 0, self.told

    def wait(self) -> int:
        """Waits for its end. Returns the status, negative for a signal."""
        assert self._process is not None
        self._process.join(WAIT_SECONDS)
        status = self._process.exitcode
        assert status is not None, f"it does not end:\n{self.told}"
        return status


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    # It finds what is installed, not what pytest has made findable for this process, and passes over the rest.
    context.set_forkserver_preload([_PROGRAM, *MODULES.values()])
    return context


def _command(directory: str, environment: Mapping[str, str], arguments: list[str]) -> None:
    assert _PROGRAM in sys.modules, "it was not imported before the fork: each start would cost a second"
    from listener.cli.main import main

    os.chdir(directory)
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(":"))
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    sys.argv = ["listener", *arguments]
    main()
