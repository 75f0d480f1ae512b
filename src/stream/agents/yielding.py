"""How the backfill yields: imports are history, and must not keep a live case waiting.

A live record waits for whatever was let in before it: in the ledger for the batch in hand, in the triage stage for
everything that the backfill has sent there. So while anything live is heard, batches of the backfill are small,
and the next one is let in only when no live record waits for longer than it would anyway, and when the triage
stage has caught up. Each worker looks at its own partitions.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from stream.inbox import Batch, Inbox

LIVE_WAITS_SECONDS = 0.05
SIP_RECORDS = 6
"""Some thousandths of a second of either stage's work; what a live record waits for is mostly their flush."""
REST_SECONDS = 0.02
"""Before each sip: one after the other, their flushes would leave live ones no moment of their own."""
GULP_RECORDS = 500
QUIET_SECONDS = 60.0
"""Where nothing live was heard for so long, the backfill takes gulps."""
LOOK_SECONDS = 0.005


class Waiting(NamedTuple):
    """What stands before the stages of this worker.

    Attributes:
        live_seconds: age of the oldest live record that the ledger has not begun; 0 where none waits.
        behind: records that the triage stage has not processed.
    """

    live_seconds: float
    behind: int


def may_go_on(waiting: Waiting, ahead: int) -> bool:
    """Whether the backfill may process its next batch, while so many records at most are before the next stage."""
    return waiting.live_seconds <= LIVE_WAITS_SECONDS and waiting.behind <= ahead


class LiveInbox(Inbox):
    """What is heard live, and when last."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._heard_at = monotonic() - QUIET_SECONDS

    @property
    def quiet(self) -> bool:
        """Whether nothing has come for a while."""
        return self._monotonic() - self._heard_at >= QUIET_SECONDS

    async def take(self, most: int, within_seconds: float) -> Batch:
        """As `Inbox.take`."""
        batch = await super().take(most, within_seconds)
        self._heard_at = self._monotonic()
        return batch


class BackfillInbox(Inbox):
    """What is imported, in portions that suit those who are heard live.

    Args:
        live: the inbox that it yields to.
        behind: how many records the next stage has not processed.
    """

    def __init__(self, live: LiveInbox, behind: Callable[[], int]) -> None:
        super().__init__()
        self._live = live
        self._behind = behind

    @property
    def portion(self) -> int:
        """Records of the next batch."""
        return GULP_RECORDS if self._live.quiet else SIP_RECORDS

    @property
    def ahead(self) -> int:
        """Records that may be before the next stage when that batch is processed."""
        return GULP_RECORDS if self._live.quiet else 0

    async def take(self, most: int, within_seconds: float) -> Batch:
        """As `Inbox.take`, but not more than a portion."""
        return await super().take(min(most, self.portion), within_seconds)

    async def turn(self) -> None:
        """Returns when the batch that was taken may be processed."""
        if not self._live.quiet:
            await asyncio.sleep(REST_SECONDS)
        while not may_go_on(self._waiting_now(), self.ahead):  # noqa: ASYNC110  # no event tells of it
            await asyncio.sleep(LOOK_SECONDS)

    def _waiting_now(self) -> Waiting:
        oldest = self._live.oldest_seconds
        return Waiting(0.0 if oldest is None else time.time() - oldest, self._behind())
