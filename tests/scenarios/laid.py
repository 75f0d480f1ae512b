"""A scenario laid on the line of time: the records that it is, under names that no other scenario has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from listener.domain.command import CaseCommand
from listener.domain.customer import Customer, Handle, IdentityLink, LinkDecision
from listener.domain.ids import author_id, case_id, hash64, mention_id
from listener.domain.mention import Channel, Contactable, Mention, MentionDeleted, Reach, usual_visibility
from listener.domain.response import Goodwill, Response
from scenarios.format import (
    USUAL_KIND,
    Answer,
    Delete,
    Do,
    Edit,
    Happening,
    Link,
    Reply,
    Say,
    Scenario,
    read_scenario,
)
from stream.ledger.ledger import Recorded

COMMON_END = datetime(2026, 3, 20, 12, tzinfo=UTC)
"""A Friday at noon."""
USUAL_CHANNEL: Channel = "phone"
"""Of an answer of which nobody noted what it answers."""


@dataclass(frozen=True)
class Laid:
    """A scenario with its name and its place in time."""

    name: str
    scenario: Scenario

    @classmethod
    def of_file(cls, path: Path) -> "Laid":
        """Reads a scenario; it is called by its file's name.

        Raises:
            UsageError: it is none, with file, line and field.
        """
        return cls(path.stem, read_scenario(path))

    @property
    def starts_at(self) -> datetime:
        """When it begins."""
        return self.scenario.start or COMMON_END - self.scenario.until

    @property
    def ends_at(self) -> datetime:
        """When it is looked at."""
        return self.starts_at + self.scenario.until

    def mention_id(self, name: str) -> str:
        """Of something that is said in the scenario."""
        return mention_id(self._said[name][0], f"{self.name}/{name}")

    def case_id(self, name: str) -> str:
        """Of the case that would be named after a contact."""
        return case_id(self.mention_id(name))

    def author(self, account: str) -> str:
        """Of an account as the scenario has it."""
        kind, _, native = account.rpartition(":")
        return author_id(kind or USUAL_KIND, f"{self.name}.{native}")

    def account(self, author: str) -> str:
        """As the scenario has it, of an author."""
        kind, _, native = author.partition(":")
        native = native.removeprefix(f"{self.name}.")
        return native if kind == USUAL_KIND else f"{kind}:{native}"

    def own(self, name: str) -> str:
        """A name that no other scenario has."""
        return f"{self.name}.{name}"

    @cached_property
    def _said(self) -> dict[str, tuple[str, Say]]:
        """What is said or replied: its source kind, and the contact that it is or answers."""
        found: dict[str, tuple[str, Say]] = {}
        replies = []
        for event in self.scenario.events:
            if event.say is not None:
                kind = event.say.author.rpartition(":")[0] or USUAL_KIND
                found.update({one.id: (kind, one) for one in event.say.each()})
            elif event.reply is not None:
                replies.append(event.reply)
        for reply in replies:
            found[reply.id] = found[reply.to]
        return found

    def customers(self) -> Iterator[Customer]:
        """Whom the company knows."""
        for known in self.scenario.customers:
            yield Customer(
                customer_id=self.own(known.id),
                names=known.names,
                emails=tuple(map(self.own, known.emails)),
                phones=tuple(map(self._phone, known.phones)),
                handles=tuple(self._handle(account) for account in known.accounts),
                segment=known.segment,
                preferred_channel=known.preferred_channel,
            )

    def _handle(self, account: str) -> Handle:
        kind, _, native = self.author(account).partition(":")
        return Handle(source_kind=kind, handle=native)

    def _phone(self, text: str) -> str:
        """A number of this scenario alone, with as many digits as one in London has."""
        return f"+4420{hash64(self.own(text)) % 10**8:08}"

    def records(self) -> list[tuple[datetime, Recorded]]:
        """Everything that happens, with the time at which it is heard, in that order."""
        found: list[tuple[datetime, Recorded]] = []
        decided: dict[str, tuple[LinkDecision, ...]] = {}
        for number, event in enumerate(self.scenario.events):
            what = event.what
            if isinstance(what, Say):
                found += [(self.starts_at + one.heard, self._mention(one)) for one in what.each()]
                continue
            at = self._at(what)
            heard = at + getattr(what, "heard_after", timedelta())
            value: Recorded
            match what:
                case Answer():
                    value = self._response(what, f"answer-{number}", at, heard)
                case Reply():
                    value = self._outbound(what, at, heard)
                case Do():
                    value = self._command(what, f"{number:03}", at)
                case Link():
                    author = self.author(what.author)
                    decision = LinkDecision(
                        customer_id=self.own(what.customer),
                        verdict=what.verdict,
                        by=what.by,
                        at=at,
                        evidence=what.evidence,
                    )
                    decided[author] = (*decided.get(author, ()), decision)
                    value = IdentityLink(author=author, decisions=decided[author])
                case Delete():
                    value = self._deletion(what, at)
                case Edit():
                    value = self._edited(what, at)
            found.append((heard, value))
        return sorted(found, key=lambda pair: pair[0])

    def _at(self, what: Happening) -> datetime:
        return self.starts_at + what.at

    def _mention(self, said: Say) -> Mention:
        kind = self._said[said.id][0]
        contactable = Contactable(
            name=said.name,
            email=None if said.email is None else self.own(said.email),
            phone=None if said.phone is None else self._phone(said.phone),
        )
        reach = Reach(
            followers=said.followers, likes=said.likes, reposts=said.reposts, verified=said.verified
        )
        return Mention(
            mention_id=self.mention_id(said.id),
            source=kind,
            source_kind=kind,
            native_id=f"{self.name}/{said.id}",
            author=self.author(said.author),
            author_name=said.name,
            channel=said.channel,
            visibility=said.visibility or usual_visibility(said.channel),
            text=said.text,
            title=said.title,
            thread=None if said.thread is None else self.own(said.thread),
            reply_to=None if said.reply_to is None else self.mention_id(said.reply_to),
            contactable=contactable if contactable != Contactable() else None,
            rating=said.rating,
            reach=reach if reach != Reach() else None,
            occurred_at=self._at(said),
            received_at=self.starts_at + said.heard,
            historical=said.historical,
        )

    def _outbound(self, reply: Reply, at: datetime, heard: datetime) -> Mention:
        kind, answered = self._said[reply.to]
        return Mention(
            mention_id=self.mention_id(reply.id),
            source=kind,
            source_kind=kind,
            native_id=f"{self.name}/{reply.id}",
            author=author_id(kind, reply.by),
            channel=answered.channel,
            visibility=answered.visibility or usual_visibility(answered.channel),
            direction="outbound",
            text=reply.text,
            reply_to=self.mention_id(reply.to),
            answers=self.mention_id(reply.to),
            answers_author=self.author(answered.author),
            automatic=reply.automatic,
            occurred_at=at,
            received_at=heard,
            historical=reply.historical,
        )

    def _response(self, answer: Answer, name: str, at: datetime, heard: datetime) -> Response:
        answered = None if answer.to is None else self._said[answer.to][1]
        given = answer.goodwill
        return Response(
            response_id=self.mention_id(answer.overrides) if answer.overrides else self.own(name),
            contact=None if answer.to is None else self.mention_id(answer.to),
            author=self.author((answer.author or "") if answered is None else answered.author),
            channel=answer.channel or (USUAL_CHANNEL if answered is None else answered.channel),
            by=answer.by,
            level=answer.level,
            kind=answer.kind,
            reason=answer.reason,
            excerpt=answer.text,
            goodwill=None
            if given is None
            else Goodwill(amount=given.amount, currency=given.currency, reason=given.reason),
            occurred_at=at,
            received_at=heard,
            historical=answer.historical,
        )

    def _command(self, act: Do, name: str, at: datetime) -> CaseCommand:
        return CaseCommand(
            command_id=self.own(name),
            action=act.action,
            author=self.author(self._said[act.to[0]][1].author),
            contacts=tuple(map(self.mention_id, act.to)),
            by=act.by,
            at=at,
            owner=act.owner,
            cause=act.cause,
            reason=act.reason,
        )

    def _deletion(self, deleted: Delete, at: datetime) -> MentionDeleted:
        kind, said = self._said[deleted.id]
        return MentionDeleted(
            mention_id=self.mention_id(deleted.id),
            source=kind,
            source_kind=kind,
            native_id=f"{self.name}/{deleted.id}",
            author=self.author(said.author),
            deleted_at=at,
            received_at=at,
        )

    def _edited(self, edit: Edit, at: datetime) -> Mention:
        said = self._said[edit.id][1]
        return self._mention(said).model_copy(
            update={
                "text": edit.text,
                "edited_at": at,
                "revision": int(at.timestamp() * 1000),
                "received_at": at,
            }
        )
