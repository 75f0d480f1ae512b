"""What a person does to a case, and to what is known of an author, by hand.

A command about a case names contacts, since cases come and go with their contacts.
"""

from typing import Annotated, Literal

from pydantic import Field

from listener.domain.contract import EventTime, Versioned, json_object

Action = Literal[
    "assign",
    "together",
    "apart",
    "mark_failed",
    "close",
    "reopen",
    "reclassify",
    "complaint",
    "no_complaint",
    "needs_response",
    "needs_no_response",
]


class CaseCommand(Versioned):
    """One act of a person. The newest by (`at`, `command_id`) holds where two speak of the same thing."""

    command_id: str = Field(min_length=1, max_length=200)
    action: Action
    """complaint, no_complaint: what a person says a contact is; regulators' clocks go by that before its words.
    needs_response, needs_no_response: whether a contact wants an answer, whatever was found in its words."""
    author: str = Field(min_length=3, max_length=300)
    """Author of the first contact named, and the key of the record."""
    contacts: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)]
    """Mention ids; two for together and apart, one otherwise."""
    by: str = Field(min_length=1, max_length=200)
    at: EventTime
    owner: str | None = None
    """assign: who shall act; reclassify: the process owner of the root cause."""
    cause: str | None = None
    """reclassify: the root cause that a person chose."""
    reason: str = Field(default="", max_length=1000)


class RematchAuthor(Versioned):
    """Command to the ledger: look once more who an author is, among the customers that are known by now."""

    kind: Literal["rematch"]
    author: str = Field(min_length=3, max_length=300)
    """Also the key of the record."""
    by: str = Field(min_length=1, max_length=200)
    at: EventTime


def read_command(value: bytes) -> CaseCommand | RematchAuthor:
    """Reads a value of `case.commands`.

    Raises:
        Rejected: not JSON, or neither of them; the detail names the field.
    """
    model = RematchAuthor if json_object(value).get("kind") == "rematch" else CaseCommand
    return model.read(value)
