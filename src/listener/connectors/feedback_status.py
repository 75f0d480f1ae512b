"""What a person may know of the case that their message became part of, from the snapshots on `triage`.

A contact given in a form is nobody's proof: whoever writes a stranger's e-mail address may end up in that
stranger's case. So only answers that name this very message are told, and of the case nothing but its state.
"""

import logging
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple

import msgspec

from listener.domain.topics import TRIAGE

log = logging.getLogger(__name__)

State = Literal["received", "in_work", "answered", "declined", "closed"]

MAX_BYTES = 64 * 1024 * 1024
"""Some hundred thousand messages. The oldest are forgotten first, and shown as received."""
CASE_BYTES = 500
MESSAGE_BYTES = 400
ANSWER_BYTES = 300
"""What each takes in memory beside the characters of its texts and ids."""
TOLD = frozenset({"answered", "resolved", "declined"})


class Answer(NamedTuple):
    """What the company said, and when."""

    text: str
    at: datetime


class Status(NamedTuple):
    """How a message stands; `answers` by time."""

    state: State
    answers: tuple[Answer, ...] = ()


class _Contact(msgspec.Struct):
    mention_id: str


class _Response(msgspec.Struct):
    kind: str
    occurred_at: datetime
    contact: str | None = None
    excerpt: str = ""


class _Snapshot(msgspec.Struct):
    """What is read of a snapshot; the rest is passed over."""

    case_id: str
    version: int
    state: str
    contacts: tuple[_Contact, ...] = ()
    responses: tuple[_Response, ...] = ()


class _Kept(NamedTuple):
    version: int
    messages: dict[str, Status]

    @property
    def size(self) -> int:
        return CASE_BYTES + sum(
            MESSAGE_BYTES + 2 * len(name) + sum(ANSWER_BYTES + 4 * len(a.text) for a in status.answers)
            for name, status in self.messages.items()
        )


class StatusIndex:
    """Mention id to its status. One thread writes, others may read.

    Args:
        kind: of the sources whose messages are kept; all others are passed over.
        max_bytes: what it may take in memory, about; beyond that the oldest tenth is forgotten.
    """

    def __init__(self, kind: str, max_bytes: int = MAX_BYTES) -> None:
        self._prefix = f"{kind}:"
        self._max_bytes = max_bytes
        self._bytes = 0
        self._cases: dict[str, _Kept] = {}
        self._cases_of: dict[str, tuple[str, ...]] = {}
        self._decode = msgspec.json.Decoder(_Snapshot).decode

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record; what is no snapshot is passed over."""
        if value is None:
            self._discard((key or b"").decode(errors="replace"))
            return
        try:
            case = self._decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("a record of %s is no case: %s", TRIAGE.name, error)
            return
        before = self._cases.get(case.case_id)
        if before is not None and before.version > case.version:
            return
        self._discard(case.case_id)
        messages = {
            contact.mention_id: _status_in(case, contact.mention_id)
            for contact in case.contacts
            if contact.mention_id.startswith(self._prefix)
        }
        if not messages or case.state == "superseded":
            return
        kept = _Kept(case.version, messages)
        self._cases[case.case_id] = kept
        self._bytes += kept.size
        for name in messages:
            self._cases_of[name] = (*self._cases_of.get(name, ()), case.case_id)
        if self._bytes > self._max_bytes:
            for oldest in list(islice(self._cases, max(1, len(self._cases) // 10))):
                self._discard(oldest)

    def find(self, mention_id: str) -> Status:
        """How it stands; what no case is known of was received, or never sent.

        While a message moves from one case to another, both have it: the answered one is told.
        """
        found = [
            kept.messages[mention_id]
            for case_id in self._cases_of.get(mention_id, ())
            if (kept := self._cases.get(case_id)) is not None
        ]
        return max(found, key=lambda status: len(status.answers), default=Status("received"))

    def _discard(self, case_id: str) -> None:
        kept = self._cases.pop(case_id, None)
        if kept is None:
            return
        self._bytes -= kept.size
        for name in kept.messages:
            left = tuple(other for other in self._cases_of[name] if other != case_id)
            if left:
                self._cases_of[name] = left
            else:
                del self._cases_of[name]


def _status_in(case: _Snapshot, mention_id: str) -> Status:
    own = sorted(
        (answer for answer in case.responses if answer.contact == mention_id and answer.kind in TOLD),
        key=lambda answer: answer.occurred_at,
    )
    answers = tuple(Answer(answer.excerpt, answer.occurred_at) for answer in own)
    if own:
        return Status("declined" if own[-1].kind == "declined" else "answered", answers)
    return Status("closed" if case.state in ("resolved", "declined") else "in_work")
