"""The agent of a stage that reads all its topics alike: cases (stage 2) and places at levels (stage 3)."""

import asyncio
from typing import Any

from stream.agents.drive import drive
from stream.inbox import Inbox
from stream.reliability import ReliableApp
from stream.worker import StageWorker


def add_stage_agent(
    app: ReliableApp,
    worker: StageWorker[Any],
    topics: tuple[str, ...],
    *,
    stage: str,
    name: str,
    ready: asyncio.Event,
    most: int,
    within_seconds: float,
) -> None:
    """Adds the agent.

    Args:
        name: of the agent, as Faust knows it.
        stage, ready, most, within_seconds: as for `drive`.
    """
    inbox = Inbox()
    app.inboxes |= dict.fromkeys(topics, inbox)

    async def process(_stream: Any) -> None:
        await drive(app, inbox, worker, stage=stage, ready=ready, most=most, within_seconds=within_seconds)

    app.agent(app.topic(*topics, key_type=bytes, value_type=bytes), name=name)(process)
