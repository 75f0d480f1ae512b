"""What the topics hold about a person: every record that names an account, a customer, or a party of theirs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from listener.domain.topics import (
    ALERTS,
    ALL,
    AUDIT,
    CHANGELOGS,
    CUSTOMERS,
    NOT_ABOUT_PEOPLE,
    OUTCOMES,
    TICKETS,
    Topic,
)
from listener.kafka.record import Record
from listener.privacy.person import Person, Read

_BY_CASE = (TICKETS, ALERTS, AUDIT)
"""Looked at last, since they name cases."""
SEARCHED: tuple[Topic, ...] = (
    *(topic for topic in (*ALL, *CHANGELOGS) if topic not in (*NOT_ABOUT_PEOPLE, *_BY_CASE)),
    *_BY_CASE,
)
_CASE_FIELDS = frozenset({"case_id", "subject"})
_CUSTOMER_FIELDS = frozenset({"customer_id", "subject"})


@dataclass(frozen=True)
class Held:
    """One record about a person."""

    topic: Topic
    record: Record
    value: Any
    """The record's value: read where it is JSON, else its text; None for a tombstone."""

    @property
    def key(self) -> str:
        """As text."""
        return (self.record.key or b"").decode(errors="replace")


@dataclass
class Search:
    """A search of the topics for a person.

    Attributes:
        mentions: mention ids of the person, as far as the search has come.
        cases: ids of cases that name the person, the same.
    """

    person: Person
    mentions: set[str] = field(default_factory=set)
    cases: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._names = self.person.authors | self.person.parties
        self._pattern = _pattern(self._names | self.person.customers)

    def topic(self, read: Read, topic: Topic) -> Iterator[Held]:
        """The records of a topic that name the person; of a compacted one those that hold.

        Raises:
            ServiceError: as `read`.
        """
        if topic.cleanup_policy == "delete":
            yield from (
                held for record in read(topic.name) if (held := self._held(topic, record)) is not None
            )
            return
        newest: dict[bytes | None, Held] = {}
        for record in read(topic.name):
            newest.pop(record.key, None)
            if record.value is not None and (held := self._held(topic, record)) is not None:
                newest[record.key] = held
        yield from newest.values()

    def _held(self, topic: Topic, record: Record) -> Held | None:
        key = (record.key or b"").decode(errors="replace")
        keyed = key in self._names or (topic in (CUSTOMERS, OUTCOMES) and key in self.person.customers)
        content = record.value or b""
        by_case = topic in _BY_CASE
        if not (keyed or by_case or self._pattern.search(content)):
            return None
        value = _value(record.value)
        if not (
            keyed or any(self._names_person(name, text, by_case=by_case) for name, text in _texts(value))
        ):
            return None
        self._learn(topic, value)
        return Held(topic, record, value)

    def _names_person(self, name: str, text: str, *, by_case: bool) -> bool:
        if text in self._names or (name in _CUSTOMER_FIELDS and text in self.person.customers):
            return True
        return by_case and name in _CASE_FIELDS and text in self.cases

    def _learn(self, topic: Topic, value: Any) -> None:
        """What can only be found by a case or a mention."""
        if not isinstance(value, dict):
            return
        for mine in (value, value.get("mention")):
            if not isinstance(mine, dict):
                continue
            author = mine.get("answers_author") or mine.get("author")
            if author in self.person.authors and isinstance(mine.get("mention_id"), str):
                self.mentions.add(mine["mention_id"])
        if isinstance(value.get("case_id"), str) and "anchor_author" in value:
            self.cases.add(value["case_id"])


def without_person(held: Held, person: Person) -> bytes | None:
    """A record of `connector.parked` without what is the person's; None where nothing else waits."""
    value = dict(held.value)
    value["items"] = [
        item for item in value.get("items", ()) if not any(text in person.authors for _, text in _texts(item))
    ]
    return json.dumps(value, ensure_ascii=False).encode() if value["items"] else None


def _pattern(names: frozenset[str]) -> re.Pattern[bytes]:
    """Finds what may name one of them, in JSON with and without escapes."""
    forms = {
        json.dumps(name, ensure_ascii=escaped)[1:-1].encode() for name in names for escaped in (True, False)
    }
    return re.compile(b"|".join(re.escape(form) for form in sorted(forms)) or rb"(?!)")


def _value(content: bytes | None) -> Any:
    if content is None:
        return None
    try:
        return from_json(content)
    except ValueError:
        return content.decode(errors="replace")


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value, keys of objects included, with the field that it stands in."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for field_name, inner in value.items():
            yield "", field_name
            yield from _texts(inner, field_name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, name)
