"""A whole installation on this machine: `listener up` as a user starts it, spoken to from outside only."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from listener.chaos.installation import IDLE_SECONDS, Installation

__all__ = ["IDLE_SECONDS", "Installation", "counts"]


def counts(summary: str) -> dict[str, int]:
    """The figures of an import's summary line."""
    return {name: int(figure) for name, figure in re.findall(r"(\w+)=(\d+)", summary)}


@pytest.fixture(scope="module")
def new_installation(kafka_installed: None) -> Iterator[Callable[..., Installation]]:
    """Makes installations; all are stopped at the end of the module, and their data removed."""
    made: list[Installation] = []

    def make(*options: str, environment: Mapping[str, str] | None = None) -> Installation:
        data_dir = Path(tempfile.mkdtemp(prefix="listener-up-")) / "data"
        installation = Installation(data_dir, *options, environment=environment)
        made.append(installation)
        installation.start()
        return installation

    try:
        yield make
    finally:
        for installation in made:
            installation.end()
            shutil.rmtree(installation.data_dir.parent, ignore_errors=True)


@pytest.fixture(scope="session")
def real_data(server_missing: Callable[[str], NoReturn]) -> Path:
    """The real data sets beside the checkout; they are not part of the repository."""
    directory = Path(__file__).parents[2] / "shared" / "data"
    if not directory.is_dir():
        server_missing("the real data sets are not beside this checkout (../shared/data)")
    return directory
