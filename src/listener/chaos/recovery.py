"""How long an installation takes until it has caught up with what was there when a fault was over."""

import threading
import time
from collections.abc import Mapping

from kafka.errors import KafkaError

from listener.bootstrap import consumer_groups
from listener.domain.errors import ListenerError
from listener.kafka.admin import TopicAdmin
from listener.kafka.connection import KafkaConnection

POLL_SECONDS = 0.5

Ends = Mapping[tuple[str, int], int]


class RecoveryWatch:
    """Watches from a thread of its own, since a broker that is away makes it wait.

    Recovered is: what had been published when the fault was over has passed both stages, and what these made
    of it is stored.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._waiting: dict[int, float] = {}
        self._targets: dict[int, list[Ends]] = {}
        self._seconds: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recovery-watch", daemon=True)
        self._thread.start()

    def begin(self, number: int, began_at: float) -> None:
        """A fault is over.

        Args:
            number: names it.
            began_at: when it began, in seconds since 1970.
        """
        with self._lock:
            self._waiting[number] = began_at

    def seconds(self) -> dict[int, float]:
        """Fault to the time from its beginning to recovery; those not recovered yet are missing."""
        with self._lock:
            return dict(self._seconds)

    def finish(self, timeout_seconds: float) -> dict[int, float]:
        """Waits until all have recovered, or the time is over; ends the watch."""
        deadline = time.monotonic() + timeout_seconds
        while self._waiting and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        self._stop.set()
        self._thread.join(timeout=30)
        return self.seconds()

    def _run(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            if not self._waiting:
                continue
            try:
                with TopicAdmin(self._connection, connect_timeout_seconds=2.0) as admin:
                    self._look(admin)
            except (ListenerError, KafkaError, OSError, ValueError):
                continue  # the broker is away: not recovered

    def _look(self, admin: TopicAdmin) -> None:
        groups = consumer_groups()
        committed = {group: admin.committed_offsets(group) for group in groups}
        now = time.time()
        ends = {group: admin.end_offsets(topics) for group, topics in groups.items()}
        for number, began_at in list(self._waiting.items()):
            # Round by round: what is done of the first ends makes further records, up to the sink's.
            rounds = self._targets.setdefault(number, [])
            if rounds and not all(
                committed[group].get(where, 0) >= end
                for group in groups
                for where, end in rounds[-1].items()
                if where[0] in groups[group]
            ):
                continue
            if len(rounds) == len(groups) + 1:
                with self._lock:
                    self._seconds[number] = now - began_at
                    del self._waiting[number]
            else:
                rounds.append({where: end for group in groups for where, end in ends[group].items()})
