"""How fast the stream flows, and what waits at each stage, as Kafka's offsets tell."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from listener.console.now import Flow, Stage
from listener.domain.errors import ServiceError
from listener.domain.topics import BACKFILL, RAW, READ_BY_STAGE, STREAM_GROUP
from listener.kafka.admin import TopicAdmin
from listener.kafka.connection import KafkaConnection

WINDOW_SECONDS = 60.0
"""Rates are of so long at most."""
LEAST_SECONDS = 1.5
"""Asked again sooner, the last answer is given once more."""
HEARD = (RAW.name, BACKFILL.name)
Offsets = Mapping[tuple[str, int], int]


@dataclass(frozen=True)
class _Sample:
    at: float
    ends: Offsets
    committed: Mapping[str, Offsets]


class FlowWatch:
    """Looks at the offsets of all consumer groups. For any thread.

    Args:
        groups: consumer group to the topics that it reads.
    """

    def __init__(self, connection: KafkaConnection, groups: Mapping[str, Sequence[str]]) -> None:
        self._connection = connection
        self._groups = groups
        self._parts = list(_parts(groups))
        self._samples: deque[_Sample] = deque()
        self._admin: TopicAdmin | None = None
        self._lock = Lock()

    def look(self) -> Flow:
        """How it is now.

        Raises:
            ServiceError: Kafka does not answer, or does not tell; as `TopicAdmin` words it.
        """
        with self._lock:
            if not self._samples or time.monotonic() - self._samples[-1].at > LEAST_SECONDS:
                self._samples.append(self._sample())
            while self._samples[-1].at - self._samples[0].at > WINDOW_SECONDS:
                self._samples.popleft()
            return self._flow(self._samples[0], self._samples[-1])

    def close(self) -> None:
        """Ends the connection."""
        if self._admin is not None:
            self._admin.__exit__()
            self._admin = None

    def _sample(self) -> _Sample:
        topics = {topic for of in self._groups.values() for topic in of} | set(HEARD)
        try:
            self._admin = self._admin or TopicAdmin(self._connection)
            ends = self._admin.end_offsets(topics)
            committed = {group: self._admin.committed_offsets(group) for group in self._groups}
        except ServiceError:
            self.close()  # the next look connects anew
            raise
        return _Sample(time.monotonic(), ends, committed)

    def _flow(self, first: _Sample, last: _Sample) -> Flow:
        minutes = (last.at - first.at) / 60
        stages = []
        for name, group, topics in self._parts:
            ends = {where: end for where, end in last.ends.items() if where[0] in topics}
            done, before = last.committed[group], first.committed[group]
            waiting = sum(max(0, end - done.get(where, 0)) for where, end in ends.items())
            moved = sum(max(0, done.get(where, 0) - before.get(where, 0)) for where in ends)
            stages.append(Stage(name, waiting, moved / minutes if minutes else None))
        heard = sum(end - first.ends.get(where, 0) for where, end in last.ends.items() if where[0] in HEARD)
        return Flow(heard / minutes if minutes else None, stages)


def _parts(groups: Mapping[str, Sequence[str]]) -> list[tuple[str, str, frozenset[str]]]:
    """Each stage and sink: its name, its group, and the topics that it reads."""
    stages = [
        (stage, STREAM_GROUP, frozenset(topic.name for topic in topics))
        for stage, topics in READ_BY_STAGE.items()
    ]
    sinks = [
        (group.removeprefix(f"{STREAM_GROUP}-").replace("-", " ", 1), group, frozenset(topics))
        for group, topics in groups.items()
        if group != STREAM_GROUP
    ]
    return [*stages, *sinks]
