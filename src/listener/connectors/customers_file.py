"""Customer records from a CSV or JSON-lines file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from listener.connectors.file_rows import Row, RowFile
from listener.domain.contract import rejected
from listener.domain.customer import Customer
from listener.domain.errors import Rejected, UsageError
from listener.times import parse_time

COLUMNS: Mapping[str, str] = {
    "customer_id": "customer_id",
    "id": "customer_id",
    "name": "names",
    "names": "names",
    "email": "emails",
    "emails": "emails",
    "phone": "phones",
    "phones": "phones",
    "handle": "handles",
    "handles": "handles",
    "segment": "segment",
    "preferred_channel": "preferred_channel",
    "consent": "consent",
    "updated_at": "updated_at",
    "place": "places",
    "places": "places",
    "reference": "references",
    "references": "references",
    "details": "details",
}
"""Column to field of a customer; of others ``detail.NAME`` is a detail, the rest is passed over."""
DETAIL = "detail."
_LISTS = frozenset({"names", "emails", "phones", "handles", "places", "references", "details"})
SEPARATOR = ";"


@dataclass(frozen=True)
class BadRow:
    """A row that is no customer: ``file:line`` and what is wrong."""

    origin: str
    detail: str


def read_customers(path: Path) -> Iterator[Customer | BadRow]:
    """The customers of a file, row by row.

    Columns: `customer_id` (required), `names`, `emails`, `phones`, `handles` as ``kind:handle``, `consent` as
    ``purpose:yes``; several in one cell are separated by semicolons, in JSON they may be lists. `segment`,
    `preferred_channel`, `updated_at` (with its zone), `places`, `references` (numbers of orders and accounts), and
    ``detail.NAME`` for whatever else is compared.

    Raises:
        UsageError: the file cannot be read, or has no column `customer_id`.
    """
    with RowFile(path) as rows:
        if rows.format == "csv" and not {"customer_id", "id"} & {name.lower() for name in rows.columns}:
            raise UsageError(f"{path}: no column customer_id; columns: {', '.join(rows.columns)}")
        for row in rows:
            try:
                yield _customer(row)
            except Rejected as error:
                yield BadRow(f"{path}:{row.line}", error.detail)


def _customer(row: Row) -> Customer:
    if row.problem is not None:
        raise row.problem
    found: dict[str, Any] = {}
    for column, value in row.values.items():
        name = column.strip().lower()
        field = COLUMNS.get(name)
        if name.startswith(DETAIL) and value not in (None, ""):
            told = {"field": name.removeprefix(DETAIL), "value": str(value).strip()}
            found["details"] = (*found.get("details", ()), told)
            continue
        if field is None or value in (None, ""):
            continue
        if field in found and field in _LISTS:
            found[field] += _read(field, value)
        else:
            found[field] = _read(field, value)
    if not found.get("customer_id"):
        raise Rejected("invalid", "customer_id: empty")
    try:
        return Customer.model_validate(found)
    except ValidationError as error:
        raise rejected(error) from None


def _read(field: str, value: Any) -> Any:
    match field:
        case "details":
            return tuple(value) if isinstance(value, list) else ()
        case "names" | "emails" | "phones" | "places" | "references":
            return tuple(_parts(value))
        case "handles":
            return tuple(_handle(part) for part in _parts(value))
        case "consent":
            return value if isinstance(value, dict) else dict(_consent(part) for part in _parts(value))
        case "updated_at":
            return parse_time(str(value))
        case _:
            return str(value).strip()


def _parts(value: Any) -> list[Any]:
    """The parts of a cell: texts, or in JSON also objects."""
    parts = value if isinstance(value, list) else str(value).split(SEPARATOR)
    texts = [part if isinstance(part, dict) else str(part).strip() for part in parts if part is not None]
    return [part for part in texts if part]


def _handle(part: Any) -> dict[str, str]:
    if isinstance(part, dict):
        return part
    kind, colon, handle = str(part).partition(":")
    if not colon or not kind.strip() or not handle.strip():
        raise Rejected("invalid", f"handles: {part!r} is not of the form kind:handle")
    return {"source_kind": kind.strip().lower(), "handle": handle.strip()}


def _consent(part: Any) -> tuple[str, bool]:
    purpose, _, answer = str(part).partition(":")
    word = answer.strip().lower()
    if word not in {"yes", "true", "1", "no", "false", "0"}:
        raise Rejected("invalid", f"consent: {part!r} is not of the form purpose:yes or purpose:no")
    return purpose.strip(), word in {"yes", "true", "1"}
