"""What is known of one author: contacts, answers and commands, folded so that order and repeats do not matter.

Both stages keep histories, so the same rows travel in both states. Rows are named tuples with times in
milliseconds since 1970, which JSON keeps as short arrays; contracts are made of them only where something
is published. All merges are commutative, associative and idempotent.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from listener.domain.command import Action, CaseCommand
from listener.domain.contact import Contact, shorten
from listener.domain.enriched import Enrichment, Need, Severity
from listener.domain.mention import Channel, Mention, Reach, Visibility
from listener.domain.quick_read import maker
from listener.domain.response import Goodwill, Level, Response, ResponseKind
from stream.id_set import IdSet
from stream.moments import from_ms, to_ms

MAX_RESPONSES = 400
MAX_COMMANDS = 400
"""Kept of one author; the newest."""
MAX_REACH = 2**53
"""A state is JSON; whatever a source claims must not make it unwritable."""
MAX_DELETED = 10_000

_make_response = maker(Response)
_make_goodwill = maker(Goodwill)
_make_command = maker(CaseCommand)
_make_reach = maker(Reach)


class ContactRow(NamedTuple):
    """A contact as states keep it. Lists, not tuples, so that it equals itself read back from JSON."""

    mention_id: str
    revision: int
    source: str
    channel: Channel
    visibility: Visibility
    occurred_ms: int
    heard_ms: int
    """The earliest that is known: so a second import changes nothing."""
    historical: bool
    deleted: bool
    thread: str | None
    reply_to: str | None
    excerpt: str
    url: str | None
    need: Need
    needs_response: bool
    complaint: float
    severity: list[Severity]
    causes: list[str]
    owners: list[str]
    grouping_cause: str
    grouping_revision: int
    head: list[Any] | None = None
    """Triage only: [anchor, how many, time of the anchor] of older contacts of its case that are kept no more."""
    reach: list[Any] | None = None
    """[followers, likes, reposts, verified], as the source told it."""
    reach_claims: list[str] | None = None
    """What the text says about it."""

    @property
    def at_ms(self) -> int:
        """The time that clocks and order use: when it was said, but never later than when it was heard."""
        return min(self.occurred_ms, self.heard_ms)


class ResponseRow(NamedTuple):
    """An answer as states keep it."""

    response_id: str
    contact: str | None
    channel: Channel
    by: str
    level: Level
    kind: ResponseKind
    reason: str | None
    excerpt: str
    goodwill: list[Any] | None
    """[amount, currency, reason]."""
    occurred_ms: int
    heard_ms: int
    historical: bool
    derived: bool
    revision: int

    @property
    def at_ms(self) -> int:
        """When it was said, but never later than when it was heard."""
        return min(self.occurred_ms, self.heard_ms)


class CommandRow(NamedTuple):
    """A command as states keep it."""

    command_id: str
    action: Action
    contacts: list[str]
    by: str
    at_ms: int
    owner: str | None
    cause: str | None
    reason: str


class History:
    """Contacts, answers and commands of one author, by id, and the ids that were deleted at the source."""

    __slots__ = ("commands", "contacts", "deleted", "responses")

    def __init__(self) -> None:
        self.contacts: dict[str, ContactRow] = {}
        self.responses: dict[str, ResponseRow] = {}
        self.commands: dict[str, CommandRow] = {}
        self.deleted = IdSet()

    def add_contact(self, row: ContactRow) -> None:
        """Folds one contact in, in any revision."""
        if row.mention_id in self.deleted:
            row = _without_text(row)
        before = self.contacts.get(row.mention_id)
        self.contacts[row.mention_id] = row if before is None else merge_contacts(before, row)

    def add_response(self, row: ResponseRow) -> None:
        """Folds one answer in; an explicit one overrides a derived one of the same id."""
        if row.derived and row.response_id in self.deleted:
            row = row._replace(excerpt="")
        before = self.responses.get(row.response_id)
        self.responses[row.response_id] = row if before is None else merge_responses(before, row)
        _keep_newest(self.responses, MAX_RESPONSES)

    def add_command(self, row: CommandRow) -> None:
        """Folds one command in."""
        before = self.commands.get(row.command_id)
        self.commands[row.command_id] = (
            row if before is None else max(before, row, key=lambda r: orjson.dumps(tuple(r)))
        )
        _keep_newest(self.commands, MAX_COMMANDS)

    def delete(self, mention_id: str) -> None:
        """The text of a mention goes, now and whenever it comes again; that it was said stays."""
        if len(self.deleted) < MAX_DELETED:
            self.deleted.add(mention_id)
        contact = self.contacts.get(mention_id)
        if contact is not None:
            self.contacts[mention_id] = _without_text(contact)
        response = self.responses.get(mention_id)
        if response is not None and response.derived:
            self.responses[mention_id] = response._replace(excerpt="")

    def forget_until(self, at_ms: int) -> None:
        """Drops all that was said or done until then, as if it had never been."""
        self.contacts = {name: row for name, row in self.contacts.items() if row.at_ms > at_ms}
        self.responses = {name: row for name, row in self.responses.items() if row.at_ms > at_ms}
        self.commands = {name: row for name, row in self.commands.items() if row.at_ms > at_ms}
        if not self.contacts:
            self.deleted = IdSet()

    def times(self) -> dict[str, int]:
        """When each contact was said, and each older one that it stands for."""
        rows = self.contacts.values()
        return {row.head[0]: row.head[2] for row in rows if row.head} | {
            row.mention_id: row.at_ms for row in rows
        }

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return not (self.contacts or self.responses or self.commands or self.deleted)

    def packed(self) -> dict[str, Any]:
        """What `unpacked` reads, for JSON ; what is empty is left out."""
        packed: dict[str, Any] = {}
        if self.contacts:
            packed["c"] = list(map(tuple, self.contacts.values()))
        if self.responses:
            packed["r"] = list(map(tuple, self.responses.values()))
        if self.commands:
            packed["k"] = list(map(tuple, self.commands.values()))
        if self.deleted:
            packed["d"] = self.deleted.packed()
        return packed

    @classmethod
    def unpacked(cls, packed: dict[str, Any]) -> "History":
        """Reads what `packed` gave."""
        history = cls()
        history.contacts = {row[0]: ContactRow._make(row) for row in packed.get("c", ())}
        history.responses = {row[0]: ResponseRow._make(row) for row in packed.get("r", ())}
        history.commands = {row[0]: CommandRow._make(row) for row in packed.get("k", ())}
        history.deleted = IdSet(packed.get("d", ""))
        return history


def merge_contacts(one: ContactRow, other: ContactRow) -> ContactRow:
    """What two readings of one mention say together.

    The higher revision is what it says now; of two readings that claim the same revision and differ, one is
    chosen by content. The grouping cause is that of the lowest revision. Times are the earliest told.
    """
    if one == other:
        return one
    if one.revision != other.revision:
        newest = one if one.revision > other.revision else other
    else:
        newest = max(one, other, key=_content)
    revision, cause = min(
        (one.grouping_revision, one.grouping_cause), (other.grouping_revision, other.grouping_cause)
    )
    merged = newest._replace(
        occurred_ms=min(one.occurred_ms, other.occurred_ms),
        heard_ms=min(one.heard_ms, other.heard_ms),
        historical=one.historical and other.historical,
        grouping_cause=cause,
        grouping_revision=revision,
        head=one.head or other.head,
    )
    return _without_text(merged) if one.deleted or other.deleted else merged


def _content(row: ContactRow) -> tuple[bytes, str, str, list[str]]:
    """Orders readings of one revision; the text last, so that deletion cannot change which is chosen."""
    rest = row._replace(
        occurred_ms=0,
        heard_ms=0,
        historical=False,
        deleted=False,
        excerpt="",
        url=None,
        grouping_cause="",
        grouping_revision=0,
        head=None,
        reach_claims=None,
    )
    return orjson.dumps(tuple(rest)), row.excerpt, row.url or "", row.reach_claims or []


def _without_text(row: ContactRow) -> ContactRow:
    return row._replace(deleted=True, excerpt="", url=None, reach_claims=None)


def merge_responses(one: ResponseRow, other: ResponseRow) -> ResponseRow:
    """What two readings of one answer say together: explicit before derived, then the higher revision."""
    if one == other:
        return one
    if one.derived != other.derived:
        return other if one.derived else one
    if one.revision != other.revision:
        newest = one if one.revision > other.revision else other
    else:
        newest = max(one, other, key=_answer_content)
    return newest._replace(
        heard_ms=min(one.heard_ms, other.heard_ms), historical=one.historical and other.historical
    )


def _answer_content(row: ResponseRow) -> tuple[bytes, str]:
    """As `_content`."""
    return orjson.dumps(tuple(row._replace(heard_ms=0, historical=False, excerpt=""))), row.excerpt


def _keep_newest(rows: "dict[str, ResponseRow] | dict[str, CommandRow]", limit: int) -> None:
    if len(rows) > limit:
        del rows[min(rows, key=lambda name: (rows[name].at_ms, name))]


def contact_row(
    mention: Mention,
    found: Enrichment,
    *,
    deleted: bool = False,
    grouping_cause: str | None = None,
    grouping_revision: int | None = None,
) -> ContactRow:
    """The row of an inbound mention.

    Args:
        grouping_cause: as known from elsewhere; else the most likely root cause of this revision.
        grouping_revision: the revision that `grouping_cause` was found in.
    """
    causes = [cause.node for cause in found.root_causes]
    return ContactRow(
        mention.mention_id,
        mention.revision,
        mention.source,
        mention.channel,
        mention.visibility,
        to_ms(mention.occurred_at),
        to_ms(mention.received_at),
        mention.historical,
        deleted,
        mention.thread,
        mention.reply_to,
        "" if deleted else shorten(mention.text),
        None if deleted else mention.url,
        found.need,
        found.needs_response,
        round(found.complaint.probability, 4),
        list(found.severity),
        causes,
        [cause.owner for cause in found.root_causes],
        (causes[0] if causes else "unknown") if grouping_cause is None else grouping_cause,
        mention.revision if grouping_revision is None else grouping_revision,
        None,
        _reach_list(mention.reach),
        None if deleted else list(found.reach_claims) or None,
    )


def row_of_contact(contact: Contact) -> ContactRow:
    """The row of a contact as it travels in a `join`."""
    return ContactRow(
        contact.mention_id,
        contact.revision,
        contact.source,
        contact.channel,
        contact.visibility,
        to_ms(contact.occurred_at),
        to_ms(contact.effective_at),
        contact.historical,
        contact.deleted,
        contact.thread,
        contact.reply_to,
        contact.excerpt,
        contact.url,
        contact.need,
        contact.needs_response,
        contact.complaint,
        list(contact.severity),
        list(contact.causes),
        list(contact.owners),
        contact.grouping_cause,
        contact.grouping_revision,
        None,
        _reach_list(contact.reach),
        list(contact.reach_claims) or None,
    )


def _reach_list(reach: Reach | None) -> list[Any] | None:
    if reach is None:
        return None
    counts = [reach.followers, reach.likes, reach.reposts]
    return [*[None if count is None else min(count, MAX_REACH) for count in counts], reach.verified]


def reach_of(row: ContactRow) -> Reach | None:
    """How far a contact carries, as the source told it."""
    if row.reach is None:
        return None
    followers, likes, reposts, verified = row.reach
    return _make_reach(followers=followers, likes=likes, reposts=reposts, verified=verified)


def contact_fields(author: str, row: ContactRow) -> dict[str, Any]:
    """The fields of the contract `Contact`; rows are trusted, so a `maker` may take them."""
    return {
        "mention_id": row.mention_id,
        "revision": row.revision,
        "author": author,
        "source": row.source,
        "channel": row.channel,
        "visibility": row.visibility,
        "occurred_at": from_ms(row.occurred_ms),
        "effective_at": from_ms(row.at_ms),
        "historical": row.historical,
        "deleted": row.deleted,
        "thread": row.thread,
        "reply_to": row.reply_to,
        "excerpt": row.excerpt,
        "url": row.url,
        "need": row.need,
        "needs_response": row.needs_response,
        "complaint": row.complaint,
        "severity": tuple(row.severity),
        "causes": tuple(row.causes),
        "owners": tuple(row.owners),
        "grouping_cause": row.grouping_cause,
        "grouping_revision": row.grouping_revision,
        "reach": reach_of(row),
        "reach_claims": tuple(row.reach_claims or ()),
    }


def response_row(response: Response) -> ResponseRow:
    """The row of an answer."""
    given = response.goodwill
    return ResponseRow(
        response.response_id,
        response.contact,
        response.channel,
        response.by,
        response.level,
        response.kind,
        response.reason,
        response.excerpt,
        None if given is None else [given.amount, given.currency, given.reason],
        to_ms(response.occurred_at),
        to_ms(response.received_at),
        response.historical,
        response.derived,
        response.revision,
    )


def response_of(author: str, row: ResponseRow) -> Response:
    """The contract again."""
    return _make_response(
        response_id=row.response_id,
        contact=row.contact,
        author=author,
        channel=row.channel,
        by=row.by,
        level=row.level,
        kind=row.kind,
        reason=row.reason,
        excerpt=row.excerpt,
        goodwill=goodwill_of(row),
        occurred_at=from_ms(row.occurred_ms),
        received_at=from_ms(row.heard_ms),
        historical=row.historical,
        derived=row.derived,
        revision=row.revision,
    )


def goodwill_of(row: ResponseRow) -> Goodwill | None:
    """What was given with an answer."""
    if row.goodwill is None:
        return None
    amount, currency, reason = row.goodwill
    return _make_goodwill(amount=amount, currency=currency, reason=reason)


def command_row(command: CaseCommand) -> CommandRow:
    """The row of a command."""
    return CommandRow(
        command.command_id,
        command.action,
        list(command.contacts),
        command.by,
        to_ms(command.at),
        command.owner,
        command.cause,
        command.reason,
    )


def command_of(author: str, row: CommandRow) -> CaseCommand:
    """The contract again."""
    return _make_command(
        command_id=row.command_id,
        action=row.action,
        author=author,
        contacts=tuple(row.contacts),
        by=row.by,
        at=from_ms(row.at_ms),
        owner=row.owner,
        cause=row.cause,
        reason=row.reason,
    )


def newest_command(commands: Iterable[CommandRow]) -> CommandRow | None:
    """The one that holds where several speak of the same thing."""
    return max(commands, key=lambda row: (row.at_ms, row.command_id), default=None)
