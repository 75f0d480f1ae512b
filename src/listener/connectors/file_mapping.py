"""Which column of a file is which field of a mention, and what its values mean."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import ValidationError

from listener.connectors.connector import NativeItem, Source
from listener.connectors.file_rows import Row
from listener.domain.contract import rejected
from listener.domain.errors import Rejected, UsageError
from listener.domain.mention import Channel, Contactable, Direction, Reach, Visibility
from listener.times import DateOrder, parse_time

FIELDS: Mapping[str, str] = {
    "id": "the row's id at its source (required)",
    "text": "what was said (required)",
    "occurred_at": "when it was said (required)",
    "edited_at": "when this version was made",
    "author": "account that said it",
    "author_name": "its display name",
    "direction": "inbound or outbound (the company's own words)",
    "inbound": "true or false, instead of direction",
    "channel": "one of: " + ", ".join(get_args(Channel)),
    "visibility": "public or private",
    "title": "subject or headline",
    "thread": "id of the conversation",
    "reply_to": "id of the row that this one replies to",
    "answers": "outbound: id of the row that is answered, if that is not reply_to",
    "answers_author": "outbound: account that is answered",
    "automatic": "true if a machine sent it",
    "url": "address of the original",
    "rating": "0 to 1, 1 is the best",
    "name": "the author's real name",
    "email": "the author's e-mail address",
    "phone": "the author's telephone number",
    "handle": "the author's handle",
    "handle_verified": "true if the source vouches for the handle",
    "followers": "how many follow the author",
    "likes": "how many liked it",
    "reposts": "how many repeated it",
    "verified": "true if the account carries a verification mark",
}
REQUIRED = ("id", "text", "occurred_at")

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})
_WHOLE_AS_DECIMAL = re.compile(r"(\d+)\.0")


@dataclass(frozen=True)
class ColumnMap:
    """Where a field's values are: in a column, with what they mean where they are not the words of ours.

    Attributes:
        meanings: value in lower case to meaning; empty where values are taken as they are.
    """

    column: str
    meanings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldMap:
    """How the rows of a file become items of a source.

    Attributes:
        columns: field to where it stands.
        constants: field to its value in every row.
        order: what comes first in dates like ``02/03/2015``.
    """

    columns: Mapping[str, ColumnMap]
    constants: Mapping[str, str]
    order: DateOrder | None = None

    def fingerprint(self) -> tuple[str, ...]:
        """The same for the same mapping, whatever the order in which it was given."""
        columns = [f"{name}={m.column}:{sorted(m.meanings.items())}" for name, m in self.columns.items()]
        constants = [f"{name}:={value}" for name, value in self.constants.items()]
        return (*sorted(columns), *sorted(constants), self.order or "")


def parse_field_map(
    maps: Sequence[str], constants: Sequence[str], columns: Iterable[str], order: DateOrder | None
) -> FieldMap:
    """Reads the options ``--map field=column[:value=meaning,...]`` and ``--set field=value``.

    Args:
        columns: the columns that the file has.

    Raises:
        UsageError: no such field or column (with the nearest that exists), a field given twice, or a required
            one not at all.
    """
    existing = list(columns)
    mapped: dict[str, ColumnMap] = {}
    fixed: dict[str, str] = {}
    for option in maps:
        name, right = _split(option, "--map", "field=column")
        _refuse_twice(name, mapped, fixed)
        mapped[name] = _column_map(option, right, existing)
    for option in constants:
        name, value = _split(option, "--set", "field=value")
        _refuse_twice(name, mapped, fixed)
        fixed[name] = value
    given = mapped.keys() | fixed.keys()
    if {"direction", "inbound"} <= given:
        raise UsageError("direction and inbound say the same thing: give one of them")
    for name in REQUIRED:
        if name not in mapped and (name == "id" or name not in fixed):
            raise UsageError(
                f"nothing says which column is the field {name}: add --map {name}=COLUMN; " + _list(existing)
            )
    for name, value in fixed.items():
        try:
            _read(name, value, order)
        except Rejected as error:
            raise UsageError(f"--set {name}={value}: {error.detail}") from None
    return FieldMap(mapped, fixed, order)


def to_item(row: Row, fields: FieldMap, source: Source, origin: str) -> NativeItem:
    """The item that a row stands for.

    Raises:
        Rejected: the row cannot be read, or a value of it; the detail names field and column.
    """
    if row.problem is not None:
        raise row.problem
    values: dict[str, Any] = {}
    for name, where in fields.columns.items():
        text = _as_text(lookup(row.values, where.column), where.column)
        if text is None:
            continue
        try:
            meaning = _meaning(text, where.meanings) if where.meanings else text
            values[name] = _read(name, meaning, fields.order)
        except Rejected as error:
            raise Rejected(error.reason, f"{name} (column {where.column}): {error.detail}") from None
    for name, text in fields.constants.items():
        values[name] = _read(name, text, fields.order)
    values = {name: value for name, value in values.items() if value is not None}
    values.setdefault("text", "")
    for name in REQUIRED:
        if name not in values:
            raise Rejected("invalid", f"{name} (column {fields.columns[name].column}): empty")
    for name in _TIMES & values.keys():
        if values[name].tzinfo is None and source.zone is None:
            raise Rejected("naive-time", f"{name}: a time without zone; say which with --zone")
    if "inbound" in values:
        values["direction"] = "inbound" if values.pop("inbound") else "outbound"
    contactable = {name: values.pop(name) for name in _CONTACTABLE & values.keys()}
    reach = {name: values.pop(name) for name in _REACH & values.keys()}
    try:
        return NativeItem(
            native_id=values.pop("id"),
            contactable=Contactable(**contactable) if contactable else None,
            reach=Reach(**reach) if reach else None,
            origin=origin,
            original=row.original,
            **values,
        )
    except ValidationError as error:
        raise rejected(error) from None


def lookup(values: Mapping[str, Any], column: str) -> Any:
    """The value of a column; ``user.name`` also finds the field `name` within the object `user`."""
    if column in values:
        return values[column]
    found: Any = values
    for part in column.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def _split(option: str, flag: str, shape: str) -> tuple[str, str]:
    name, equals, right = option.partition("=")
    name = name.strip()
    if not equals or not name or not right:
        raise UsageError(f"{flag} {option}: must look like {shape}")
    if name not in FIELDS:
        raise UsageError(
            f"{flag} {option}: there is no field {name}{_nearest(name, FIELDS)}; " + _list(FIELDS, "fields")
        )
    return name, right


def _refuse_twice(name: str, *given: Mapping[str, object]) -> None:
    if any(name in options for options in given):
        raise UsageError(f"the field {name} is given twice")


def _column_map(option: str, right: str, existing: Sequence[str]) -> ColumnMap:
    if _exists(right, existing):
        return ColumnMap(right)
    column, colon, meanings = right, "", ""
    for position in (index for index, character in enumerate(right) if character == ":"):
        if _exists(right[:position], existing):
            column, colon, meanings = right[:position], ":", right[position + 1 :]
    if not colon:
        wanted = right.partition(":")[0]
        raise UsageError(
            f"--map {option}: the file has no column {wanted}{_nearest(wanted, existing)}; " + _list(existing)
        )
    table: dict[str, str] = {}
    for pair in meanings.split(","):
        value, equals, meaning = pair.partition("=")
        if not equals:
            raise UsageError(f"--map {option}: after the column must come value=meaning, separated by commas")
        table[value.strip().lower()] = meaning.strip()
    return ColumnMap(column, table)


def _exists(column: str, existing: Sequence[str]) -> bool:
    if existing.count(column) > 1:
        raise UsageError(f"the file has {existing.count(column)} columns named {column}: rename all but one")
    return column in existing


def _nearest(word: str, among: Iterable[str]) -> str:
    names = {name.lower(): name for name in among}
    close = get_close_matches(word.lower(), names, n=1)
    return f" (did you mean {names[close[0]]}?)" if close else ""


def _list(names: Iterable[str], what: str = "columns") -> str:
    return f"{what}: " + ", ".join(name or "(without a name)" for name in names)


def _as_text(value: Any, column: str) -> str | None:
    match value:
        case None | "":
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            raise Rejected(
                "invalid", f"column {column}: a text or number is expected, not {type(value).__name__}"
            )


def _meaning(text: str, meanings: Mapping[str, str]) -> str:
    found = meanings.get(text.strip().lower())
    if found is None:
        raise Rejected("invalid", f"{text[:60]!r} is none of {', '.join(meanings)}")
    return found


def _read_line(text: str) -> str | None:
    return text.strip() or None


def _read_id(text: str) -> str | None:
    """Ids are often written as decimals (``3.0``) where a column also has empty cells."""
    text = text.strip()
    decimal = _WHOLE_AS_DECIMAL.fullmatch(text)
    return (decimal.group(1) if decimal else text) or None


def _read_flag(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise Rejected("invalid", f"{text[:60]!r} is neither true nor false")
    return word in _TRUE


def _read_count(text: str) -> int:
    number = _read_number(text.replace(",", ""))
    if not number.is_integer():
        raise Rejected("invalid", f"{text[:60]!r} is not a whole number")
    return int(number)


def _read_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Rejected("invalid", f"{text[:60]!r} is not a number") from None


def _read_word(words: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        word = text.strip().lower()
        if word not in words:
            raise Rejected("invalid", f"{text[:60]!r} is none of {', '.join(words)}")
        return word

    return read


def _read(name: str, text: str, order: DateOrder | None) -> Any:
    return parse_time(text, order) if name in _TIMES else _READERS[name](text)


_TIMES = frozenset({"occurred_at", "edited_at"})
_CONTACTABLE = frozenset({"name", "email", "phone", "handle", "handle_verified"})
_REACH = frozenset({"followers", "likes", "reposts", "verified"})
_READERS: Mapping[str, Callable[[str], Any]] = (
    dict.fromkeys(FIELDS, _read_line)
    | {"text": str}
    | dict.fromkeys(("id", "author", "thread", "reply_to", "answers", "answers_author"), _read_id)
    | dict.fromkeys(("inbound", "automatic", "handle_verified", "verified"), _read_flag)
    | dict.fromkeys(("followers", "likes", "reposts"), _read_count)
    | {
        "rating": _read_number,
        "direction": _read_word(get_args(Direction)),
        "channel": _read_word(get_args(Channel)),
        "visibility": _read_word(get_args(Visibility)),
    }
)
