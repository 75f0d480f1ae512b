"""The ledger: enriches mentions, keeps each author's history, and says whose it is.

The author is what never changes, so the author owns contacts and the assignment to a party. A party is a
confirmed customer, else the customer that the matcher finds, else the author alone. When it changes, the
epoch rises, and the new party is told everything (`join`), each earlier one that it is over (`leave`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, assert_never

from listener.domain.command import Action, CaseCommand, RematchAuthor, read_command
from listener.domain.contact import Contact, shorten
from listener.domain.customer import IdentityLink
from listener.domain.enriched import EnrichedDeletion, EnrichedMention, Enrichment, Match, RootCause
from listener.domain.erasure import EraseAuthor, Erasures, epoch_after
from listener.domain.errors import Rejected
from listener.domain.ids import author_party, case_id, customer_party
from listener.domain.mention import Mention, MentionDeleted, read_raw
from listener.domain.party import PartyEvent, PartyOf, PublishedCase
from listener.domain.quick_read import maker
from listener.domain.response import Response
from listener.domain.topics import (
    COMMANDS,
    ENRICHED,
    ERASE,
    LINKS,
    PARTIES,
    PARTY_EVENTS,
    READ_BY_STAGE,
    RESPONSES,
)
from stream.enrichment.identity import AuthorIdentity
from stream.enrichment.references import References
from stream.history import (
    CommandRow,
    ContactRow,
    ResponseRow,
    command_of,
    command_row,
    contact_fields,
    contact_row,
    newest_command,
    response_of,
    response_row,
)
from stream.ledger.author_state import AuthorState
from stream.ledger.enriched_json import enriched_json
from stream.ledger.party_json import party_json
from stream.ledger.read_mention import read_as_written
from stream.moments import from_ms, to_ms
from stream.stage import Input, Output, Position, Step
from stream.unpacked import Unpacked


class Enricher(Protocol):
    """Finds out what a mention says, many at once."""

    def enrich(self, mentions: Sequence[Mention]) -> list[Enrichment]:
        """Same length, same order."""
        ...


class CustomerMatcher(Protocol):
    """Finds the customer whom an author's evidence points to."""

    def match(self, identity: AuthorIdentity, confirmed: str | None, rejected: frozenset[str]) -> Match:
        """Who it is, or nobody where that cannot be told."""
        ...


class AsWritten(NamedTuple):
    """A mention, and the JSON that it was read from; None where that is not as we write it."""

    mention: Mention
    json: bytes | None

    @property
    def key(self) -> str:
        """Whose history this belongs to."""
        return self.mention.key


class Heard(NamedTuple):
    """A mention with its enrichment, what it tells about its author, and its JSON as in `AsWritten`."""

    mention: Mention
    enrichment: Enrichment
    identity: AuthorIdentity
    json: bytes | None

    @property
    def key(self) -> str:
        """Whose history this belongs to."""
        return self.mention.key


class Unlinked(NamedTuple):
    """What people decided about an author was deleted."""


Recorded = Mention | MentionDeleted | Response | IdentityLink | CaseCommand
"""What the ledger reads."""
LedgerValue = Recorded | AsWritten | Heard | EraseAuthor | RematchAuthor | Unlinked

_make_enriched = maker(EnrichedMention)
_make_event = maker(PartyEvent)
_make_party_of = maker(PartyOf)


