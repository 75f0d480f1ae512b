"""What all tests share: the real servers, and that a missing one fails where nobody would notice a skip."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

from listener.embedded.kafka.server import JAVA_OPTIONS_VARIABLE

hypothesis.settings.register_profile(
    "any machine",
    deadline=None,  # a busy one is no failure
    derandomize=bool(os.environ.get("CI")),  # a change fails for what is in it; searching goes on elsewhere
)
hypothesis.settings.load_profile("any machine")

# Each broker lives for seconds or minutes: the second compiler would take a third of all processor time.
os.environ.setdefault(JAVA_OPTIONS_VARIABLE, "-XX:TieredStopAtLevel=1")

# Fixtures of one server each, in the files fixtures_*.py beside this one.
pytest_plugins = sorted(path.stem for path in Path(__file__).parent.glob("fixtures_*.py"))


ONE_INSTALLATION = "tests/browser/console/"


class _Scheduling(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist publishes no types
    """A file is for one process, and the console's files together are, since they share an installation."""

    def _split_scope(self, nodeid: str) -> str:
        return ONE_INSTALLATION if nodeid.startswith(ONE_INSTALLATION) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    """How tests are handed to processes, where that is by files."""
    return _Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def server_missing() -> Callable[[str], NoReturn]:
    """Call it with the reason when a server cannot be had here: skips the test, fails it under CI."""

    def give_up(reason: str) -> NoReturn:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)

    return give_up
