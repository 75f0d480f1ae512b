"""A bare kafka-python producer, set as the product's: sends the records of a file and checks every future.

python -m bench.peers.bare_producer SERVERS TOPIC FILE
"""

import sys
from pathlib import Path

from kafka import KafkaProducer


def main() -> None:
    """Sends all, waits for all."""
    servers, topic, file = sys.argv[1:]
    raw = Path(file).read_bytes()
    producer = KafkaProducer(
        bootstrap_servers=servers,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=100,
        batch_size=128 * 1024,
        metrics_enabled=False,
    )
    futures, place = [], 0
    while place < len(raw):
        key_size, size = (
            int.from_bytes(raw[place : place + 4], "big"),
            int.from_bytes(raw[place + 4 : place + 8], "big"),
        )
        begins = place + 8
        place = begins + key_size + size
        futures.append(
            producer.send(topic, key=raw[begins : begins + key_size], value=raw[begins + key_size : place])
        )
    producer.flush()
    for future in futures:
        future.get(timeout=60)
    producer.close()


if __name__ == "__main__":
    main()
