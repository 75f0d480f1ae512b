"""A file system of limited size, which can be made full and be given room again. Linux, as root."""

import os
import subprocess
from pathlib import Path

from listener.domain.errors import ServiceError

ATTEMPTS = 20
"""Somebody may write between looking how much is used and saying that this is all there is."""


class SmallDisk:
    """Memory as a file system.

    Args:
        place: where it is to be mounted; made if it is missing.
        size_bytes: how much fits while it has room.
    """

    def __init__(self, place: Path, size_bytes: int) -> None:
        self.place = place
        self._size_bytes = size_bytes

    def mount(self) -> None:
        """Puts it in its place.

        Raises:
            ServiceError: that is not allowed here.
        """
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"mode=0700,size={self._size_bytes}", "listener-chaos", self.place)

    def fill(self) -> None:
        """Leaves no byte of room.

        Raises:
            ServiceError: it could not be done.
        """
        for attempt in range(ATTEMPTS):
            status = os.statvfs(self.place)
            try:
                return self._resize((status.f_blocks - status.f_bfree) * status.f_frsize)
            except ServiceError:
                if attempt == ATTEMPTS - 1:
                    raise
        return None

    def empty(self) -> None:
        """Gives it room again; nothing that was written is gone."""
        self._resize(self._size_bytes)

    def unmount(self) -> None:
        """Takes it away with everything in it, now or as soon as nobody uses it any more."""
        _run("umount", "-l", self.place)

    def _resize(self, size_bytes: int) -> None:
        _run("mount", "-o", f"remount,size={size_bytes}", self.place)


def _run(*words: str | Path) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  # fixed programs
    if done.returncode:
        raise ServiceError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
