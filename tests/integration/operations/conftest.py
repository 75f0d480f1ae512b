"""Debian's Prometheus, where it is installed."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"


@pytest.fixture(scope="session")
def promtool(server_missing: Callable[[str], NoReturn]) -> str:
    """Path of promtool."""
    return _program("promtool", server_missing)


@pytest.fixture(scope="session")
def prometheus(server_missing: Callable[[str], NoReturn]) -> str:
    """Path of the server."""
    return _program("prometheus", server_missing)


def _program(name: str, server_missing: Callable[[str], NoReturn]) -> str:
    found = shutil.which(name)
    return found or server_missing(f"{name} is not installed: apt-get install prometheus")
