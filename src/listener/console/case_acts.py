"""What people do on the pages about cases: forms read into acts, each done once however often it is sent."""

import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Literal, Protocol, get_args

from listener.domain.case import Case
from listener.domain.ids import digest
from listener.domain.mention import Channel
from listener.domain.party import PartyOf
from listener.domain.response import LEVELS, Goodwill, ResponseKind

Act = Literal[
    "assign", "close", "reopen", "mark_failed", "together", "apart", "needs_response", "needs_no_response"
]
ACTS: tuple[Act, ...] = get_args(Act)
KINDS: tuple[ResponseKind, ...] = get_args(ResponseKind)
CHANNELS: tuple[Channel, ...] = get_args(Channel)
MAX_TEXT = 20_000
MAX_REASON = 1000
MAX_OWNER = 200
REMEMBERED = 10_000
_AMOUNT = re.compile(r"\d{1,12}(?:[.,]\d{1,2})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)


class NotTaken(Exception):
    """What a form sent cannot be done as it is.

    Attributes:
        problems: field of the form, and what is wrong with it.
    """

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(problem for _, problem in problems))
        self.problems = dict(problems)


class CaseDesk(Protocol):
    """What the pages do with cases: the same as the command line does. All may block.

    Each raises `UsageError` where it cannot be done and `ServiceError` where Kafka or ClickHouse is away.
    """

    def now(self) -> datetime:
        """The installation's time."""
        ...

    def snapshot(self, case_id: str) -> Case | None:
        """The newest snapshot; None where there is no such case."""
        ...

    def answer(self, case: Case, told: Mapping[str, Any], token: str, at: datetime) -> None:
        """Publishes what was answered; the same token with the same time is the same answer.

        Raises:
            NotTaken: fields are wrong.
        """
        ...

    def act(
        self,
        action: Act,
        contacts: Sequence[tuple[str, str]],
        subject: str,
        by: str,
        at: datetime,
        **fields: Any,
    ) -> None:
        """Publishes a command about contacts, each with its author.

        Args:
            subject: the case that the person named.
        """
        ...

    def check_one_party(self, one: Case, other: Case, parties: Mapping[str, PartyOf]) -> None:
        """Looks whether two cases may become one.

        Raises:
            UsageError: they may not, and why.
        """
        ...

    def decide(
        self, author: str, customer_id: str, verdict: str, by: str, at: datetime, evidence: str
    ) -> None:
        """Publishes a person's word on who an author is."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """What somebody filled in to tell what they answered. Never refuses; see `problems`."""

    kind: str = ""
    channel: str = ""
    level: str = ""
    text: str = ""
    reason: str = ""
    amount: str = ""
    currency: str = ""
    given_for: str = ""

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> "AnswerForm":
        """What came with a form."""
        return cls(**{name: fields.get(name, "").replace("\r\n", "\n").strip() for name in cls.__slots__})

    def problems(self) -> dict[str, str]:
        """What has to be changed, by field."""
        found: dict[str, str] = {}
        if self.kind not in KINDS:
            found["kind"] = "Choose what the answer was."
        if self.channel not in CHANNELS:
            found["channel"] = "Choose how it was answered."
        if self.level not in LEVELS:
            found["level"] = "Choose at which level it was answered."
        if len(self.text) > MAX_TEXT:
            found["text"] = f"Use at most {MAX_TEXT:,} characters."
        if self.kind == "declined" and not self.reason:
            found["reason"] = "Say why it was declined: the customer is owed a reason."
        if len(self.reason) > MAX_REASON:
            found["reason"] = f"Use at most {MAX_REASON:,} characters."
        if self.amount or (self.currency and self.given_for):
            if not _AMOUNT.fullmatch(self.amount):
                found["amount"] = "Give the amount as a number, such as 25 or 12.50."
            if not _CURRENCY.fullmatch(self.currency):
                found["currency"] = "Give the currency in three letters, such as EUR."
        elif self.given_for:
            found["amount"] = "Say how much was given, or leave out for what."
        if len(self.given_for) > 300:
            found["given_for"] = "Use at most 300 characters."
        return found

    def told(self, by: str) -> dict[str, Any]:
        """The answer of a form without problems, in the fields of an answer."""
        given = None
        if self.amount:
            amount = float(self.amount.replace(",", "."))
            given = Goodwill(amount=amount, currency=self.currency.upper(), reason=self.given_for)
        return {
            "kind": self.kind,
            "channel": self.channel,
            "level": self.level,
            "by": by,
            "excerpt": self.text,
            "reason": self.reason or None,
            "goodwill": given,
        }


class Once:
    """What was sent under which token, so that sending a form again is no second act. Safe in several threads."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._at: OrderedDict[str, datetime] = OrderedDict()
        self._done: set[str] = set()
        self._lock = Lock()

    def first_sent(self, token: str, now: datetime) -> datetime:
        """When the form with this token came first."""
        with self._lock:
            at = self._at.setdefault(token, now)
            if len(self._at) > self._remembered:
                self._done.discard(self._at.popitem(last=False)[0])
            return at

    def done(self, token: str) -> None:
        """The broker has it."""
        with self._lock:
            if token in self._at:
                self._done.add(token)

    def was_done(self, token: str) -> bool:
        """Whether it is stored already."""
        with self._lock:
            return token in self._done


def new_token() -> str:
    """For a form that is shown."""
    return secrets.token_hex(16)


def sent_as(token: str, fields: Mapping[str, str]) -> str:
    """What is one act: a form with this token and these words; whoever goes back and changes them does another."""
    told = sorted((name, value) for name, value in fields.items() if name not in ("csrf", "seen", "token"))
    return digest(token, *(part for pair in told for part in pair))


def is_token(text: str) -> bool:
    """Whether a form brought back what may be a token of ours."""
    return _TOKEN.fullmatch(text) is not None
