"""Ends the server once its disk is full.

What chdb-core (26.9) has in its buffers when it finishes a file is lost without a word where the kernel refuses
it for want of room: the part is put in place with empty files and the insert reported as done, or a merge
replaces good parts by such a one, and every query that reads the part fails. So a server does not go on beside a
full disk. It ends as in a crash, before it acknowledges anything more; at the next start the engine sets aside
parts that are not whole, and takes up again those that were merged into them.
"""

import logging
import os
import threading
import time
from pathlib import Path
from typing import NoReturn

from listener.embedded.clickhouse.launch import EXIT_DISK_FULL

log = logging.getLogger(__name__)

KEPT_FREE_BYTES = 64 << 20
"""The engine begins no insert and no merge that would leave less: while a disk fills slowly, it only refuses."""
FULL_BYTES = 1 << 20
"""With less than this, a write may have been refused."""
LOOK_SECONDS = 0.02


def free_bytes(directory: Path) -> int:
    """What this process may still write there."""
    status = os.statvfs(directory)
    blocks = status.f_bfree if os.geteuid() == 0 else status.f_bavail
    return blocks * status.f_frsize


def end_if_full(directory: Path) -> None:
    """Ends the process where no room is left; to be called before anything is acknowledged."""
    if free_bytes(directory) < FULL_BYTES:
        _end(directory)


def watch(directory: Path) -> None:
    """Does so from now on, in a thread."""

    def look() -> None:
        while True:
            end_if_full(directory)
            time.sleep(LOOK_SECONDS)

    threading.Thread(target=look, name="full-disk", daemon=True).start()


def _end(directory: Path) -> NoReturn:
    log.error("no space is left at %s, so nothing written there now is safe; ending", directory)
    os._exit(EXIT_DISK_FULL)
