"""A stream worker whose stages only remember which ids they saw: run as a process of its own, to be killed."""

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import faust

from listener.domain.customer import Customer
from listener.domain.errors import Rejected
from listener.domain.mention import Mention, MentionDeleted, read_raw
from listener.domain.party import PartyOf
from listener.kafka.connection import KafkaConnection
from stream.app import WorkerOptions, build_app
from stream.levels import Levels
from stream.stage import Input, Output, Step
from stream.triage.policy import default_policy

PARTITIONS = 4
STALL_SECONDS = 10.0


class RememberMentions:
    """By author: the ids seen; passes every mention on."""

    name = "ledger"
    topics: tuple[str, ...] = ("mentions.raw", "mentions.backfill", "responses", "links", "case.commands")

    def decode(self, topic: str, value: bytes | None) -> Mention | MentionDeleted:
        if value is None:
            raise Rejected("empty", "no value")
        return read_raw(value)

    def prepare(self, values: Sequence[Mention | MentionDeleted]) -> list[Mention | MentionDeleted]:
        if any(isinstance(value, Mention) and value.text == "cannot be prepared" for value in values):
            raise ValueError("as told")
        return list(values)

    def step(
        self,
        key: str,
        state: bytes | None,
        inputs: Sequence[Input[Mention | MentionDeleted]],
        now: datetime,
    ) -> Step:
        if any(isinstance(i.value, Mention) and i.value.text == "cannot be folded" for i in inputs):
            raise ValueError("as told")
        seen = set(json.loads(state)) if state else set()
        seen |= {given.value.mention_id for given in inputs}
        outputs = tuple(Output("mentions.enriched", f"a:{key}", given.value) for given in inputs)
        return Step(json.dumps(sorted(seen)).encode(), outputs)


class RememberParties(RememberMentions):
    """By party: the ids seen; publishes how many as an epoch."""

    name = "triage"
    topics: tuple[str, ...] = ("mentions.enriched", "party.events", "timers.due")

    def step(
        self,
        key: str,
        state: bytes | None,
        inputs: Sequence[Input[Mention | MentionDeleted]],
        now: datetime,
    ) -> Step:
        folded = super().step(key, state, inputs, now).state
        count = len(json.loads(folded or b"[]"))
        return Step(folded, (Output("parties", key, PartyOf(author=key, party=key, epoch=count, at=now)),))


class NoCustomers:
    """Nobody is known."""

    def put(self, customer: Customer) -> None:
        """Is forgotten."""

    def remove(self, customer_id: str) -> None:
        """Was never known."""


def main() -> None:
    """Arguments: bootstrap servers, data directory, health port."""
    logging.basicConfig(level="WARNING")
    servers, data_dir, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    options = WorkerOptions(
        data_dir=data_dir,
        partitions=PARTITIONS,
        session_timeout_seconds=6,
        stall_seconds=STALL_SECONDS,
        health_port=port,
    )
    app = build_app(
        KafkaConnection(servers),
        options,
        RememberMentions(),
        RememberParties(),
        Levels(default_policy()),
        NoCustomers(),
        lambda: datetime.now(UTC),
    )
    faust.Worker(
        app, loglevel=None, quiet=True, override_logging=False, redirect_stdouts=False
    ).execute_from_commandline()


if __name__ == "__main__":
    main()
