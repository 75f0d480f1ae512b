"""A worker with both stages and timers, on texts that say what they are, in simulated time; to be killed.

It may be told to die right after its nth send: changelogs, outputs and timers all leave through one sender, so
between any two sends lies a step of the way.
"""

import logging
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import faust

from listener.kafka.clock import TopicClock
from listener.kafka.connection import KafkaConnection
from stream.app import WorkerOptions, build_app
from stream.enrichment.customer_match import CustomerIndex
from stream.ledger.ledger import Ledger
from stream.levels import Levels
from stream.send import Record, Sender
from stream.triage.policy import default_policy
from stream.triage.triage import Triage
from unit.stream.worlds import TaggedTexts

PARTITIONS = 4
DIED = 9


class MortalSender(Sender):
    """Ends the process after so many sends."""

    left = 0

    async def send(self, records: Iterable[Record]) -> list[int]:
        offsets = await super().send(records)
        type(self).left -= 1
        if type(self).left == 0:
            os._exit(DIED)
        return offsets


def main() -> None:
    """Arguments: bootstrap servers, data directory, health port; after how many sends it dies, if it does."""
    logging.basicConfig(level="WARNING")
    servers, data_dir, port, *sends = sys.argv[1:]
    MortalSender.left = int(sends[0]) if sends else 0
    connection = KafkaConnection(servers)
    clock = TopicClock(connection)
    clock.start()
    customers, policy = CustomerIndex(), default_policy()
    app = build_app(
        connection,
        WorkerOptions(
            data_dir=Path(data_dir),
            partitions=PARTITIONS,
            session_timeout_seconds=6,
            health_port=int(port),
        ),
        Ledger(TaggedTexts(), customers),
        Triage(policy, customers),
        Levels(policy),
        customers,
        clock.now,
        MortalSender,
        policy,
    )
    faust.Worker(
        app, loglevel=None, quiet=True, override_logging=False, redirect_stdouts=False
    ).execute_from_commandline()


if __name__ == "__main__":
    main()
