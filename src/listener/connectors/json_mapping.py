"""From the JSON of any service to items, by expressions in JMESPath (jmespath.org). Pure."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Any
from urllib.parse import urljoin, urlsplit

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, field_validator

from listener.connectors.connector import NativeDeletion, NativeItem, Unreadable
from listener.connectors.html_text import printable, text_of_html
from listener.connectors.recent import DELETED
from listener.domain.document import Document
from listener.domain.errors import Rejected, UsageError
from listener.domain.ids import digest
from listener.domain.mention import MAX_TEXT, Contactable, Reach
from listener.times import DateOrder, parse_time, parse_zone

MAX_MARKUP = 4 * MAX_TEXT
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def found(expression: str, value: Any) -> Any:
    """What an expression finds; None where it finds nothing, false, or something of the wrong type."""
    try:
        result = jmespath.search(expression, value)
    except JMESPathError:  # such as min() of nothing; whether it can be read at all was seen at the start
        return None
    return None if result is False else result


def checked(expression: str) -> str:
    """The expression, if it is one.

    Raises:
        ValueError: with what is wrong.
    """
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        message = " ".join(str(error).split())
        raise ValueError(f"not a JMESPath expression: {expression!r}: {message}") from None
    return expression


def zone_name(name: str) -> str:
    """The name, if there is such a zone.

    Raises:
        ValueError: there is none.
    """
    try:
        parse_zone(name)
    except UsageError:
        raise ValueError(f"no such time zone: {name}; an example is Europe/Berlin") from None
    return name


def differing(ratings: tuple[float, float]) -> tuple[float, float]:
    """The worst and the best, if they differ.

    Raises:
        ValueError: they do not, so that nothing lies between them.
    """
    if ratings[0] == ratings[1]:
        raise ValueError("the worst and the best rating are the same")
    return ratings


ZoneName = Annotated[str, AfterValidator(zone_name)]
Ratings = Annotated[tuple[float, float], AfterValidator(differing)]


class Fields(Document):
    """Where in an item everything is; each a JMESPath expression. Texts and numbers will do."""

    id: str
    text: str | None = None
    html: str | None = None
    """In the place of `text`, where that is HTML."""
    occurred_at: str
    edited_at: str | None = None
    author: str | None = None
    """What does not change when somebody takes another name."""
    author_name: str | None = None
    title: str | None = None
    thread: str | None = None
    reply_to: str | None = None
    url: str | None = None
    """May be relative."""
    rating: str | None = None
    likes: str | None = None
    reposts: str | None = None
    followers: str | None = None
    email: str | None = None
    phone: str | None = None

    @field_validator("*")
    @classmethod
    def _are_expressions(cls, value: str | None) -> str | None:
        return value if value is None else checked(value)


@dataclass(frozen=True)
class Reader:
    """How the items of one source are read.

    Attributes:
        base: address of the service; its host begins all ids, since every service numbers its own.
        deleted: an expression that finds something in what was deleted.
        ratings: the worst and the best.
        zone: whether times without a zone are allowed is for the base to say.
        own: the company's accounts, as `author` has them, in lower case.
    """

    base: str
    fields: Fields
    deleted: str | None = None
    ratings: tuple[float, float] = (1.0, 5.0)
    dates: DateOrder | None = None
    zone: tzinfo | None = None
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was told, and by what to know it again."""

    key: str
    revision: int
    at: datetime
    item: NativeItem | NativeDeletion | Unreadable


