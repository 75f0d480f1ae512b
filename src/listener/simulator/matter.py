"""One matter of one person: how it begins, everything that came of it, and the truth about it at any moment."""

from dataclasses import dataclass, field
from typing import Literal

from listener.domain.customer import Customer
from listener.domain.enriched import NO_CAUSE, Need
from listener.domain.governance import Fix
from listener.domain.ids import author_party, customer_party
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.response import LEVELS, Outcome, Response
from listener.simulator.company import PUBLIC, Cause
from listener.simulator.people import Person
from listener.simulator.truth import Given, MatterTruth, MentionTruth, Said, Verdict, judge
from listener.simulator.voices import moment
from listener.simulator.wording.writer import Written

Value = Customer | Mention | MentionDeleted | Response | Outcome | Fix
"""What the simulated company and its customers give to the product."""
Happening = tuple[int, Value]
"""When it is heard (ms since 1970), and what."""
_NOTHING = Verdict("none", 0)


@dataclass(frozen=True)
class Beginning:
    """With what a matter begins.

    Attributes:
        matter_id: also the beginning of every native id in it.
        cause: None for a question or request that nothing went wrong for.
        at: ms since 1970.
        lesson: 0..1, how much the person has learned that public contacts get answered.
    """

    matter_id: str
    person: Person
    cause: Cause | None
    need: Need
    at: int
    in_incident: bool = False
    campaign: bool = False
    lesson: float = 0.0


@dataclass(frozen=True)
class SaidSo:
    """An inbound mention with what is true of it."""

    said: Said
    mention: Mention
    written: Written
    need: Need
    can_be_answered: bool = True


@dataclass
class Matter:
    """Everything that comes of one beginning. `contacts` and `answers` are in order of time."""

    beginning: Beginning
    happenings: list[Happening] = field(default_factory=list)
    contacts: list[SaidSo] = field(default_factory=list)
    answers: list[Given] = field(default_factory=list)
    ended: Literal["resolved", "declined", "gave_up"] = "gave_up"
    ended_at: int = 0
    public_paid_off: bool = False
    """A public contact was answered after a private one had failed."""
    churned_at: int | None = None

    @property
    def node(self) -> str:
        """The true cause's name."""
        return self.beginning.cause.node if self.beginning.cause else NO_CAUSE

    @property
    def party(self) -> str:
        """The true party: the customer, or a stranger's first account."""
        customer_id = self.beginning.person.customer_id
        return customer_party(customer_id) if customer_id else author_party(self.contacts[0].mention.author)

    @property
    def settled_at(self) -> int:
        """When its truth no longer changes (ms)."""
        dues = (contact.said.at + contact.said.target_ms for contact in self.contacts)
        return max(self.ended_at, *dues, *(at for at, _ in self.happenings)) + 1

    def truth(self, as_of: int) -> tuple[list[MentionTruth], MatterTruth | None]:
        """What is true of its mentions and of itself at a moment (ms); nothing before it is heard of."""
        told = [contact for contact in self.contacts if contact.said.heard_at <= as_of]
        if not told:
            return [], None
        answers = [answer for answer in self.answers if answer.heard_at <= as_of]
        verdicts = judge([contact.said for contact in told], answers, as_of)
        mentions = [self._mention(contact, verdicts[contact.said.mention_id], as_of) for contact in told]
        return mentions, self._matter(told, answers, mentions, as_of)

    def _mention(self, contact: SaidSo, verdict: Verdict, as_of: int) -> MentionTruth:
        said, mention, written = contact.said, contact.mention, contact.written
        return MentionTruth(
            mention_id=said.mention_id,
            author=mention.author,
            party=self.party,
            customer_id=self.beginning.person.customer_id,
            matter_id=self.beginning.matter_id,
            occurred_at=mention.occurred_at,
            channel=said.channel,
            visibility=mention.visibility,
            need=contact.need,
            root_cause=self.node,
            severity=written.severity,
            language=written.language,
            names_cause=written.names_cause,
            also_about=written.also_about,
            sarcastic=written.sarcastic,
            campaign=self.beginning.campaign,
            bullhorn=self.beginning.person.bullhorn,
            role=said.role,
            place=verdict.place,
            attempt=verdict.attempt,
            level=said.level,
            due_at=None if verdict.due_at is None else moment(verdict.due_at),
            failed=verdict.failed_because is not None,
            failed_because=verdict.failed_because,
            pending=verdict.pending,
            as_of=moment(as_of),
        )

    def _matter(
        self, told: list[SaidSo], answers: list[Given], mentions: list[MentionTruth], as_of: int
    ) -> MatterTruth:
        by_people = [answer for answer in answers if answer.kind != "acknowledged"]
        failed = [mention for mention in mentions if mention.failed]
        failed_in_private = [mention.occurred_at for mention in failed if mention.visibility == "private"]
        in_public = [
            mention.occurred_at
            for mention in mentions
            if mention.channel in PUBLIC and failed_in_private and mention.occurred_at > failed_in_private[0]
        ]
        first = by_people[0] if by_people else None
        opening = told[0].said
        return MatterTruth(
            matter_id=self.beginning.matter_id,
            party=self.party,
            customer_id=self.beginning.person.customer_id,
            authors=tuple(dict.fromkeys(contact.mention.author for contact in told)),
            need=self.beginning.need,
            root_cause=self.node,
            owner=self.beginning.cause.owner if self.beginning.cause else None,
            severity=tuple(dict.fromkeys(kind for contact in told for kind in contact.written.severity)),
            opened_at=told[0].mention.occurred_at,
            contacts=tuple(contact.said.mention_id for contact in told),
            channels=tuple(dict.fromkeys(contact.said.channel for contact in told)),
            answers=tuple(answer.answer_id for answer in by_people if answer.recorded),
            first_answer_at=moment(first.at) if first else None,
            first_answer_level=first.level if first else None,
            first_answer_channel=first.channel if first else None,
            last_answer_kind=by_people[-1].kind if by_people else None,
            never_answered=first is None and opening.at + opening.target_ms <= as_of,
            lost_answers=sum(not answer.recorded for answer in by_people),
            failed_contacts=len(failed),
            failed_levels=tuple(
                level for level in LEVELS if any(mention.level == level for mention in failed)
            ),
            went_public_at=in_public[0] if in_public else None,
            ended=self.ended if self.ended_at <= as_of else "open",
            goodwill=tuple(answer.goodwill for answer in by_people if answer.goodwill),
            in_incident=self.beginning.in_incident,
            campaign=self.beginning.campaign,
            bullhorn=self.beginning.person.bullhorn,
            as_of=moment(as_of),
        )
