"""How librdkafka's producers are set in all peers: idempotent, acknowledged by all, keys as the product's."""

PRODUCER = {
    "partitioner": "murmur2_random",
    "compression.type": "lz4",
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 5,
    "message.max.bytes": 10 * 1024 * 1024,
    "queue.buffering.max.messages": 1_000_000,
}
