"""From what a source yields to what is on the broker: the part that all connectors share.

What is written when, so that kill -9 at any moment repeats and never loses:

1. mentions, dead letters, index entries, and the records of what was parked: all acknowledged, then
2. the cursor, and the removal of parked records whose items were released in step 1.

Before step 2 is acknowledged the source yields the same batch again, so whatever of step 1 arrived is repeated
under the same ids; after it nothing of the batch is needed any more. An index entry may be there before its
mention is: the mention comes again, since the cursor has not moved. What is only parked has no index entry, so
an entry always says under whom its mention stands. A parked record may outlive the release of its items: they
are released once more at the next start, since the index knows the original.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from listener.connectors.connector import Item, NativeDeletion, NativeItem, Source, Unreadable
from listener.connectors.index import Awaits, Contact, Index, Known, index_entry
from listener.connectors.normalise import normalise, normalise_deletion
from listener.connectors.parked import Parked, parked_key
from listener.connectors.seen import Seen
from listener.domain.connector_state import Cursor
from listener.domain.dead_letter import SOURCE_HEADER, DeadLetter
from listener.domain.erasure import Erasures
from listener.domain.errors import Rejected
from listener.domain.ids import mention_id
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.topics import CURSORS, DEAD, INDEX, PARKED
from listener.kafka.dead_letters import dead_letter_record
from listener.kafka.publish import Outlet
from listener.trail import followed, passed


@dataclass
class Counts:
    """What became of the items of a source. items = published + rejected + repeats + erased + still parked.

    Attributes:
        differing: of the repeats, those with another text, author or time than the first, which is published.
        unlinked: of the published, the company's answers whose original was never seen or not named.
        erased: said by somebody, or to somebody, who was erased since.
    """

    items: int = 0
    published: int = 0
    rejected: int = 0
    repeats: int = 0
    differing: int = 0
    unlinked: int = 0
    erased: int = 0


class Intake:
    """Normalises, resolves who is answered, and publishes; see the module for the order of writes.

    Args:
        source: whose items these are.
        outlet: where records go.
        index: who wrote what, of this kind of source; entries of what is published are added.
        parked: what waits for its original.
        now: stamps `received_at` and times of records.
        cursor_key: key of the cursor; the source's name where None.
        stage: who gives up on an item, in dead letters.
        seen: what came already, where items may repeat and are to be counted apart.
        store_parked: False where what is parked need not outlive the process, since the source can be read
            from its beginning again.
        replaying: True while the items are those that an earlier run has published: they are followed, and
            not published, until `go_live`.
        heard_at: when an earlier run heard something last.
        erasures: who must not come back; nobody where None.

    Attributes:
        heard_at: when something came last.
    """

    def __init__(
        self,
        source: Source,
        outlet: Outlet,
        index: Index,
        parked: Parked,
        now: Callable[[], datetime],
        *,
        cursor_key: str | None = None,
        stage: str = "connector",
        seen: Seen | None = None,
        store_parked: bool = True,
        replaying: bool = False,
        heard_at: datetime | None = None,
        erasures: Erasures | None = None,
    ) -> None:
        self.counts = Counts()
        self.heard_at = heard_at
        self._source = source
        self._headers = [(SOURCE_HEADER, source.name.encode())]
        self._outlet = outlet
        self._index = index
        self._parked = parked
        self._now = now
        self._cursor_key = cursor_key or source.name
        self._stage = stage
        for waiting, replies_to in parked.answers():
            index.put_waiting(waiting, replies_to)
        self._seen = seen
        self._store_parked = store_parked
        self._replaying = replaying
        self._erasures = Erasures() if erasures is None else erasures
        self._erased: set[str] = set()
        self._followed: list[Mention | MentionDeleted] = []

    def go_live(self, index: Index) -> None:
        """Ends the replay; what is parked and known to this index is published at once.

        Args:
            index: replaces the one that was used so far, and takes over what only that one knows.
        """
        index.adopt(self._index)
        self._index, self._replaying = index, False
        self.release_known()

    def take(self, items: Iterable[Item]) -> None:
        """Hands everything that comes of these items to the outlet, dead letters for what cannot be used.

        Raises:
            ServiceError: Kafka does not take it.
        """
        for item in items:
            if isinstance(item, NativeDeletion) and item.only_if_heard and not self._heard(item):
                continue
            self.heard_at = self._now()
            self.counts.items += 1
            try:
                self._take(item)
            except Rejected as error:
                self._reject(item, error)

    def commit(self, position: Mapping[str, Any] | None) -> None:
        """Waits until everything taken is on the broker, then moves the cursor, and waits for that.

        Args:
            position: for the cursor; it stays where it is if None.

        Raises:
            ServiceError: something was not acknowledged; the cursor has not moved, or not for certain.
        """
        if self._store_parked:
            for awaited, record in self._parked.additions():
                self._outlet.publish(PARKED.name, self._parked_key(awaited), record.to_json())
        self._outlet.flush()
        for said in self._followed:
            passed(self._stage, said, source=self._source.name, topic=self._source.topic.name)
        self._followed.clear()
        if self._store_parked:
            for awaited in self._parked.removals():
                self._outlet.publish(PARKED.name, self._parked_key(awaited), None)
        if position is not None:
            cursor = Cursor(
                source=self._cursor_key, position=dict(position), at=self._now(), heard_at=self.heard_at
            )
            self._outlet.publish(CURSORS.name, self._cursor_key, cursor.to_json())
        self._outlet.flush()
        self._parked.settled()

    def release_known(self) -> None:
        """Publishes whatever was parked and need not wait any longer, as after a start."""
        for awaited in self._parked.awaited():
            if awaited in self._index:
                self._release(awaited)

    def release(self, parked_before: datetime | None = None) -> None:
        """Gives up waiting: publishes what is parked under the author who wrote it, counted as unlinked.

        Args:
            parked_before: only what has waited since before this time; all of it if None.
        """
        self.release_known()
        given_up = self._parked.awaited() if parked_before is None else self._parked.stale(parked_before)
        for awaited in given_up:
            for waiting in self._parked.take(awaited):
                if isinstance(waiting.value, Mention):
                    self._publish_unlinked(waiting.value)
                else:
                    known = self._index.get(waiting.value.mention_id)
                    author = known.author if known else waiting.value.author
                    self._publish_deletion(waiting.value, author)

    def _heard(self, item: NativeDeletion) -> bool:
        return mention_id(self._source.kind, item.native_id) in self._index

    def _take(self, item: Item) -> None:
        match item:
            case NativeItem():
                self._take_mention(normalise(item, self._source, self._now()))
            case NativeDeletion():
                deletion = normalise_deletion(item, self._source, self._now())
                self._place_deletion(deletion, item.author is not None, self._now())
            case Unreadable():
                raise Rejected(item.reason, item.detail)
            case _:
                assert_never(item)

    def _take_mention(self, mention: Mention) -> None:
        sighting = self._seen.sighting(mention) if self._seen is not None else None
        if sighting is not None and sighting.repeated:
            self.counts.repeats += 1
            self.counts.differing += sighting.differs
            return
        if mention.direction == "outbound" and mention.answers_author is None:
            self._place_answer(mention, self._now())
        else:
            self._publish(mention)
        if self._seen is not None and sighting is not None:
            self._seen.add(sighting)  # not before, so that what was rejected does not hide what comes later
        if self._parked:
            self._release(mention.mention_id)

    def _place_answer(self, mention: Mention, since: datetime) -> None:
        """Publishes the company's words under the customer whom they answer, or parks them."""
        replies_to = mention.answers or mention.reply_to
        if replies_to is None:
            self._publish_unlinked(mention)
            return
        match self._index.contact(replies_to):
            case Contact() as contact:
                update = {"answers": contact.mention_id, "answers_author": contact.author}
                self._publish(mention.model_copy(update=update))
            case Awaits() as original if self._parked.park(original.mention_id, mention, since):
                self._index.put_waiting(mention.mention_id, replies_to)  # a thread may lead through it
            case Awaits():
                # Perhaps there was room for it when it came first, and then nobody has published it.
                self._publish_unlinked(mention, even_if_replaying=True)
            case None:
                self._publish_unlinked(mention)

    def _place_deletion(self, deletion: MentionDeleted, author_is_named: bool, since: datetime) -> None:
        """Publishes a deletion where its mention is or will be, or parks it until that is known."""
        known = self._index.get(deletion.mention_id)
        if known is not None:
            self._publish_deletion(deletion, known.author)
            return
        awaits: str | None = None
        if deletion.mention_id in self._index:  # the mention waits itself
            found = self._index.contact(deletion.mention_id)
            awaits = found.mention_id if isinstance(found, Awaits) else None
        elif not author_is_named:
            awaits = deletion.mention_id
        if awaits is None or not self._parked.park(awaits, deletion, since):
            self._publish_deletion(deletion, deletion.author)

    def _release(self, mention_id: str) -> None:
        for waiting in self._parked.take(mention_id):
            if isinstance(waiting.value, Mention):
                self._place_answer(waiting.value, waiting.since)
            else:
                self._place_deletion(waiting.value, author_is_named=False, since=waiting.since)

    def _publish_unlinked(self, mention: Mention, even_if_replaying: bool = False) -> None:
        replies_to = mention.answers or mention.reply_to
        self._publish(mention, even_if_replaying)
        if replies_to is None or replies_to not in self._index:
            self.counts.unlinked += 1

    def _publish(self, mention: Mention, even_if_replaying: bool = False) -> None:
        if self._erasures.covers("author", mention.key, mention.effective_at):
            # it stays known for this run, so that answers to it are found to be to the same person
            self._index.put(mention.mention_id, _known(mention))
            self._erased.add(mention.mention_id)
            self.counts.erased += 1
            return
        if not self._replaying or even_if_replaying:
            self._send(mention)
        self.counts.published += 1
        self._remember(mention)

    def _publish_deletion(self, deletion: MentionDeleted, author: str) -> None:
        name = deletion.mention_id
        if self._erasures.erased_ms("author", author) is not None and (
            name in self._erased or self._index.get(name) is None
        ):
            self.counts.erased += 1
            return
        deletion = deletion.model_copy(update={"author": author})
        if not self._replaying:
            self._send(deletion)
        self.counts.published += 1

    def _send(self, said: Mention | MentionDeleted) -> None:
        self._outlet.publish(self._source.topic.name, said.key, said.to_json(), self._headers)
        if followed():
            self._followed.append(said)

    def _remember(self, mention: Mention) -> None:
        known = _known(mention)
        if self._index.put(mention.mention_id, known) and not self._replaying:
            entry = index_entry(mention.mention_id, known, mention.effective_at)
            self._outlet.publish(INDEX.name, mention.mention_id, entry.to_json())

    def _reject(self, item: Item, error: Rejected) -> None:
        self.counts.rejected += 1
        if self._replaying:
            return
        letter = DeadLetter(
            origin=item.origin,
            source=self._source.name,
            reason=error.reason,
            detail=error.detail,
            stage=self._stage,
            at=self._now(),
            size=len(item.original),
        )
        self._outlet.publish(DEAD.name, *dead_letter_record(letter, None, item.original))

    def _parked_key(self, awaited: str) -> str:
        return parked_key(self._source.name, awaited)


def _known(mention: Mention) -> Known:
    return Known(mention.key, mention.direction == "outbound", mention.answers or mention.reply_to)
