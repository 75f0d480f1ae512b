"""A process that publishes a campaign's records, notes what the broker said to each, and may be killed.

Started again, it publishes what is not noted; what was acknowledged and could not be noted any more comes twice.
"""

import os
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError

from listener.chaos.accounting import Place
from listener.chaos.inputs import Input, read_inputs
from listener.domain.topics import BY_NAME, MAX_DEAD_BYTES

MAX_PENDING = 500
DELIVERY_SECONDS = 120.0
REFUSED = "refused"


def publish(servers: str, inputs: Path, notes: Path, begins_at: float, seconds: float) -> None:
    """Publishes all records that are not noted yet, evenly over the time.

    Args:
        begins_at: when the first is due, in seconds since 1970.
        seconds: how long all of them take; the same after a restart.

    Raises:
        KafkaError: the broker did not acknowledge a record in time.
    """
    earlier = read_notes(notes)
    noted = earlier.acknowledged.keys() | earlier.refused
    count = sum(1 for _ in read_inputs(inputs))
    note = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    producer = _producer(servers, idempotent=True)
    pending: deque[Any] = deque()
    for number, record in enumerate(read_inputs(inputs)):
        if number in noted:
            continue
        time.sleep(max(0.0, begins_at + seconds * number / count - time.time()))
        if len(record.value or b"") > BY_NAME[record.topic].max_bytes:
            _send_large(servers, record, note, number)
            continue
        future = producer.send(record.topic, key=record.key, value=record.value)
        future.add_callback(_noter(note, number))
        pending.append(future)
        while len(pending) > MAX_PENDING:
            pending.popleft().get(timeout=DELIVERY_SECONDS + 10)
    while pending:
        pending.popleft().get(timeout=DELIVERY_SECONDS + 10)
    producer.close()


def _producer(servers: str, *, idempotent: bool) -> KafkaProducer:
    return KafkaProducer(
        bootstrap_servers=servers,
        client_id="listener-chaos",
        acks="all",
        enable_idempotence=idempotent,
        compression_type="lz4",
        linger_ms=20,
        max_request_size=MAX_DEAD_BYTES,
        allow_auto_create_topics=False,
        max_block_ms=int(DELIVERY_SECONDS * 1000),
        request_timeout_ms=10_000,
        delivery_timeout_ms=int(DELIVERY_SECONDS * 1000),
        reconnect_backoff_max_ms=1000,
        metrics_enabled=False,
    )


def _send_large(servers: str, record: Input, note: int, number: int) -> None:
    """By a producer of its own: kafka-python's idempotent one takes nothing more after a record was refused."""
    producer = _producer(servers, idempotent=False)
    try:
        future = producer.send(record.topic, key=record.key, value=record.value)
        future.add_callback(_noter(note, number))
        future.get(timeout=DELIVERY_SECONDS + 10)
    except MessageSizeTooLargeError:
        os.write(note, f"{number} {REFUSED}\n".encode())
    finally:
        producer.close()


def _noter(note: int, number: int) -> Any:
    def acknowledged(sent: Any) -> None:
        os.write(note, f"{number} {sent.topic} {sent.partition} {sent.offset}\n".encode())

    return acknowledged


@dataclass(frozen=True)
class Notes:
    """What the broker said to the records, by their numbers.

    Attributes:
        acknowledged: where it put them.
        refused: those that are larger than their topic takes.
    """

    acknowledged: dict[int, Place] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)


def read_notes(path: Path) -> Notes:
    """What was noted so far. A line that was cut off is no note."""
    notes = Notes()
    if path.exists():
        for line in path.read_text().splitlines(keepends=True):
            match line.split() if line.endswith("\n") else ():
                case number, word if word == REFUSED:
                    notes.refused.add(int(number))
                case number, topic, partition, offset:
                    notes.acknowledged[int(number)] = (topic, int(partition), int(offset))
    return notes


if __name__ == "__main__":
    publish(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]))
