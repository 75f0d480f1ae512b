"""The command `listener dead`."""

from collections.abc import Callable
from functools import partial

import pytest

from fixtures_command_line import Result


@pytest.fixture
def dead(listener: Callable[..., Result]) -> Callable[..., Result]:
    """Runs ``listener dead ...``."""
    return partial(listener, "dead")
