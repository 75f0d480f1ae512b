"""Stage 1: mentions, answers, links and commands by author; live ones first, imports when there is time."""

import asyncio
from collections.abc import Callable
from typing import Any

from listener.domain.topics import BACKFILL
from stream.agents.drive import drive
from stream.agents.yielding import BackfillInbox, LiveInbox
from stream.reliability import ReliableApp
from stream.worker import StageWorker


def add_ledger_agents(
    app: ReliableApp,
    worker: StageWorker[Any],
    topics: tuple[str, ...],
    ready: asyncio.Event,
    most: int,
    within_seconds: float,
    behind: Callable[[], int],
) -> None:
    """Adds two agents on one table: one for the live topics, one for the backfill, which yields to the first.

    Args:
        behind: how many records the next stage has not processed.
    """
    live_topics = tuple(topic for topic in topics if topic != BACKFILL.name)
    live = LiveInbox()
    backfill = BackfillInbox(live, behind)
    app.inboxes |= dict.fromkeys(live_topics, live) | {BACKFILL.name: backfill}

    async def ledger(_stream: Any) -> None:
        await drive(app, live, worker, stage="ledger", ready=ready, most=most, within_seconds=within_seconds)

    async def ledger_backfill(_stream: Any) -> None:
        await drive(
            app,
            backfill,
            worker,
            stage="ledger",
            backlog="ledger-backfill",
            ready=ready,
            most=most,
            within_seconds=within_seconds,
            turn=backfill.turn,
        )

    app.agent(app.topic(*live_topics, key_type=bytes, value_type=bytes), name="ledger")(ledger)
    app.agent(app.topic(BACKFILL.name, key_type=bytes, value_type=bytes), name="ledger-backfill")(
        ledger_backfill
    )
