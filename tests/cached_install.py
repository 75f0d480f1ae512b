"""Servers of other projects that tests install once, into a cache that outlives the checkout."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

CACHE = Path.home() / ".cache" / "listener-tests"


def cached_install(name: str, install: Callable[[Path], None]) -> Path:
    """The directory in which something is installed; two who want it at once do it once.

    Args:
        name: holds the version: another one is installed anew.
        install: fills the empty directory; what it leaves half done is removed.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    directory = CACHE / name
    done = directory / ".done"
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            install(directory)
            done.touch()
    return directory
