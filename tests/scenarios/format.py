"""A scenario as people write it: who said and did what when, and how the cases are to stand in the end.

What each word means is told in the README beside this file.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from listener.domain.case import CaseState
from listener.domain.clock import ClockState
from listener.domain.command import Action
from listener.domain.document import Document, read_document
from listener.domain.enriched import Need, Severity
from listener.domain.mention import Channel, Visibility
from listener.domain.response import Level, ResponseKind

DIRECTORY = Path(__file__).parent
USUAL_KIND = "desk"
"""Source kind of an author who is written without one: the same account in every channel."""
_DURATION = re.compile(r"(-?)(?:(\d+(?:\.\d+)?)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def duration(text: Any) -> Any:
    """``1d2h30m`` as a span of time."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if found is None:
        raise ValueError("a time such as 2h30m or 1d12h is expected")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups()[1:])
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -span if found[1] else span


def in_words(span: timedelta) -> str:
    """A span of time as scenarios have it: ``26h``, ``2h30m``."""
    seconds = round(span.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "m"), (seconds % 60, "s"))
    return sign + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0h")


Span = Annotated[timedelta, BeforeValidator(duration)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,60}$")]
Account = Annotated[str, Field(pattern=r"^([a-z0-9_-]{1,40}:)?[a-z0-9][a-z0-9_.-]{0,60}$")]
"""``ann``, or ``twitter:ann`` where it matters which account it is."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class KnownCustomer(Document):
    """A record of the company's customer database."""

    id: Name
    names: Names = ()
    emails: Names = ()
    phones: Names = ()
    accounts: tuple[Account, ...] = ()
    segment: str | None = None
    preferred_channel: str | None = None