class Ledger:
    """Stage 1, as `stream.stage.Stage` has it; keyed by author.

    Args:
        enricher: what is found out from a mention alone; None where that is found out elsewhere.
        customers: whom the company knows.
        default_region: of telephone numbers without ``+``, as ISO 3166-1 alpha-2; None refuses those.
        erasures: whose words are passed over; nobody's where None.
        references: how numbers of orders and accounts look in texts; not looked for where None.
    """

    name = "ledger"
    topics = tuple(topic.name for topic in READ_BY_STAGE[name])

    def __init__(
        self,
        enricher: Enricher | None,
        customers: CustomerMatcher,
        default_region: str | None = None,
        erasures: Erasures | None = None,
        references: References | None = None,
    ) -> None:
        self._references = references
        self._enricher = enricher
        self._customers = customers
        self._default_region = default_region
        self._erasures = Erasures() if erasures is None else erasures
        self._unpacked = Unpacked[AuthorState]()

    def decode(self, topic: str, value: bytes | None) -> LedgerValue:
        """Reads one record.

        Raises:
            Rejected: it can never be processed.
        """
        if value is None and topic == LINKS.name:
            return Unlinked()
        if value is None:
            raise Rejected("no-value", "the record has no value")
        if topic == ERASE.name:
            return EraseAuthor.read(value)
        if topic == RESPONSES.name:
            return Response.read(value)
        if topic == LINKS.name:
            return IdentityLink.read(value)
        if topic == COMMANDS.name:
            command = read_command(value)
            return command if isinstance(command, RematchAuthor) else complete(command)
        mention = read_as_written(value)
        return read_raw(value) if mention is None else AsWritten(mention, value)

    def prepare(self, values: Sequence[LedgerValue]) -> list[LedgerValue]:
        """Enriches all mentions at once."""
        if self._enricher is None:
            raise TypeError("a ledger without enricher is given what was found out: `heard`")
        read = self.read(values)
        mentions = [value.mention for value in read if isinstance(value, AsWritten)]
        return self.heard(read, self._enricher.enrich(mentions) if mentions else [])

    def read(self, values: Sequence[LedgerValue]) -> list[LedgerValue]:
        """The same, where each mention that is to be enriched is an `AsWritten`."""
        return [
            AsWritten(value, None)
            if not isinstance(value, AsWritten) and isinstance(value, Mention)
            else value
            for value in values
        ]

    def heard(self, read: Sequence[LedgerValue], found: Sequence[Enrichment]) -> list[LedgerValue]:
        """The same, with what was found out.

        Args:
            read: what `read` returned.
            found: of each `AsWritten` in there, in this order.
        """
        each = iter(found)
        return [
            Heard(
                value.mention,
                next(each),
                AuthorIdentity.of(value.mention, self._default_region, self._references),
                value.json,
            )
            if isinstance(value, AsWritten)
            else value
            for value in read
        ]

    def step(
        self, key: str, state: bytes | None, inputs: Sequence[Input[LedgerValue]], now: datetime
    ) -> Step:
        """Folds what was heard of one author.

        Raises:
            Rejected: a record stands under a key that is not its author's.
        """
        memory = self._memory(key, state)
        positions = {given.position for given in inputs}
        erased = []
        for given in inputs:
            if isinstance(given.value, Unlinked):
                continue
            if (owner := key_of(given.value)) != key:
                raise Rejected("wrong-key", f"the key is not the author, {owner}")
            if not isinstance(given.value, Heard) and isinstance(given.value, EraseAuthor):
                erased.append(given.value)
        for command in erased:
            self._erasures.note("author", key, command.at)
            if command.kind == "erase":
                memory.erase(to_ms(command.at), inputs[-1].position)
            elif memory.erasing is not None and memory.erasing.changed not in positions:
                memory.erasing = None
        if 0 < memory.epoch < self._erasures.first_epoch(key):
            # on the list, and the command is late or lost: under the old epoch nobody would hear what is said now
            memory.erase(self._erasures.erased_ms("author", key) or 0, inputs[-1].position)
        values = [kept for given in inputs if (kept := self._not_erased(memory, given.value)) is not None]
        for value in values:
            _fold(memory, value)
        outputs: list[Output] = []
        if values or not memory.history.empty or memory.decisions:
            match = match_of(memory, self._customers)
            party = party_of(key, match)
            if party != memory.party:
                memory.move(party, inputs[-1].position, to_ms(now), self._erasures.first_epoch(key))
            outputs += _identity_outputs(memory, match, positions)
            for value in values:
                outputs.extend(_outputs(memory, match, value))
        outputs = [*_erasure_outputs(memory, positions), *outputs]
        purges = any(command.kind == "forgotten" for command in erased)
        if memory.empty:
            return Step(None, tuple(outputs), purges)
        packed = memory.packed()
        self._unpacked.keep(key, packed, memory)
        return Step(packed, tuple(outputs), purges)

    def _not_erased(self, memory: AuthorState, value: LedgerValue) -> Recorded | AsWritten | Heard | None:
        """What of a value is heard; None where all of it is erased, or nothing is said."""
        if not isinstance(value, Heard) and isinstance(value, EraseAuthor | RematchAuthor | Unlinked):
            return None
        if self._erasures.erased_ms("author", memory.author) is None:
            return value
        match value:
            case MentionDeleted():
                # a deletion does not tell when its mention was said
                known = memory.history.contacts.keys() | memory.history.responses.keys()
                return value if value.mention_id in known else None
            case IdentityLink():
                decisions = tuple(d for d in value.decisions if not self._is_erased(memory, d.at))
                return value.model_copy(update={"decisions": decisions}) if decisions else None
            case CaseCommand():
                return None if self._is_erased(memory, value.at) else value
            case Response():
                at = min(value.occurred_at, value.received_at)
                return None if self._is_erased(memory, at) else value
            case Mention():
                return None if self._is_erased(memory, value.effective_at) else value
            case _:
                return None if self._is_erased(memory, value.mention.effective_at) else value

    def _is_erased(self, memory: AuthorState, at: datetime) -> bool:
        return self._erasures.covers("author", memory.author, at)

    def _memory(self, key: str, state: bytes | None) -> AuthorState:
        """The state of an author, to be changed."""
        if state is None:
            return AuthorState(key)
        return self._unpacked.take(key, state) or AuthorState.unpacked(key, state)


