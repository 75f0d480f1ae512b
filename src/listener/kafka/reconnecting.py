"""Waiting before kafka-python connects again to whoever accepts connections and closes them at once.

So does a proxy or a load balancer whose broker is away. kafka-python 3.0.12 takes such a connection for a good
one, since it was accepted, forgets how often it has failed, and tries again without a pause: half a processor in
each process.
"""

from typing import Any

from kafka.net.compat import KafkaNetClient


class PatientClient(KafkaNetClient):  # type: ignore[misc]  # kafka-python publishes no types
    """Counts a connection as good once the broker has answered; until then as one more failure."""

    def __init__(self, **configs: Any) -> None:
        super().__init__(**configs)
        manager = self._manager
        forget_failures = manager.reset_backoff

        def connected(node_id: Any) -> None:
            if self.connected(node_id):
                forget_failures(node_id)
            else:
                manager.update_backoff(node_id)

        manager.reset_backoff = connected
