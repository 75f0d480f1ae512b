"""The policy: what a company decided about queues, targets, escalation and priority; YAML, validated whole.

Nothing that tells how far a contact carries can be named in it, but in the section `reach`, which is off by
default and leaves a reason wherever it is used: verification, visibility, likes and reposts not even there.
"""

from collections.abc import Mapping
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path
from typing import Annotated, Any, Self, get_args

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from listener.domain.contract import rejected
from listener.domain.document import Document, read_document
from listener.domain.enriched import Need, Severity
from listener.domain.errors import UsageError
from listener.domain.ids import digest
from listener.domain.response import Level
from stream.enrichment.taxonomy import Phrase
from stream.triage.calendar import WEEKDAYS
from stream.triage.causes import below
from stream.triage.deadlines import Deadlines, check_calendars
from stream.triage.policy_levels import LadderRules
from stream.triage.policy_strategy import StrategyRules
from stream.triage.promises import Promises
from stream.triage.publishing import Publishing

SHIPPED: dict[str, Path] = {
    path.stem: path for path in sorted((Path(__file__).parent / "policies").glob("*.yaml"))
}
"""The policies that ship with Listener, by name; all but `default` are examples for a trade."""
DEFAULT = SHIPPED["default"]
NEEDS: tuple[Need, ...] = ("complaint", "request", "question", "unsure", "praise")
"""Needs that open a case, the strongest first: a case has its strongest contact's."""


class Queue(Promises):
    """Where cases wait, and which ones. What is left empty is no condition."""

    name: str = Field(min_length=1, max_length=100)
    severities: tuple[Severity, ...] = ()
    needs: tuple[Need, ...] = ()
    causes: tuple[str, ...] = ()
    """Nodes of the taxonomy; each stands for everything below it."""
    owner: str | None = None
    to_cause_owner: bool = False
    """The process owner of the root cause owns the case, where there is one."""
    keeps_owner: bool = False
    """The queue's owner keeps the case, however far up it goes."""

    @property
    def takes_all(self) -> bool:
        """Whether it has no conditions."""
        return not (self.severities or self.needs or self.causes)

    def takes(self, need: str, severities: frozenset[str], cause: str) -> bool:
        """Whether a contact or case like this belongs here."""
        return (
            (not self.severities or not severities.isdisjoint(self.severities))
            and (not self.needs or need in self.needs)
            and (not self.causes or any(below(cause, node) for node in self.causes))
        )


class EscalationStep(Document):
    """From so many failed contacts on, a case is for this level."""

    failures: int = Field(ge=0, le=1000)
    level: Level
    owner: str | None = None


class Priority(Document):
    """What adds up to a priority between 0 and 100."""

    needs: dict[Need, Annotated[int, Field(ge=0, le=100)]]
    severities: dict[Severity, Annotated[int, Field(ge=0, le=100)]] = Field(default_factory=dict)
    per_failure: int = Field(default=0, ge=0, le=100)

    @field_validator("needs")
    @classmethod
    def _all_needs(cls, value: dict[str, int]) -> dict[str, int]:
        missing = [need for need in NEEDS if need not in value]
        if missing:
            raise ValueError(f"say what these count, too: {', '.join(missing)}")
        return value


