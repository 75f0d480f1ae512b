"""A command that serves web pages, as a process of its own."""

import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

START_SECONDS = 90
STOP_SECONDS = 60


class Serving:
    """A command that runs until it is ended.

    What it tells goes into a file: a pipe that nobody reads is full after some minutes without a broker, and then
    the command stands still.

    Args:
        words: what Python runs.
        says: finds the address, its first group, in what the command tells.
    """

    def __init__(
        self,
        words: tuple[str, ...],
        directory: Path,
        environment: Mapping[str, str],
        says: str = r"(http://\S+)",
    ) -> None:
        with NamedTemporaryFile(dir=directory, suffix=".log", delete=False) as log:
            self._log = Path(log.name)
            argv = [sys.executable, *words]
            self.process = subprocess.Popen(argv, cwd=directory, env=environment, stdout=log, stderr=log)
        self.url = self._address(says)

    def said(self) -> str:
        """All that it has told so far."""
        return self._log.read_text(encoding="utf-8")

    def stop(self) -> str:
        """Ends it in order; what it said."""
        self.process.terminate()
        self.process.wait(STOP_SECONDS)
        return self.said()

    def kill(self) -> None:
        """Ends it if it still runs."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def _address(self, says: str) -> str:
        deadline = time.monotonic() + START_SECONDS
        while not (found := re.search(says + r"\n", self.said())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"it never said where it listens:\n{self.said()}")
            time.sleep(0.05)
        return found[1]
