"""What a desk is: it opens a ticket for a case and keeps it up to date; some tell what people answered there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args, runtime_checkable

from listener.domain.case import Case
from listener.domain.desk import DeskAnswers

Outcome = Literal["open", "resolved", "declined"]
TicketField = Literal["title", "queue", "level", "owner", "priority", "due"]
ALL_FIELDS: frozenset[TicketField] = frozenset(get_args(TicketField))


@dataclass(frozen=True)
class Known:
    """A ticket that is there.

    Attributes:
        ticket_id: as the desk's interface names it.
        url: for people; None where there is none.
    """

    ticket_id: str
    url: str | None = None


@dataclass(frozen=True)
class Entry:
    """One thing that was said or answered in a case.

    Attributes:
        mark: stands in `text`, and in that of no other entry.
        text: for people: when, who, how, and the words; several lines, without markup.
        by_customer: said by the customer; else what the company answered or did.
    """

    mark: str
    text: str
    by_customer: bool


@dataclass(frozen=True)
class Draft:
    """What a ticket is to say of a case. Texts are plain, without markup, and may hold any character.

    Attributes:
        case: the snapshot, for desks that hand it on as it is.
        title: one line of at most 200 characters; begins with the case's id.
        summary: how it stands, in some lines: state, priority, due, owner, why, what to do.
        entries: what was said and answered, oldest first.
        outcome: whether the case is open, and how it ended.
    """

    case: Case
    title: str
    summary: str
    entries: tuple[Entry, ...]
    outcome: Outcome

    @property
    def case_id(self) -> str:
        """The case's id as it is now: what `Desk.find` is to find the ticket by."""
        return self.case.case_id

    @property
    def event_id(self) -> str:
        """Of what is told with this snapshot: the same in every attempt, so that a repeat is known by it."""
        return f"{self.case.case_id}.{self.case.version}"

    @property
    def body(self) -> str:
        """All of it, for a new ticket."""
        return "\n\n".join([self.summary, *(entry.text for entry in self.entries)])


@dataclass(frozen=True)
class Update:
    """How a ticket that is there is to change.

    Attributes:
        draft: how the case stands now.
        entries: those that the ticket has not been told yet, oldest first.
        outcome: the state that the ticket is to be brought to; None: it stays in that in which people have it.
        renamed_from: the id that the case had here; the ticket is found by the new one from now on, and not by
            the former. Where the desk can tell, every update sees to that: a rename may have been cut short.
        doubtful: an earlier try may have arrived, in part or whole: entries whose `mark` the ticket has already
            are to be left out, where the desk can tell.
        changed: which fields are others than the ticket was told last; the rest is left as people may have set it.
    """

    draft: Draft
    entries: tuple[Entry, ...]
    outcome: Outcome | None
    renamed_from: str | None
    doubtful: bool
    changed: frozenset[TicketField] = ALL_FIELDS

    @property
    def note(self) -> str | None:
        """What to add to the ticket, for people; None where it says nothing new."""
        if not self.entries:
            return None
        return "\n\n".join([*(entry.text for entry in self.entries), self.draft.summary])


@dataclass(frozen=True)
class Farewell:
    """Why a ticket is kept no more: its case is part of another that has a ticket, or asks for nothing.

    Attributes:
        case_id: of the case.
        text: for people, one line, with the id of the case and the ticket that took over.
        event_id: the same in every attempt.
    """

    case_id: str
    text: str
    event_id: str


class Desk(Protocol):
    """One helpdesk.

    1. For a case that has no ticket as far as the topic `tickets` says, the sink calls `find`.
    2. Where nothing is found it calls `open`, else `update`; `retire` for one that is not needed any more.
    3. It records the ticket on `tickets`, awaits that, and commits.

    A crash anywhere in between repeats from 1, perhaps with a newer snapshot of the case. All methods block,
    and are called by one thread at a time. Each may raise:

        Busy      not now, or the outcome is unknown: the same is tried again after `retry_after_seconds`,
                  instead of `open` from 1. Also what a person can mend: a wrong password, a missing queue.
        Rejected  the desk refuses this one for good (reason ``refused``), or the ticket is not there any
                  more (``gone``): a dead letter.

    Neither errors nor logs hold secrets, or what customers said.
    """

    place: str
    """Where it is, for people: without secrets."""

    def check(self) -> str:
        """Asks the desk whether address, account and queues are right; changes nothing there.

        Returns:
            What was found, in words; of a desk that cannot be asked, that it was not.

        Raises:
            ServiceError: it does not answer, or something of it is wrong; the text says what to change.
        """
        ...

    def find(self, case_id: str) -> Known | None:
        """The ticket that was opened or renamed for a case, even a moment ago: no index that lags may be asked.

        None where there is none, and always where the desk cannot be asked: then `open` must be such that the
        other side can tell a repeat.
        """
        ...

    def open(self, draft: Draft) -> Known:
        """Opens a ticket that `find` finds from now on; for a case that is closed already, a closed one."""
        ...

    def update(self, ticket_id: str, update: Update) -> None:
        """Brings a ticket up to date. Told again, it changes nothing more, but for what `Update.doubtful` says."""
        ...

    def retire(self, ticket_id: str, farewell: Farewell) -> None:
        """Closes a ticket with a word why; `find` does not find it any more. Told again, it changes nothing."""
        ...

    def close(self) -> None:
        """Ends the connections."""
        ...


@runtime_checkable
class AnsweringDesk(Desk, Protocol):
    """A desk that can be asked what people answered there; `listener desk-answers` asks it."""

    def answers(self, position: Mapping[str, Any] | None) -> DeskAnswers:
        """What people answered since a position, one page of it; what Listener did itself is left out.

        A crash repeats the page. The time between two calls is the caller's matter.

        Args:
            position: of the page before; None at the very first, which begins now, or with our first ticket.

        Raises:
            Busy: as all methods.
        """
        ...
