"""The sink that tells one destination of alerts."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from listener.destinations import AlertsTo
from listener.domain.errors import Busy, Rejected
from listener.domain.governance import Alert
from listener.domain.topics import ALERTS
from listener.kafka.record import Record
from sinks.alerts.channel import Channel
from sinks.alerts.news import News, Standing
from sinks.sink import Prepared, Refused

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letters:
    """What is to be told of a batch.

    Attributes:
        news: each with the record that says so.
        refused: takes what the other side refuses for good, beside what could not be read.
        told: ids of what was told in an earlier try of this batch.
    """

    news: Sequence[tuple[News, Record]]
    refused: list[Refused]
    told: set[str] = field(default_factory=set)


class AlertSink:
    """Tells what is new to a channel; see `sinks.alerts.news` for how a repeat is known.

    Told at least once: if this dies after the other side took it and before the offset is committed, the batch
    is told again, with the same ids.

    Args:
        name: of the sink.
        history: the records of the topic from its beginning.
        now: the machine's time.

    Attributes:
        well: whether the last try was taken.
        place: where it tells, for people: without secrets.
    """

    topics: tuple[str, ...] = (ALERTS.name,)

    def __init__(
        self,
        name: str,
        destination: AlertsTo,
        channel: Channel,
        history: Callable[[], Iterable[Record]],
        now: Callable[[], datetime],
    ) -> None:
        self.name = name
        self.well = True
        self.place = channel.place
        self._destination = destination
        self._channel = channel
        self._history = history
        self._now = now
        self._standing = Standing(destination.wants)
        self._next_offset: int | None = None

    def ping(self) -> None:
        """Nothing is asked: neither chats nor pagers have a question that tells nobody anything."""

    def prepare(self, batch: Sequence[Record]) -> Prepared[Letters]:
        """What is new in a batch, and not too old.

        Raises:
            ServiceError: Kafka does not give what was published before.
        """
        refused: list[Refused] = []
        found: list[tuple[News, Record]] = []
        if batch and batch[0].offset != self._next_offset:
            self._remember(batch[0].offset)
        oldest_ms = (self._now().timestamp() - self._destination.max_age_hours * 3600) * 1000
        for record in batch:
            self._next_offset = record.offset + 1
            if record.value is None:
                continue
            try:
                news = self._standing.read(Alert.read(record.value), record.offset)
            except Rejected as why:
                refused.append(Refused(record, why))
                continue
            if news is not None and record.timestamp >= oldest_ms:
                found.append((news, record))
        return Prepared(Letters(found, refused), refused)

    def store(self, content: Letters) -> None:
        """Tells it: one by one, or in one message where it is much.

        Raises:
            Busy: as `Channel.tell`; what was told before is not told again by the next try.
        """
        left = [(news, record) for news, record in content.news if news.news_id not in content.told]
        above = self._channel.digest_above
        together = above is not None and len(content.news) > above
        for part in [left] if together and left else [[one] for one in left]:
            try:
                self._channel.tell([news for news, _ in part])
            except Busy:
                self.well = False
                raise
            except Rejected as why:
                content.refused.extend(Refused(record, why) for _, record in part)
                log.warning(
                    "sink=%s refused alerts=%s: %s", self.name, [n.alert.alert_id for n, _ in part], why
                )
            content.told.update(news.news_id for news, _ in part)
        self.well = True

    def housekeeping(self) -> None:
        """Nothing is due."""

    def close(self) -> None:
        """Ends the channel's connections."""
        self._channel.close()

    def _remember(self, before: int) -> None:
        """Reads what was published before an offset, which is what has been told."""
        self._standing = Standing(self._destination.wants)
        if before == 0:
            return
        for record in self._history():
            if record.offset >= before:
                break
            if record.value is not None:
                try:
                    self._standing.read(Alert.read(record.value), record.offset)
                except Rejected:
                    continue  # a dead letter of the batch that it was in
