"""How often the company has failed the customer in one matter, and at which level.

A contact has failed if

(a) its response target passed without an answer by a person, or
(b) after an answer marked answered or resolved the same matter came back as a complaint, or
(c) a person marked it.

Contacts within 30 minutes of the first of them, with no answer between, are one attempt, and at most the first
of them has failed. Recorded, and no failures: replies to our own question (the first contact after an answer
that asks something and ends nothing), also where nobody goes on from there, thanks, and chasers before the
target. A contact that is to be answered sooner, such as a danger, brings the target of the attempt that it
chases forward. Declined is an answer, and no failure: a complaint after it contests the no, whatever the channel
(a letter to the executives is a contact like any other). An acknowledgement is no answer.

Which level failed: that of the answer that did not hold; where nobody answered, or a person marked a contact
without an answer, the level where the case stood by then. `product` is the level of what the product itself
answers, such as its self-service.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from listener.domain.response import LEVELS, Level
from stream.moments import MINUTE_MS
from stream.triage.cases import DraftCase
from stream.triage.events import Answer, Event, Said
from stream.triage.ladder import Contest, Failure, belongs_to
from stream.triage.policy import Policy, Queue

ONE_ATTEMPT_MS = 30 * MINUTE_MS
_QUESTION = re.compile(r"\?(?!\w)|[？؟]")
"""A question mark that is none of a web address."""


@dataclass(slots=True)
class Attempt:
    """The customer asked, perhaps in several contacts; the target is the earliest that any of them has.

    Attributes:
        urgent: whose target that is, usually the first.
        queue: where that contact alone would wait.
        follows_answer: whether a person had answered in this case before.
        live: whether any of its contacts, or of those that chase it, was heard as it happened.
        kept: whether any of them is still there at its source.
    """

    first: Said
    urgent: Said
    queue: Queue
    due_ms: int
    names: list[str]
    follows_answer: bool
    live: bool
    kept: bool
    replies: bool = False
    """To our own question: its target runs, and that it passed is no failure."""
    answer: Answer | None = None
    came_back_ms: int | None = None
    """(b), and when."""
    late: bool = False
    """(a)"""


@dataclass(slots=True)
class Verdict:
    """What became of each attempt.

    Attributes:
        failed: by mention id.
        contests: complaints after a no, by time.
        levels: levels that have failed, lowest first.
        at_ms: until when nothing more is known to have happened.
    """

    attempts: list[Attempt] = field(default_factory=list)
    failed: dict[str, Failure] = field(default_factory=dict)
    contests: list[Contest] = field(default_factory=list)
    levels: tuple[Level, ...] = ()
    at_ms: int = 0


def queue_of_contact(policy: Policy, said: Said) -> Queue:
    """Where this contact alone would wait; so later contacts do not change its target."""
    return policy.queue_for(said.row.need, frozenset(said.row.severity), said.cause)


def due_ms(policy: Policy, said: Said, since_ms: int, *, answered: bool) -> int:
    """Until when a contact is to be answered, by the calendar of its queue.

    Args:
        since_ms: from when the target runs.
        answered: whether a person has answered in this case before.
    """
    queue = queue_of_contact(policy, said)
    return _due_ms(policy, queue, said, since_ms, answered=answered)


def _due_ms(policy: Policy, queue: Queue, said: Said, since_ms: int, *, answered: bool) -> int:
    target_ms = queue.response_ms(said.row.channel, answered=answered)
    return policy.working_time[queue.calendar].add(since_ms, target_ms)


def judge(case: DraftCase, policy: Policy, now_ms: int) -> Verdict:
    """Says what became of every attempt of a case.

    Args:
        case: its events, by time.
        policy: gives targets, and the level at which a case stands after so many failures.
        now_ms: until when nothing more is known to have happened.
    """
    attempts, contests = _attempts(case.events, policy)
    verdict = Verdict(attempts, contests=contests, at_ms=now_ms)
    for attempt in verdict.attempts:
        attempt.late = (now_ms if attempt.answer is None else attempt.answer.at_ms) > attempt.due_ms
        marks = [case.marked[name] for name in attempt.names if name in case.marked] if case.marked else []
        answer = attempt.answer
        level = None if answer is None else answer.row.level
        late = attempt.late and not attempt.replies
        if attempt.came_back_ms is not None and answer is not None:
            at_ms = min(attempt.came_back_ms, attempt.due_ms) if late else attempt.came_back_ms
            why = f"came back as a complaint after {answer.row.by} answered"
        elif late:
            at_ms, why, level = attempt.due_ms, "no answer by a person within the response target", None
        elif marks:
            at_ms = max(marks[0].at_ms, attempt.first.at_ms)
            why = f"marked as failed by {marks[0].by}"
        else:
            continue
        level = level or _stood_at(verdict, attempt.first.at_ms, policy)
        verdict.failed[attempt.first.name] = Failure(at_ms, level, why)
    counted = {name for attempt in verdict.attempts for name in attempt.names} if case.marked else set()
    for name, row in sorted(case.marked.items()):
        if name not in counted and name in case.ids:
            level = _stood_at(verdict, row.at_ms, policy)
            verdict.failed[name] = Failure(row.at_ms, level, f"marked as failed by {row.by}")
    failed = {failure.level for failure in verdict.failed.values()}
    verdict.levels = tuple(level for level in LEVELS if level in failed)
    return verdict


def _stood_at(verdict: Verdict, at_ms: int, policy: Policy) -> Level:
    """Where the case belonged after what had failed before, and what was contested by then."""
    contests = [contest for contest in verdict.contests if contest.at_ms <= at_ms]
    return belongs_to(policy, verdict.failed.values(), contests)


def _attempts(events: Sequence[Event], policy: Policy) -> tuple[list[Attempt], list[Contest]]:
    attempts: list[Attempt] = []
    contests: list[Contest] = []
    last_answer: Answer | None = None
    question_open = answered = False
    for event in events:
        if isinstance(event, Answer):
            if not event.by_person:
                continue
            for attempt in attempts:
                if attempt.answer is None:
                    attempt.answer = event
            last_answer, question_open, answered = event, _asks(event), True
        elif isinstance(event, Said):
            replies = False
            if last_answer is not None:
                replies, question_open = question_open and event.row.needs_response, False
                if replies:
                    last_answer = None
                elif event.row.need == "complaint":
                    if last_answer.row.kind == "declined":
                        contests.append(Contest(event.at_ms, last_answer.row.level))
                    elif came := [attempt for attempt in attempts if not attempt.replies]:
                        came[-1].came_back_ms = event.at_ms
                    last_answer = None
            if event.row.needs_response:
                _ask(attempts, event, policy, answered=answered, replies=replies)
    return attempts, contests


def _asks(answer: Answer) -> bool:
    """Whether it waits for the customer's reply; "anything else?" after a resolution or a no does not."""
    return answer.row.kind == "answered" and _QUESTION.search(answer.row.excerpt) is not None


def _ask(attempts: list[Attempt], said: Said, policy: Policy, *, answered: bool, replies: bool) -> None:
    """The same attempt again, a chaser, or a new attempt."""
    live, kept = not said.row.historical, not said.row.deleted
    queue = queue_of_contact(policy, said)
    due = _due_ms(policy, queue, said, said.at_ms, answered=answered)
    open_attempt = attempts[-1] if attempts and attempts[-1].answer is None else None
    if open_attempt is not None:
        chases = said.at_ms <= open_attempt.due_ms
        if due < open_attempt.due_ms:
            open_attempt.urgent, open_attempt.queue, open_attempt.due_ms = said, queue, due
        joins = said.at_ms - open_attempt.first.at_ms <= ONE_ATTEMPT_MS
        if joins:
            open_attempt.names.append(said.name)
        if joins or chases:
            open_attempt.live |= live
            open_attempt.kept |= kept
            return
    attempts.append(Attempt(said, said, queue, due, [said.name], answered, live, kept, replies))
