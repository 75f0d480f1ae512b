"""A worker like the counting one, whose stages can be mended; run as a process of its own, to be killed."""

import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import faust

from integration.stream.counting_worker import PARTITIONS, NoCustomers, RememberMentions, RememberParties
from listener.domain.mention import Mention, MentionDeleted
from listener.kafka.connection import KafkaConnection
from stream.app import WorkerOptions, build_app
from stream.levels import Levels
from stream.triage.policy import default_policy


class MendedMentions(RememberMentions):
    """Prepares every mention."""

    def prepare(self, values: Sequence[Mention | MentionDeleted]) -> list[Mention | MentionDeleted]:
        """Nothing is refused any more."""
        return list(values)


class MendedParties(MendedMentions, RememberParties):
    """The same by party."""

    name = RememberParties.name
    topics = RememberParties.topics


def main() -> None:
    """Arguments: bootstrap servers, data directory, health port, ``broken`` or ``mended``."""
    logging.basicConfig(level="WARNING")
    servers, data_dir, port, state = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    stages = (
        (MendedMentions(), MendedParties()) if state == "mended" else (RememberMentions(), RememberParties())
    )
    options = WorkerOptions(
        data_dir=data_dir, partitions=PARTITIONS, session_timeout_seconds=6, health_port=port
    )
    app = build_app(
        KafkaConnection(servers),
        options,
        *stages,
        Levels(default_policy()),
        NoCustomers(),
        lambda: datetime.now(UTC),
    )
    faust.Worker(
        app, loglevel=None, quiet=True, override_logging=False, redirect_stdouts=False
    ).execute_from_commandline()


if __name__ == "__main__":
    main()
