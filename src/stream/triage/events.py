"""What happens to a case, in the order of time: contacts, answers, and what a person did to it.

At the same millisecond a contact stands before an answer, and an answer before a person's act; beyond that
the id decides, so the order does not depend on the order of arrival.
"""

from typing import NamedTuple

from stream.history import CommandRow, ContactRow, ResponseRow


class Said(NamedTuple):
    """A contact of a present author; `cause` is what it is grouped by."""

    at_ms: int
    rank: int
    name: str
    author: str
    row: ContactRow
    cause: str


class Answer(NamedTuple):
    """An answer; never earlier than the contact it names."""

    at_ms: int
    rank: int
    name: str
    author: str
    row: ResponseRow

    @property
    def by_person(self) -> bool:
        """An acknowledgement is no answer."""
        return self.row.kind != "acknowledged"

    @property
    def automatic(self) -> bool:
        """A machine's word: an acknowledgement that was heard at a source. One that is told is a person's."""
        return self.row.kind == "acknowledged" and self.row.derived


class Act(NamedTuple):
    """A person closed or reopened the case of a contact."""

    at_ms: int
    rank: int
    name: str
    author: str
    row: CommandRow


Event = Said | Answer | Act
SAID, ANSWER, ACT = 0, 1, 2
"""The ranks."""


def in_time(event: Event) -> tuple[int, int, str, str]:
    """Sorts events."""
    return event[0], event[1], event[2], event[3]
