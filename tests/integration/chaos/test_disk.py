"""A disk of a campaign is really full, and really has room again."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from listener.chaos.disk import SmallDisk
from listener.chaos.means import find_means


def test_a_full_disk_takes_nothing_and_keeps_everything(
    tmp_path: Path, server_missing: Callable[[str], NoReturn]
) -> None:
    if not find_means().mounts:
        server_missing("only root can mount a file system of its own")
    disk = SmallDisk(tmp_path / "disk", 64 << 20)
    disk.mount()
    try:
        kept = disk.place / "kept"
        kept.write_bytes(b"x" * 100_000)
        disk.fill()
        with pytest.raises(OSError, match="No space left") as failed:
            (disk.place / "more").write_bytes(b"x" * 10_000)
        assert failed.value.errno == errno.ENOSPC
        disk.empty()
        (disk.place / "more").write_bytes(b"x" * 1_000_000)
        assert kept.read_bytes() == b"x" * 100_000
    finally:
        disk.unmount()
    assert not kept.exists()
