"""A hand-written loop over confluent-kafka with the product's two stages, their states and changelogs.

One process reads all topics of both stages. States are in RocksDB; each batch is folded, its states go to the
changelog and, once that is acknowledged, to RocksDB; then the outputs are sent and acknowledged, then the
offsets are committed. It neither recovers nor rebalances nor writes dead letters.
"""

from collections.abc import Iterator
from typing import Any

from confluent_kafka import Message
from rocksdict import Options, Rdict, WriteBatch

from bench.peers.confluent import Loop
from bench.peers.work import Task, now, settle, stages, task
from listener.domain.topics import BACKFILL, STREAM_GROUP
from stream.stage import Input, Output, Position, Stage


class StatefulStage:
    """A stage with its table."""

    def __init__(self, stage: Stage[Any], of: Task, loop: Loop) -> None:
        self.stage = stage
        self._loop = loop
        self._changelog = f"{STREAM_GROUP}-{stage.name}-changelog"
        self._states = Rdict(str(of.state_dir / stage.name), Options(raw_mode=True))

    def process(self, messages: list[Message]) -> None:
        """Decode, prepare, fold, store, publish."""
        values = self.stage.prepare([self.stage.decode(m.topic(), m.value()) for m in messages])
        grouped: dict[tuple[int, bytes], list[Input[Any]]] = {}
        for message, value in zip(messages, values, strict=True):
            position = Position(message.topic(), message.partition(), message.offset())
            grouped.setdefault((message.partition(), message.key()), []).append(Input(position, value))
        changes: dict[tuple[int, bytes], bytes] = {}
        outputs: list[Output] = []
        at = now()
        for (partition, key), inputs in grouped.items():
            before = self._states.get(key)
            step = self.stage.step(key.decode(), before, inputs, at)
            if step.state is not None and step.state != before:
                changes[partition, key] = step.state
            outputs.extend(step.outputs)
        self._store(changes)
        self._loop.send(map(_record, outputs))

    def _store(self, changes: dict[tuple[int, bytes], bytes]) -> None:
        self._loop.send(
            {"topic": self._changelog, "key": key, "value": state, "partition": partition}
            for (partition, key), state in changes.items()
        )
        batch = WriteBatch(raw_mode=True)
        for (_, key), state in changes.items():
            batch.put(key, state)
        self._states.write(batch)


def _record(output: Output) -> dict[str, Any]:
    value = None if output.value is None else output.value.to_json()
    return {"topic": output.topic, "key": output.key.encode(), "value": value}


def _turns(
    tables: list[StatefulStage], messages: list[Message]
) -> Iterator[tuple[StatefulStage, list[Message]]]:
    for table in tables:
        own = [message for message in messages if message.topic() in table.stage.topics]
        if own:
            yield table, own


def main() -> None:
    """Runs until it is ended."""
    given = task()
    ledger, triage = stages(given)
    topics = [topic for stage in (ledger, triage) for topic in stage.topics if topic != BACKFILL.name]
    loop = Loop(given, topics)
    tables = [StatefulStage(ledger, given, loop), StatefulStage(triage, given, loop)]
    settle()
    while True:
        messages = loop.batch()
        for table, own in _turns(tables, messages):
            table.process(own)
        if messages:
            loop.commit()


if __name__ == "__main__":
    main()