def match_of(memory: AuthorState, customers: CustomerMatcher) -> Match:
    """Whose an author is; `customer_id` is set exactly if that is certain enough to act on."""
    confirmed, rejected = None, frozenset[str]()
    if memory.decisions:
        links = memory.links()
        confirmed, rejected = links.confirmed(), links.rejected()
    match = customers.match(memory.identity, confirmed, rejected)
    if confirmed is not None and match.customer_id != confirmed:
        return Match(status="matched", customer_id=confirmed, method="confirmed")
    if match.customer_id is not None and (match.status != "matched" or match.customer_id in rejected):
        return match.model_copy(update={"customer_id": None})
    return match


def party_of(author: str, match: Match) -> str:
    """Whom an author's contacts belong to."""
    return author_party(author) if match.customer_id is None else customer_party(match.customer_id)


def complete(command: CaseCommand) -> CaseCommand:
    """The command, if it says all that its action needs.

    Raises:
        Rejected: a contact, the owner or the cause is missing.
    """
    wanted = 2 if command.action in {"together", "apart"} else 1
    if len(set(command.contacts)) != wanted:
        raise Rejected("invalid", f"contacts: {command.action} names {wanted}, each once")
    if command.action == "assign" and not command.owner:
        raise Rejected("invalid", "owner: assign says to whom")
    if command.action == "reclassify" and not command.cause:
        raise Rejected("invalid", "cause: reclassify says which root cause")
    return command


def key_of(value: LedgerValue) -> str:
    """Whose history a record belongs to; its key in Kafka."""
    if isinstance(value, Heard | AsWritten):  # nearly all are; to ask for a contract takes a microsecond
        return value.key
    if isinstance(value, Response | IdentityLink | CaseCommand | EraseAuthor | RematchAuthor):
        return value.author
    if isinstance(value, Unlinked):
        raise TypeError("a record without value says nothing of its author")
    return value.key


