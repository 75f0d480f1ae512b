"""Collects the blocks of an INSERT where the engine can read them in one go."""

import errno
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from listener.embedded.clickhouse.full_disk import KEPT_FREE_BYTES, free_bytes

IN_MEMORY_BYTES = 64 * 1024 * 1024
"""Larger inserts go to a file without a name in the data directory; the kernel frees it after a crash."""


class Spool:
    """An anonymous file: nothing of it is visible to anybody before the engine is told to insert it.

    A write that fails (a disk with no more room than is kept free) is remembered rather than raised, so that the
    client's blocks can be read to their end and the client hears of it.

    Args:
        directory: where large inserts go.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file: IO[Any] = os.fdopen(os.memfd_create("insert", os.MFD_CLOEXEC), "wb", buffering=0)
        self._on_disk = False
        self.size_bytes = 0
        self.rows = 0
        self.failure: OSError | None = None

    @property
    def path(self) -> str:
        """Where this process, and the engine in it, finds the file."""
        return f"/proc/self/fd/{self._file.fileno()}"

    def write(self, data: memoryview) -> None:
        """Appends."""
        if self.failure is not None:
            return
        try:
            if not self._on_disk and self.size_bytes + len(data) > IN_MEMORY_BYTES:
                self._move_to_disk()
            if self._on_disk:
                self._require_room(len(data))
            written = 0
            while written < len(data):
                written += self._file.write(data[written:])
            self.size_bytes += len(data)
        except OSError as failure:
            self.failure = failure

    def _require_room(self, size_bytes: int) -> None:
        if free_bytes(self._directory) < size_bytes + KEPT_FREE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _move_to_disk(self) -> None:
        self._require_room(self.size_bytes)
        in_memory = self._file
        self._file = tempfile.TemporaryFile(dir=self._directory, buffering=0)  # noqa: SIM115 see __exit__
        self._on_disk = True
        with in_memory:
            offset = 0
            while sent := os.sendfile(
                self._file.fileno(), in_memory.fileno(), offset, self.size_bytes - offset
            ):
                offset += sent

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
