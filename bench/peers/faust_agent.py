"""Stage 1 as an agent of stock Faust: one mention at a time, each output sent and its acknowledgement awaited.

The table is Faust's own, in memory, with its changelog.
"""

from typing import Any

import faust

from bench.peers.work import now, settle, stages, task
from listener.domain.topics import ENRICHED, PARTIES, PARTY_EVENTS, RAW
from stream.stage import Input, Position

PARTITIONS = 12


def main() -> None:
    """Runs until it is ended."""
    given = task()
    ledger, _ = stages(given)
    app = faust.App(
        given.group,
        broker=f"kafka://{given.servers}",
        datadir=str(given.state_dir),
        store="memory://",
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
    )
    raw = app.topic(RAW.name, key_type=bytes, value_type=bytes)
    topics = {
        topic.name: app.topic(topic.name, key_type=bytes, value_type=bytes)
        for topic in (ENRICHED, PARTY_EVENTS, PARTIES)
    }
    table = app.Table("authors", partitions=PARTITIONS, key_type=bytes, value_type=bytes)

    @app.agent(raw)  # type: ignore[untyped-decorator]  # Faust publishes no types
    async def agent(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            [heard] = ledger.prepare([ledger.decode(message.topic, message.value)])
            position = Position(message.topic, message.partition, message.offset)
            step = ledger.step(message.key.decode(), table.get(message.key), [Input(position, heard)], now())
            if step.state is not None:
                table[message.key] = step.state
            for output in step.outputs:
                if output.value is not None:
                    sent = await topics[output.topic].send(
                        key=output.key.encode(), value=output.value.to_json()
                    )
                    await sent

    settle()
    faust.Worker(
        app, loglevel=None, quiet=True, override_logging=False, redirect_stdouts=False
    ).execute_from_commandline()


if __name__ == "__main__":
    main()
