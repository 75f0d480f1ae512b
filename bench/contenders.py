"""Who is measured, and how each is started."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.broker import Broker
from bench.watch import Watched
from listener.domain.topics import STREAM_GROUP

Command = Callable[["Run", int], list[str]]
"""The command line of the process with this number."""


@dataclass(frozen=True)
class Run:
    """One repetition of one contender.

    Attributes:
        group: its consumer group.
        directory: its own, empty at the start.
        enrichment: `product` or `none`.
    """

    broker: Broker
    group: str
    directory: Path
    enrichment: str


@dataclass(frozen=True)
class Contender:
    """A way to do the work.

    Attributes:
        name: as the tables have it.
        command: what a process of it is started with.
        processes: how many of them.
        group: of its consumers, where it cannot be chosen.
        grouped: whether it uses a consumer group at all.
        share: of the mentions; one that is slow gets fewer.
    """

    name: str
    command: Command
    processes: int = 1
    group: str | None = None
    grouped: bool = True
    share: float = 1.0

    @contextmanager
    def running(self, run: Run) -> Iterator[Sequence[Watched]]:
        """Its processes, while they run."""
        environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": run.broker.servers, "NO_COLOR": "1"}
        with ExitStack() as stack:
            yield [
                stack.enter_context(
                    Watched(self.command(run, number), run.directory / f"{number}.log", environment)
                )
                for number in range(self.processes)
            ]


def peer(module: str) -> Command:
    """A module of `bench.peers` as a process."""

    def command(run: Run, number: int) -> list[str]:
        state = run.directory / f"state-{number}"
        state.mkdir()
        words = ["--servers", run.broker.servers, "--group", run.group, "--state-dir", str(state)]
        return [sys.executable, "-m", f"bench.peers.{module}", *words, "--enrichment", run.enrichment]

    return command


def _worker(run: Run, number: int) -> list[str]:
    return ["stream", "--worker", str(number), "--data-dir", str(run.directory)]


def whole_worker(run: Run, number: int) -> list[str]:
    """`listener stream`, as a user starts it."""
    return [sys.executable, "-m", "listener", *_worker(run, number)]


def ledger_worker(run: Run, number: int) -> list[str]:
    """The same with the second stage deaf."""
    return [sys.executable, "-m", "bench.peers.product_ledger", run.enrichment, *_worker(run, number)]


CONFLUENT = Contender("confluent-kafka loop, no state", peer("confluent_stateless"))
STAGE_ONE = (
    CONFLUENT,
    Contender("listener, 1 worker", ledger_worker, group=STREAM_GROUP),
    Contender("listener, 2 workers", ledger_worker, processes=2, group=STREAM_GROUP),
    Contender("Quix Streams, same state", peer("quix")),
    Contender("Bytewax, state in memory", peer("bytewax_flow"), grouped=False),
    Contender("Faust, one at a time", peer("faust_agent"), share=0.2),
)
"""From `mentions.raw` to `mentions.enriched`; the first is the one that the others are compared with."""

CONFLUENT_STAGES = Contender("confluent-kafka loop, both stages", peer("confluent_stages"))
WORKER = Contender("listener, 1 worker", whole_worker, group=STREAM_GROUP)
BOTH_STAGES = (
    CONFLUENT_STAGES,
    WORKER,
    Contender("listener, 2 workers", whole_worker, processes=2, group=STREAM_GROUP),
)
"""From `mentions.raw` to `triage`."""
