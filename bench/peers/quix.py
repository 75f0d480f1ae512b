"""Stage 1 in Quix Streams: the product's ledger over Quix's own state, RocksDB with a changelog topic."""

import logging
from collections.abc import Iterable
from typing import Any

from quixstreams import Application, State, message_context
from quixstreams.models import Serializer

from bench.peers.work import now, settle, stages, task
from bench.producing import PRODUCER
from listener.domain.topics import ENRICHED, PARTIES, PARTY_EVENTS, RAW
from stream.ledger.ledger import key_of
from stream.stage import Input, Position

OUTPUTS = (ENRICHED.name, PARTY_EVENTS.name, PARTIES.name)
Out = tuple[str, bytes, bytes]
"""Topic, key, value."""


class ValueOf(Serializer):  # type: ignore[misc]  # not installed where types are checked
    """What goes on the wire of an `Out`."""

    def __call__(self, value: Any, ctx: Any) -> bytes:
        """The third."""
        return bytes(value[2])


def main() -> None:
    """Runs until it is ended."""
    given = task()
    ledger, _ = stages(given)
    app = Application(
        broker_address=given.servers,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        state_dir=given.state_dir,
        commit_interval=1.0,
        producer_extra_config=PRODUCER,
        loglevel=logging.WARNING,
    )
    raw = app.topic(RAW.name, key_deserializer="bytes", value_deserializer="bytes")
    topics = {name: app.topic(name, key_serializer="bytes", value_serializer=ValueOf()) for name in OUTPUTS}

    def process(value: bytes, state: State) -> Iterable[Out]:
        context = message_context()
        [heard] = ledger.prepare([ledger.decode(RAW.name, value)])
        position = Position(RAW.name, context.partition, context.offset)
        before = state.get_bytes("author")
        step = ledger.step(key_of(heard), before, [Input(position, heard)], now())
        if step.state is not None and step.state != before:
            state.set_bytes("author", step.state)
        return [
            (output.topic, output.key.encode(), output.value.to_json())
            for output in step.outputs
            if output.value is not None
        ]

    frame = app.dataframe(raw).apply(process, stateful=True, expand=True)
    frame.to_topic(lambda out, *_: topics[out[0]], key=lambda out: out[1])
    settle()
    app.run()


if __name__ == "__main__":
    main()
