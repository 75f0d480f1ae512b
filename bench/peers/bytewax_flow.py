"""Stage 1 in Bytewax: the product's ledger over Bytewax's keyed state, which is in memory here.

Its recovery store is off: nothing is kept of the states beyond the process, and no changelog is written.
"""

from collections.abc import Iterable
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.testing import run_main

from bench.peers.work import BATCH_RECORDS, now, settle, stages, task
from bench.producing import PRODUCER
from listener.domain.topics import RAW
from stream.ledger.ledger import LedgerValue, key_of
from stream.stage import Input, Position


def main() -> None:
    """Runs until it is ended."""
    given = task()
    ledger, _ = stages(given)

    def prepare(messages: list[KafkaSourceMessage[Any, Any]]) -> Iterable[tuple[str, Input[LedgerValue]]]:
        values = ledger.prepare([ledger.decode(RAW.name, message.value) for message in messages])
        for message, value in zip(messages, values, strict=True):
            yield message.key.decode(), Input(Position(RAW.name, message.partition, message.offset), value)

    def fold(
        state: tuple[str, bytes] | None, given: Input[LedgerValue]
    ) -> tuple[tuple[str, bytes], Iterable[KafkaSinkMessage[bytes, bytes]]]:
        key = key_of(given.value)
        step = ledger.step(key, state[1] if state else None, [given], now())
        return (key, step.state or b""), [
            KafkaSinkMessage(output.key.encode(), output.value.to_json(), topic=output.topic)
            for output in step.outputs
            if output.value is not None
        ]

    flow = Dataflow("ledger")
    source = KafkaSource([given.servers], [RAW.name], batch_size=BATCH_RECORDS)
    read = op.input("read", flow, source)
    heard = op.flat_map_batch("prepare", read, prepare)
    told = op.stateful_flat_map("fold", heard, fold)
    settings = {name: str(value) for name, value in PRODUCER.items()}
    op.output(
        "write", op.map("unkey", told, lambda pair: pair[1]), KafkaSink([given.servers], None, settings)
    )
    settle()
    run_main(flow)


if __name__ == "__main__":
    main()
