"""A task that a service of the worker runs in the background."""

import asyncio
from abc import ABC, abstractmethod


class Background(ABC):
    """Runs `_run` from `start` until `stop`."""

    _task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins, in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends; returns once it has."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @abstractmethod
    async def _run(self) -> None:
        """What is done, for as long as it is not cancelled."""
