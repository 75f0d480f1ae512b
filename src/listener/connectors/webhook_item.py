"""What a request to a webhook source holds: Listener's own form of an item, or a service's, mapped. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from listener.connectors.connector import Item, NativeDeletion, NativeItem, Source, Unreadable
from listener.connectors.html_text import printable
from listener.connectors.json_mapping import Fields, Reader, found, read_item
from listener.connectors.normalise import normalise, normalise_deletion
from listener.domain.contract import Contract, rejected
from listener.domain.errors import Rejected
from listener.domain.mention import MAX_TEXT, Channel, Contactable, Direction, Visibility
from listener.times import parse_time

MAX_ITEMS = 500
MAX_ID = 200
Id = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID, pattern=r"\S")]
Moment = Annotated[
    str,
    StringConstraints(min_length=8, max_length=64),
    Field(json_schema_extra={"format": "date-time"}),
]
"""Other common ways of writing a time are understood, too; see `listener.times`."""


class Spoken(Contract):
    """One thing that a customer, or the company, said. An id is the sender's own; replies name ids."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: Id
    """The same in every attempt and every revision: what comes again under it is the same mention."""
    text: str = Field(max_length=MAX_TEXT)
    occurred_at: Moment
    """When it was said, such as 2026-03-01T09:30:00+01:00; without a zone only where the source has one."""
    edited_at: Moment | None = None
    """When this revision was made; the newest holds."""
    author: Id | None = None
    """Whose words these are: what does not change when somebody takes another name, such as a customer number
    or a telephone number. Without it nobody is recognised again but by `email` and `phone`."""
    author_name: str | None = Field(default=None, max_length=300)
    email: str | None = Field(default=None, max_length=320)
    phone: str | None = Field(default=None, max_length=64)
    channel: Channel | None = None
    """The source's where it is left out."""
    visibility: Visibility | None = None
    """What is usual in the channel where it is left out."""
    direction: Direction = "inbound"
    """outbound: the company's own words."""
    title: str | None = Field(default=None, max_length=2000)
    thread: Id | None = None
    """A call, a chat, a ticket: what belongs together."""
    reply_to: Id | None = None
    """Id of the item that this one answers."""
    automatic: bool = False
    """Of the company's words: sent by a machine, so that nothing is answered yet."""
    rating: float | None = Field(default=None, ge=0, le=1)
    """1 is the best."""
    url: str | None = Field(default=None, max_length=4000)


class Gone(Contract):
    """The item is to be forgotten: its text goes, its count stays."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: Id
    deleted_at: Moment
    author: Id | None = None
    """As it was told, where the sender knows it."""


@dataclass(frozen=True)
class Taken:
    """What became of one item of a request.

    Attributes:
        item: for the base, which publishes it, or keeps it as a dead letter.
        mention_id: None where nothing can be made of it.
        why: what is wrong, with the field; None where nothing is.
    """

    item: Item
    mention_id: str | None
    why: str | None = None


@dataclass(frozen=True)
class Form:
    """How the items of a source are read.

    Attributes:
        items: where in a body its items are, as a JMESPath expression; the body itself where None.
        fields: where in an item everything is; Listener's own form where None.
        reader: reads what `fields` describes.
    """

    source: Source
    items: str | None = None
    fields: Fields | None = None
    reader: Reader | None = None


def read_body(body: bytes, form: Form, now: datetime) -> list[Taken]:
    """The items of a request: of an object one, of a list all. One that is wrong hides no other.

    Raises:
        Rejected: it is no JSON, or no object or list of at most 500.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected("not-json", "the body is not JSON") from None
    if form.items is not None:
        value = found(form.items, value)
    several = value if isinstance(value, list) else [value]
    if not all(isinstance(each, dict) for each in several) or not several:
        where = f"at {form.items!r}" if form.items else "as the body"
        raise Rejected("invalid", f"an object, or a list of objects, is expected {where}")
    if len(several) > MAX_ITEMS:
        raise Rejected("too-many", f"{len(several)} items; at most {MAX_ITEMS} are taken at once")
    return [_take(each, form, now) for each in several]


def unreadable(body: bytes, error: Rejected, source: Source) -> Taken:
    """A body that nothing can be made of; it is kept all the same."""
    item = Unreadable(reason=error.reason, detail=error.detail, origin=source.name, original=body)
    return Taken(item, None, error.detail)


def _take(raw: dict[str, Any], form: Form, now: datetime) -> Taken:
    original = json.dumps(raw, ensure_ascii=False).encode(errors="replace")
    try:
        if form.fields is not None and form.reader is not None:
            item: Item = read_item(raw, form.reader, now).item
        else:
            item = _own(raw, form.source, original)
        return _checked(item, form.source, now)
    except Rejected as error:
        return unreadable(original, error, form.source)


def _checked(item: Item, source: Source, now: datetime) -> Taken:
    """Whether the base will be able to use it, so that the sender hears it at once."""
    match item:
        case NativeItem():
            return Taken(item, normalise(item, source, now).mention_id)
        case NativeDeletion():
            return Taken(item, normalise_deletion(item, source, now).mention_id)
        case Unreadable():
            return Taken(item, None, item.detail)


def _own(raw: dict[str, Any], source: Source, original: bytes) -> NativeItem | NativeDeletion:
    try:
        if "deleted_at" in raw:
            return _deletion(Gone.model_validate(raw, extra="forbid"), source, original)
        spoken = Spoken.model_validate(raw, extra="forbid")
    except ValidationError as error:
        raise rejected(error) from None
    given = Contactable(name=spoken.author_name, email=spoken.email or None, phone=spoken.phone or None)
    return NativeItem(
        native_id=_scoped(spoken.id, source),
        text=printable(spoken.text),
        occurred_at=_moment(spoken.occurred_at, "occurred_at"),
        edited_at=_moment(spoken.edited_at, "edited_at") if spoken.edited_at else None,
        author=_scoped(spoken.author, source) if spoken.author else None,
        author_name=spoken.author_name,
        channel=spoken.channel,
        visibility=spoken.visibility,
        direction=spoken.direction,
        title=spoken.title,
        thread=_scoped(spoken.thread, source) if spoken.thread else None,
        reply_to=_scoped(spoken.reply_to, source) if spoken.reply_to else None,
        automatic=spoken.automatic,
        contactable=given if given.email or given.phone else None,
        rating=spoken.rating,
        url=spoken.url,
        origin=_scoped(spoken.id, source),
        original=original,
    )


def _deletion(gone: Gone, source: Source, original: bytes) -> NativeDeletion:
    return NativeDeletion(
        native_id=_scoped(gone.id, source),
        deleted_at=_moment(gone.deleted_at, "deleted_at"),
        author=_scoped(gone.author, source) if gone.author else None,
        origin=_scoped(gone.id, source),
        original=original,
    )


def _scoped(native: str, source: Source) -> str:
    """Every sender numbers its own."""
    return f"{source.name}/{native}"


def _moment(text: str, field: str) -> datetime:
    try:
        return parse_time(text)
    except Rejected as error:
        raise Rejected(error.reason, f"{field}: {error.detail}") from None


def answers_of(taken: Sequence[Taken]) -> list[dict[str, str]]:
    """What the sender is told of each item, in its order."""
    return [
        {"error": each.why or "cannot be read"}
        if each.mention_id is None
        else {"mention_id": each.mention_id}
        for each in taken
    ]