def _fold(memory: AuthorState, value: Recorded | AsWritten | Heard) -> None:
    match value:
        case Heard():
            _fold_mention(memory, value)
        case MentionDeleted():
            memory.history.delete(value.mention_id)
        case Response():
            memory.history.add_response(response_row(value.model_copy(update={"derived": False})))
        case IdentityLink():
            memory.decide(value.decisions)
        case CaseCommand():
            memory.history.add_command(command_row(value))
        case Mention() | AsWritten():
            raise TypeError("a mention is to be prepared before it is folded")
        case _:
            assert_never(value)


def _fold_mention(memory: AuthorState, heard: Heard) -> None:
    if heard.mention.direction == "inbound":
        memory.learn(heard.identity)
        memory.add_contact(contact_row(heard.mention, heard.enrichment))
    elif heard.mention.answers_author is not None:
        memory.history.add_response(_derived(heard.mention))


def _derived(mention: Mention) -> ResponseRow:
    """The answer that an outbound mention is."""
    return ResponseRow(
        mention.mention_id,
        mention.answers,
        mention.channel,
        mention.author,
        "front_line",
        "acknowledged" if mention.automatic else "answered",
        None,
        shorten(mention.text),
        None,
        to_ms(mention.occurred_at),
        to_ms(mention.received_at),
        mention.historical,
        True,
        mention.revision,
    )


def _erasure_outputs(memory: AuthorState, positions: set[Position]) -> list[Output]:
    """Tells all who knew of the author, and then the ledger itself that they were told."""
    erasing = memory.erasing
    if erasing is None or erasing.changed not in positions:
        return []
    author, at = memory.author, from_ms(erasing.at_ms)
    epoch = epoch_after(erasing.at_ms)
    stays = tuple(
        PublishedCase(case_id=case_id(name), anchor=name, anchor_author=author)
        for name in memory.history.contacts
    )
    told = []
    for party in erasing.parties:
        event = _make_event(
            kind="erase",
            party=party,
            author=author,
            epoch=epoch,
            at=at,
            cases=stays,
        )
        told.append(Output(PARTY_EVENTS.name, party, event))
    done = EraseAuthor(kind="forgotten", author=author, at=at)
    return [*told, Output(PARTIES.name, author, None), Output(ERASE.name, author, done)]


def _identity_outputs(memory: AuthorState, match: Match, positions: set[Position]) -> list[Output]:
    """Who the author is, where that changed with one of these records."""
    if memory.moved not in positions:
        return []
    author, party, epoch, at = memory.author, memory.party, memory.epoch, from_ms(memory.moved_ms)
    truth = _make_party_of(
        author=author, party=party, epoch=epoch, at=at, customer_id=match.customer_id, method=match.method
    )
    outputs = [Output(PARTIES.name, author, truth, party_json(truth))]
    if epoch == 1:
        return outputs  # nothing was said to anybody before, and every record speaks for itself
    history = memory.history
    join = _make_event(
        kind="join",
        party=party,
        author=author,
        epoch=epoch,
        at=at,
        contacts=tuple(_contact(author, row) for row in history.contacts.values()),
        responses=tuple(response_of(author, row) for row in history.responses.values()),
        commands=tuple(command_of(author, row) for row in history.commands.values()),
        older_contacts=memory.older_count,
    )
    outputs.append(Output(PARTY_EVENTS.name, party, join))
    for former in memory.told:
        leave = PartyEvent(kind="leave", party=former, author=author, epoch=epoch, at=at, to_party=party)
        outputs.append(Output(PARTY_EVENTS.name, former, leave))
    return outputs


def _contact(author: str, row: ContactRow) -> Contact:
    return Contact.model_construct(**contact_fields(author, row))


def _outputs(memory: AuthorState, match: Match, value: Recorded | AsWritten | Heard) -> list[Output]:
    """What a record leads to, given all that is known by now."""
    author, party, epoch = memory.author, memory.party, memory.epoch
    match value:
        case Heard():
            outputs = [_enriched(memory, match, value)]
            if value.mention.direction == "outbound" and value.mention.answers_author is not None:
                outputs.extend(_response_event(memory, value.mention.mention_id))
            return outputs
        case MentionDeleted():
            deletion = EnrichedDeletion(party=party, epoch=epoch, author=author, deletion=value)
            return [Output(ENRICHED.name, party, deletion)]
        case Response():
            return _response_event(memory, value.response_id)
        case CaseCommand():
            known = memory.history.commands.get(value.command_id)
            return [] if known is None else [_command_event(memory, known)]
        case _:
            return []


