"""What a source has put on the broker since a test began."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition

from conformance.gate import WAIT_SECONDS
from listener.domain.dead_letter import SOURCE_HEADER
from listener.domain.mention import Mention, MentionDeleted, read_raw
from listener.domain.topics import DEAD, RAW
from listener.kafka.connection import KafkaConnection


class Heard:
    """Reads `mentions.raw` and `mentions.dead` as they grow.

    Attributes:
        said: mentions and deletions of the source with the key of their record, as they came.
        letters: headers of its dead letters.
    """

    def __init__(self, kafka: KafkaConnection, source: str) -> None:
        self.said: list[tuple[str, Mention | MentionDeleted]] = []
        self.letters: list[dict[str, bytes]] = []
        self._source = source.encode()
        self._consumer = KafkaConsumer(**kafka.kafka_python(), enable_auto_commit=False)
        partitions = [
            TopicPartition(topic.name, partition)
            for topic in (RAW, DEAD)
            for partition in sorted(self._consumer.partitions_for_topic(topic.name) or ())
        ]
        self._consumer.assign(partitions)
        self._consumer.seek_to_end(*partitions)
        for partition in partitions:
            self._consumer.position(partition)  # so that the end is that of now

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._consumer.close()

    @property
    def mentions(self) -> list[Mention]:
        """The mentions, repeats and revisions included."""
        return [mention for _, mention in self.keyed]

    @property
    def keyed(self) -> list[tuple[str, Mention]]:
        """The same with the keys of their records."""
        return [(key, value) for key, value in self.said if isinstance(value, Mention)]

    @property
    def texts(self) -> Mapping[str, str]:
        """Native id to the text of the highest revision, of what was not deleted."""
        gone = {value.mention_id for _, value in self.said if isinstance(value, MentionDeleted)}
        latest: dict[str, Mention] = {}
        for mention in self.mentions:
            known = latest.get(mention.native_id)
            if mention.mention_id not in gone and (known is None or mention.revision >= known.revision):
                latest[mention.native_id] = mention
        return {native_id: mention.text for native_id, mention in latest.items()}

    def of(self, native_id: str) -> list[tuple[str, Mention]]:
        """All that came of one post, with keys."""
        return [(key, mention) for key, mention in self.keyed if mention.native_id == native_id]

    def deletions(self, native_id: str) -> list[tuple[str, MentionDeleted]]:
        """All deletions that came of one post, with keys."""
        return [
            (key, value)
            for key, value in self.said
            if isinstance(value, MentionDeleted) and value.native_id == native_id
        ]

    def until(self, condition: Callable[[], object], what: str, explain: Callable[[], str] = str) -> None:
        """Reads on until a condition holds.

        Args:
            what: is waited for, in words.
            explain: what to say beside if it does not come.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        self._read(0)
        while not condition():
            assert time.monotonic() < deadline, f"waited {WAIT_SECONDS:g} s for {what}\n{explain()}"
            self._read(100)

    def _read(self, timeout_ms: int) -> None:
        for records in self._consumer.poll(timeout_ms=timeout_ms).values():
            for record in records:
                self._take(record)

    def _take(self, record: Any) -> None:
        headers = dict(record.headers)
        if headers.get(SOURCE_HEADER) != self._source:
            return
        if record.topic == DEAD.name:
            self.letters.append(headers)
        else:
            self.said.append((record.key.decode(), read_raw(record.value)))