def read_item(raw: Any, reader: Reader, now: datetime) -> Told:
    """What an item says.

    Args:
        now: when it was read: the time of a deletion, and where to put what has no time.
    """
    original = json.dumps(raw, ensure_ascii=False).encode(errors="replace")
    key = _word(raw, reader.fields.id)
    if key is None:
        return _unreadable(
            Rejected("invalid", f"id: nothing at {reader.fields.id!r}"), None, reader, now, original
        )
    if reader.deleted and found(reader.deleted, raw):
        return Told(key, DELETED, now, _deletion(raw, key, reader, now, original))
    try:
        item = _item(raw, key, reader, original)
    except Rejected as error:
        return _unreadable(error, key, reader, now, original)
    edited = _aware(item.edited_at, reader) if item.edited_at else None
    revision = max(0, (edited - _EPOCH) // timedelta(milliseconds=1)) if edited else 0
    return Told(key, revision, _aware(item.occurred_at, reader), item)


def _unreadable(error: Rejected, key: str | None, reader: Reader, now: datetime, original: bytes) -> Told:
    where = _scoped(key, reader) if key else reader.base
    item = Unreadable(reason=error.reason, detail=error.detail, origin=where, original=original)
    return Told(key or f"#{digest(original.decode())}", 0, now, item)


def _item(raw: Any, key: str, reader: Reader, original: bytes) -> NativeItem:
    fields = reader.fields
    author = _word(raw, fields.author)
    outbound = author is not None and author.lower() in reader.own
    reply_to, thread, address = (_word(raw, each) for each in (fields.reply_to, fields.thread, fields.url))
    name, email, phone = (_word(raw, each) for each in (fields.author_name, fields.email, fields.phone))
    contactable = Contactable(name=name and name[:300], email=email, phone=phone) if email or phone else None
    occurred_at = _moment(raw, fields.occurred_at, "occurred_at", reader)
    if occurred_at is None:
        raise Rejected("invalid", f"occurred_at: nothing at {fields.occurred_at!r}")
    return NativeItem(
        native_id=_scoped(key, reader),
        text=_said(raw, fields),
        title=_word(raw, fields.title),
        occurred_at=occurred_at,
        edited_at=_moment(raw, fields.edited_at, "edited_at", reader),
        author=_scoped(author, reader) if author else None,
        author_name=name or author,
        direction="outbound" if outbound else "inbound",
        thread=_scoped(thread, reader) if thread else None,
        reply_to=_scoped(reply_to, reader) if reply_to else None,
        contactable=contactable,
        rating=_rating(raw, reader),
        reach=Reach(
            likes=_count(raw, fields.likes),
            reposts=_count(raw, fields.reposts),
            followers=_count(raw, fields.followers),
        ),
        url=urljoin(reader.base, address) if address else None,
        origin=_scoped(key, reader),
        original=original,
    )


def _deletion(raw: Any, key: str, reader: Reader, now: datetime, original: bytes) -> NativeDeletion:
    author = _word(raw, reader.fields.author)
    outbound = author is not None and author.lower() in reader.own
    return NativeDeletion(
        native_id=_scoped(key, reader),
        deleted_at=now,
        # the company's own words stand under the author whom they answer: the base knows whom
        author=_scoped(author, reader) if author and not outbound else None,
        origin=_scoped(key, reader),
        original=original,
    )


def _said(raw: Any, fields: Fields) -> str:
    expression = fields.html or fields.text
    value = found(expression, raw) if expression else None
    if not isinstance(value, str):
        raise Rejected("invalid", f"text: no text at {expression!r}")
    return text_of_html(value[:MAX_MARKUP]) if fields.html else printable(value)


def _scoped(native: str, reader: Reader) -> str:
    return f"{urlsplit(reader.base).netloc}/{native}"


def _word(raw: Any, expression: str | None) -> str | None:
    """A text, or a whole number as a text; None where there is none."""
    value = found(expression, raw) if expression else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value or None if isinstance(value, str) else None


def _count(raw: Any, expression: str | None) -> int | None:
    value = found(expression, raw) if expression else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _moment(raw: Any, expression: str | None, field: str, reader: Reader) -> datetime | None:
    value = found(expression, raw) if expression else None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Rejected("invalid", f"{field}: a time is expected at {expression!r}")
    text = value if isinstance(value, str) else str(value).zfill(10)
    try:
        return parse_time(text, reader.dates)
    except Rejected as error:
        raise Rejected(error.reason, f"{field}: {error.detail}") from None


def _rating(raw: Any, reader: Reader) -> float | None:
    value = found(reader.fields.rating, raw) if reader.fields.rating else None
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except ValueError:
        raise Rejected("invalid", f"rating: not a number: {str(value)[:40]!r}") from None
    if number is None:
        return None
    worst, best = reader.ratings
    return (number - worst) / (best - worst)


def _aware(moment: datetime, reader: Reader) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=reader.zone or UTC)