class Say(Document):
    """Somebody says something to the company."""

    id: Name
    at: Span
    author: Account
    channel: Channel
    text: str
    title: str | None = None
    visibility: Visibility | None = None
    """As usual in the channel, where nothing is said."""
    thread: Name | None = None
    reply_to: Name | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    rating: float | None = None
    followers: int | None = None
    likes: int | None = None
    reposts: int | None = None
    verified: bool | None = None
    historical: bool = False
    heard_after: Span = timedelta()
    """How much later the company's systems came to hear of it; negative where the source's clock runs ahead."""
    heard_at: Span | None = None
    """When they did, where that was for several at once."""
    times: int = Field(default=1, ge=1, le=1000)
    """So often the same, by ids ``<id>-1`` and on."""
    every: Span = timedelta(minutes=1)
    need: Need | None = None
    """What the words are meant to be read as; the scenario is wrong if they are not."""
    cause: str | None = None
    severity: tuple[Severity, ...] | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Of everything that is said."""
        return (self.id,) if self.times == 1 else tuple(f"{self.id}-{n}" for n in range(1, self.times + 1))

    @property
    def heard(self) -> timedelta:
        """When it is heard."""
        return self.at + self.heard_after if self.heard_at is None else self.heard_at

    def each(self) -> "Iterator[Say]":
        """Everything that is said, once each."""
        for number, name in enumerate(self.ids):
            yield self.model_copy(update={"id": name, "at": self.at + number * self.every, "times": 1})


class Given(Document):
    """Goodwill."""

    amount: float
    currency: str
    reason: str = ""


class Answer(Document):
    """The company answers, and somebody notes it down."""

    at: Span
    to: Name | None = None
    """The contact that is answered; where nobody noted it, `author`."""
    author: Account | None = None
    overrides: Name | None = None
    """A reply that was heard, of which a person says what it was."""
    channel: Channel | None = None
    """That of the contact, where nothing is said."""
    by: str = "agent"
    level: Level = "front_line"
    kind: ResponseKind = "answered"
    text: str = ""
    reason: str | None = None
    goodwill: Given | None = None
    historical: bool = False
    heard_after: Span = timedelta()

    @model_validator(mode="after")
    def _answers_somebody(self) -> Self:
        if (self.to is None) == (self.author is None):
            raise ValueError("say either to which contact, or to which author")
        return self


class Reply(Document):
    """The company answers where it was asked, in words that were heard there."""

    id: Name
    at: Span
    to: Name
    text: str
    by: Name = "company"
    automatic: bool = False
    historical: bool = False
    heard_after: Span = timedelta()


class Do(Document):
    """What a person does to a case; `to` is one of its contacts, or two."""

    at: Span
    action: Action
    to: Names
    by: str = "supervisor"
    owner: str | None = None
    cause: str | None = None
    reason: str = ""


class Link(Document):
    """A person decides whether an author is a customer."""

    at: Span
    author: Account
    customer: Name
    verdict: Literal["confirmed", "rejected"]
    by: str = "supervisor"
    evidence: str = ""


class Delete(Document):
    """Something that was said is deleted where it was said."""

    at: Span
    id: Name


class Edit(Document):
    """Something that was said is changed where it was said."""

    at: Span
    id: Name
    text: str
    need: Need | None = None
    cause: str | None = None


Happening = Say | Answer | Reply | Do | Link | Delete | Edit


class Event(Document):
    """One thing that happens."""

    say: Say | None = None
    answer: Answer | None = None
    reply: Reply | None = None
    do: Do | None = None
    link: Link | None = None
    delete: Delete | None = None
    edit: Edit | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1 or self.what is None:
            raise ValueError(f"one of {', '.join(Event.model_fields)} is expected")
        return self

    @property
    def kind(self) -> str:
        """The word that it begins with."""
        return next(iter(self.model_fields_set))

    @property
    def what(self) -> Happening:
        """The thing itself."""
        found: Happening = getattr(self, self.kind)
        return found


class ExpectedClock(Document):
    """One clock of a case."""

    kind: str
    state: ClockState | None = None
    due_at: Span | None = None
    started_at: Span | None = None
    stopped_at: Span | None = None


class ExpectedCase(Document):
    """How a case is to stand; what is not written may be anything.

    Lists are compared whole, in order; each text of `reasons`, `summary` and `advice` is to stand somewhere
    in those of the case.
    """

    one: Name = Field(alias="with")
    """One of its contacts."""
    state: CaseState | None = None
    queue: str | None = None
    level: Level | None = None
    owner: str | None = None
    priority: int | None = None
    waiting_since: Span | None = None
    due_at: Span | None = None
    opened_at: Span | None = None
    last_at: Span | None = None
    contacts: Names | None = None
    contact_count: int | None = None
    texts: tuple[str, ...] | None = None
    failed: Names | None = None
    failed_contacts: int | None = None
    failed_levels: tuple[Level, ...] | None = None
    answers: tuple[ResponseKind, ...] | None = None
    goodwill: tuple[str, ...] | None = None
    superseded: Names | None = None
    """Contacts that cases were once named after that are part of this one now."""
    root_cause: str | None = None
    root_cause_owner: str | None = None
    severity: tuple[Severity, ...] | None = None
    black_holes: Names | None = None
    """Contacts that have vanished."""
    former_black_holes: Names | None = None
    """Contacts that had vanished, and were answered in the end."""
    needs_response: bool | None = None
    historical: bool | None = None
    customer: Name | None = None
    authors: tuple[Account, ...] | None = None
    clocks: tuple[ExpectedClock, ...] | None = None
    """Among others."""
    regulatory: Names | None = None
    """Kinds of all regulatory clocks."""
    reach: Names | None = None
    reasons: Names | None = None
    summary: Names | None = None
    advice: Names | None = None


class ExpectedAlert(Document):
    """Something that a person is alerted to in the end."""

    kind: Literal["breach", "warning", "black_hole"]
    one: Name = Field(alias="with")
    """The contact that waits."""
    clock: str | None = None
    """Breach, warning: kind of the clock."""
    due_at: Span


class Expected(Document):
    """How things are to stand in the end.

    `cases` names every case that there is to be; `in_no_case` what was said and asks for nothing.
    """

    cases: tuple[ExpectedCase, ...] = ()
    in_no_case: Names = ()
    same_decision: tuple[tuple[Name, ...], ...] = ()
    """Contacts whose cases get the same queue, level, owner, priority, and time to answer."""
    alerts: tuple[ExpectedAlert, ...] | None = None
    """All that stand."""


class Scenario(Document):
    """A story with its end."""

    title: str = Field(min_length=1, max_length=120)
    story: str = Field(min_length=1)
    policy: str = "default"
    """Name of a file in `policies`, or the one that ships with Listener."""
    start: AwareDatetime | None = None
    """Where the day matters; elsewhere all scenarios end at the same time."""
    until: Span
    customers: tuple[KnownCustomer, ...] = ()
    events: tuple[Event, ...] = Field(min_length=1)
    expect: Expected
    shown_by_arrival: str | None = None
    """Why what is shown, beyond what is expected here, goes by the order of arrival."""
    differs: str | None = None
    """Why the product does not end so yet; to be taken out once it does."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        problems = list(self._problems())
        if problems:
            raise ValidationError.from_exception_data(
                "Scenario",
                [
                    {
                        "type": PydanticCustomError("senseless", "{told}", {"told": told}),
                        "loc": where,
                        "input": None,
                    }
                    for where, told in problems
                ],
            )
        return self

    def _problems(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        said: set[str] = set()
        for number, event in enumerate(self.events):
            what = event.what
            where: tuple[str | int, ...] = ("events", number, event.kind)
            if isinstance(what, Say | Reply):
                names = what.ids if isinstance(what, Say) else (what.id,)
                if not said.isdisjoint(names):
                    yield (*where, "id"), f"{what.id} stands twice"
                said.update(names)
            if isinstance(what, Say):
                last = max(max(one.at, one.heard) for one in what.each())
            else:
                last = what.at + getattr(what, "heard_after", timedelta())
            if last > self.until:
                yield (*where, "at"), "this is after the end of the scenario"
        known = {customer.id for customer in self.customers}
        for number, event in enumerate(self.events):
            what = event.what
            for field in ("to", "reply_to", "overrides", "id"):
                if isinstance(what, Say | Reply | Answer) and field == "id":
                    continue
                for name in _as_list(getattr(what, field, None) or ()):
                    if name not in said:
                        yield ("events", number, event.kind, field), f"nobody said {name}"
            if isinstance(what, Link) and what.customer not in known:
                yield ("events", number, "link", "customer"), f"there is no customer {what.customer}"
        for number, case in enumerate(self.expect.cases):
            for field, names in (
                ("with", (case.one,)),
                ("contacts", case.contacts or ()),
                ("failed", case.failed or ()),
                ("superseded", case.superseded or ()),
            ):
                for name in names:
                    if name not in said:
                        yield ("expect", "cases", number, field), f"nobody said {name}"
        for names in (*self.expect.same_decision, self.expect.in_no_case):
            for name in names:
                if name not in said:
                    yield ("expect",), f"nobody said {name}"


def read_scenario(path: Path) -> Scenario:
    """Reads one file.

    Raises:
        UsageError: it is no scenario; every problem on a line of its own as ``file:line: field: what``.
    """
    return read_document(
        Scenario, path.read_text(encoding="utf-8"), str(path.relative_to(DIRECTORY.parents[1]))
    )


def scenario_files() -> list[Path]:
    """Every scenario that there is."""
    return sorted(path for path in DIRECTORY.rglob("*.yaml") if path.parent.name != "policies")