def _enriched(memory: AuthorState, match: Match, heard: Heard) -> Output:
    mention, found = heard.mention, heard.enrichment
    name = mention.mention_id
    cause, revision, told, told_response = None, mention.revision, None, None
    row = memory.history.contacts.get(name) or memory.history.responses.get(name)
    update: dict[str, object] = {}
    if row is not None and not (isinstance(row, ResponseRow) and not row.derived):
        if to_ms(mention.received_at) != row.heard_ms:
            update["received_at"] = from_ms(row.heard_ms)
        if isinstance(row, ContactRow) and to_ms(mention.occurred_at) != row.occurred_ms:
            update["occurred_at"] = from_ms(row.occurred_ms)
        if mention.historical != row.historical:
            update["historical"] = row.historical
    if isinstance(row, ContactRow):
        cause, revision = row.grouping_cause, row.grouping_revision
        chosen = _told(memory, name, "reclassify")
        if chosen is not None and chosen.cause:
            cause = chosen.cause
            if mention.revision <= chosen.at_ms:  # what was edited since then says what it is about itself
                told = RootCause(node=cause, owner=chosen.owner or "", score=1.0)
        needing = _told(memory, name, "needs_response", "needs_no_response")
        if needing is not None and mention.revision <= needing.at_ms:
            told_response = needing.action == "needs_response"
    deleted = name in memory.history.deleted
    if deleted:
        update |= {"text": "", "title": None, "author_name": None, "contactable": None, "url": None}
        found = _without_words(found)
    if cause is None:
        causes = found.root_causes
        cause = causes[0].node if causes and mention.direction == "inbound" else "unknown"
    value = _make_enriched(
        party=memory.party,
        epoch=memory.epoch,
        author=memory.author,
        deleted=deleted,
        mention=mention.model_copy(update=update) if update else mention,
        enrichment=found,
        match=match,
        grouping_cause=cause,
        grouping_revision=revision,
        told_cause=told,
        told_response=told_response,
    )
    json = None if update or heard.json is None else enriched_json(value, heard.json)
    return Output(ENRICHED.name, memory.party, value, json)


def _without_words(found: Enrichment) -> Enrichment:
    """The enrichment without the words of the text that it rests on."""
    return found.model_copy(
        update={
            "complaint": found.complaint.model_copy(update={"evidence": ()}),
            "need_reasons": (),
            "root_causes": tuple(c.model_copy(update={"evidence": ()}) for c in found.root_causes),
            "reach_claims": (),
        }
    )


def _told(memory: AuthorState, mention_id: str, *actions: Action) -> CommandRow | None:
    """The newest of what people said of a contact by these actions."""
    if not memory.history.commands:
        return None
    return newest_command(
        row
        for row in memory.history.commands.values()
        if row.action in actions and row.contacts == [mention_id]
    )


def _response_event(memory: AuthorState, response_id: str) -> list[Output]:
    row = memory.history.responses.get(response_id)
    if row is None:  # older than what is kept
        return []
    event = _make_event(
        kind="response",
        party=memory.party,
        author=memory.author,
        epoch=memory.epoch,
        at=from_ms(row.heard_ms),
        response=response_of(memory.author, row),
    )
    return [Output(PARTY_EVENTS.name, memory.party, event)]


def _command_event(memory: AuthorState, row: CommandRow) -> Output:
    event = _make_event(
        kind="command",
        party=memory.party,
        author=memory.author,
        epoch=memory.epoch,
        at=from_ms(row.at_ms),
        command=command_of(memory.author, row),
    )
    return Output(PARTY_EVENTS.name, memory.party, event)
