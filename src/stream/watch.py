"""Notices a worker that has stopped working without an error: records wait, and nothing moves.

Consumers are known to die silently (faust-streaming issues 175 and 640). A worker that ends is started again by
whatever looks after it, and goes on where it stood.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress

from stream.background import Background

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0


class Stall:
    """How long something that should move has stood still.

    Args:
        seconds: longer is a stall.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: Hashable = None
        self._since: float | None = None

    def look(self, moved: Hashable, waiting: bool, now: float) -> float | None:
        """Takes a look.

        Args:
            moved: changes whenever something moves.
            waiting: whether there is anything to do.
            now: of a clock that only runs forward, in seconds.

        Returns:
            For how many seconds nothing has moved, where that is a stall.
        """
        if not waiting or moved != self._seen or self._since is None:
            self._seen, self._since = moved, now
        still = now - self._since
        return still if still > self._seconds else None


class Watch(Background):
    """Looks every few seconds, as a companion of the app.

    Args:
        moved: changes whenever something moves.
        waiting: whether there is anything to do; may ask the broker. No answer counts as something to do.
        stall_seconds: after so long without movement the worker is to end.
        on_stall: is told why.
    """

    def __init__(
        self,
        moved: Callable[[], Hashable],
        waiting: Callable[[], Awaitable[bool]],
        stall_seconds: float,
        on_stall: Callable[[str], None],
    ) -> None:
        self._moved = moved
        self._waiting = waiting
        self._stall = Stall(stall_seconds)
        self._on_stall = on_stall

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            waiting, answered = True, False
            with suppress(Exception):  # whatever keeps the broker from answering, the stall will tell
                waiting = await asyncio.wait_for(self._waiting(), LOOK_SECONDS)
                answered = True
            still = self._stall.look(self._moved(), waiting, clock())
            if still is not None:
                what = "though records wait" if answered else "and the broker does not answer"
                self._on_stall(f"nothing has moved for {still:.0f} s {what}")