class Policy(Deadlines, LadderRules, StrategyRules):
    """A company's triage policy."""

    name: str = Field(min_length=1, max_length=100)
    severity_words: dict[Severity, tuple[Phrase, ...]] = Field(default_factory=dict)
    """Words that tell of a severity, beside those of the taxonomy, in the form of its phrases."""
    window_days: float = Field(default=14, gt=0, le=3660)
    """How long a case stays the place for contacts about the same root cause."""
    about_service: tuple[str, ...] = ("unreachable-service",)
    """Root causes that speak of how a matter is dealt with; such a contact belongs to the only open case."""
    queues: tuple[Queue, ...] = Field(min_length=1)
    """The first that takes a case has it."""
    escalation: tuple[EscalationStep, ...] = (EscalationStep(failures=0, level="front_line"),)
    priority: Priority
    publishing: Publishing = Publishing()

    @field_validator("queues")
    @classmethod
    def _some_queue_takes_all(cls, value: tuple[Queue, ...]) -> tuple[Queue, ...]:
        if not value[-1].takes_all:
            raise ValueError("the last queue must have no conditions, so that every case has one")
        names = [queue.name for queue in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two queues are called {name}")
        for queue in value[:-1]:
            if queue.takes_all:
                raise ValueError(f"{queue.name} has no conditions, so that no queue after it gets a case")
        return value

    @field_validator("escalation")
    @classmethod
    def _steps_go_up(cls, value: tuple[EscalationStep, ...]) -> tuple[EscalationStep, ...]:
        if not value or value[0].failures != 0:
            raise ValueError("the first step is for no failures: 0")
        levels = get_args(Level)
        for lower, higher in pairwise(value):
            if higher.failures <= lower.failures:
                raise ValueError("each step needs more failures than the one before")
            if levels.index(higher.level) < levels.index(lower.level):
                raise ValueError("more failures cannot lead to a lower level")
        return value

    @model_validator(mode="after")
    def _calendars_exist(self) -> Self:
        check_calendars(self, self.queues)
        return self

    @cached_property
    def hash(self) -> str:
        """16 hexadecimal digits that stand for everything in the policy, and for the holidays that it rests on."""
        return digest(self.model_dump_json(), self.holidays_edition)[:16]

    @cached_property
    def promises_resolution(self) -> bool:
        """Whether any queue has a target for resolutions."""
        return any(queue.resolution_target_hours is not None for queue in self.queues)

    def queue_for(self, need: str, severities: frozenset[str], cause: str) -> Queue:
        """The queue of a contact or case."""
        return next(queue for queue in self.queues if queue.takes(need, severities, cause))

    def step_for(self, failures: int) -> EscalationStep:
        """How far up so many failed contacts lead."""
        return next(step for step in reversed(self.escalation) if failures >= step.failures)


def read_policy(path: Path) -> Policy:
    """Reads a policy file.

    Raises:
        UsageError: it cannot be read, or every problem on a line of its own as ``file:line: field: what``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{path}: cannot be read: {reason}") from None
    return read_document(Policy, text, str(path))


def policy_of(content: Mapping[str, Any]) -> Policy:
    """A policy as it stands on the topic `config`.

    Raises:
        UsageError: it is from another version of Listener, and cannot be read by this one.
    """
    try:
        return Policy.model_validate(content)
    except ValidationError as error:
        raise UsageError(f"the policy in force cannot be read: {rejected(error).detail}") from None


FIRST_IN_YAML = ("name", "window_days", "queues", "escalation", "priority")


def as_yaml(policy: Policy) -> str:
    """The policy as `read_policy` reads it, without what says nothing else than where nothing is said."""
    content = policy.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for rules in content.get("calendars", {}).values():
        rules["hours"] = _by_spans_of_days(rules["hours"])
    content["queues"] = [{"name": queue["name"]} | queue for queue in content["queues"]]
    ordered = {name: content.pop(name) for name in FIRST_IN_YAML if name in content} | content
    text: str = yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=100)
    return text


def _by_spans_of_days(hours: Mapping[str, list[str]]) -> dict[str, Any]:
    """Weekdays that follow each other with the same hours as one: ``monday-friday``."""
    found: dict[str, Any] = {}
    for spans, days in groupby(WEEKDAYS, key=lambda day: hours.get(day)):
        first, *others = days
        if spans is not None:
            found[f"{first}-{others[-1]}" if others else first] = spans[0] if len(spans) == 1 else spans
    return found


def default_policy() -> Policy:
    """The policy that ships with Listener."""
    return read_policy(DEFAULT)
