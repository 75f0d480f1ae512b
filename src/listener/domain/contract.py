"""What every contract shares: frozen, strictly typed, versioned, JSON on the wire.

Unknown fields are an error where a value enters the system (`read_at_edge`) and tolerated further down
(`read`), so that a newer writer does not stop an older reader.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    ValidationError,
)
from pydantic_core import from_json

from listener.domain.errors import Rejected

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""What can have happened. ClickHouse holds the years 1900 to 2299; the last century is left for due times."""


def floor_to_milliseconds(moment: datetime) -> datetime:
    """The same instant in UTC, cut to whole milliseconds, which is what the wire and ClickHouse keep.

    Raises:
        ValueError: in UTC it is beyond the years 1 to 9999.
    """
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range in UTC") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def within_storable_years(moment: datetime) -> datetime:
    """The same instant.

    Raises:
        ValueError: it cannot be stored everywhere downstream; so it is refused where it comes in, and not
            by one of the stages behind, for as long as the customer's history has it.
    """
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"the year {moment.year} is not within {FIRST_YEAR} to {LAST_YEAR}")
    return moment


_REMEMBERED = 1 << 13
"""Instants in words: a case and its alerts say the same few of them again and again."""
_WITH_FRACTION = len('"2026-11-22T03:46:45.123456+00:00"')


def format_utc(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: ``2026-11-22T03:46:45.123Z``."""
    # only times in UTC are remembered: in a zone, the two hours of an autumn night are equal
    return _formatted(moment if moment.tzinfo is UTC else moment.astimezone(UTC))


@lru_cache(_REMEMBERED)
def _formatted(moment: datetime) -> str:
    # a fourth of the time of isoformat(), and a case has dozens of times
    text = orjson.dumps(moment)  # in quotes, with microseconds unless they are 0, and +00:00
    return text[1:24].decode() + "Z" if len(text) == _WITH_FRACTION else text[1:20].decode() + ".000Z"


UtcTime = Annotated[
    AwareDatetime,
    AfterValidator(floor_to_milliseconds),
    PlainSerializer(format_utc, return_type=str, when_used="json"),
]
"""An instant with a zone; naive times are refused. In UTC with milliseconds."""

EventTime = Annotated[UtcTime, AfterValidator(within_storable_years)]
"""When something happened, as it is told from outside: an instant in the years that can be stored."""


class Contract(BaseModel):
    """Base of every value on a topic. Compare and hash by content; `model_copy(update=...)` to change."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", ser_json_inf_nan="null")

    def to_json(self) -> bytes:
        """UTF-8 JSON as it goes on the wire; fields without a value are left out."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def read(cls, value: bytes | str) -> Self:
        """Reads a value written by ourselves; unknown fields are passed over.

        Raises:
            Rejected: not JSON, or not what the contract says; the detail names the field.
        """
        try:
            return cls.model_validate_json(value)
        except ValidationError as error:
            raise rejected(error) from None

    @classmethod
    def read_at_edge(cls, value: bytes | str | dict[str, Any]) -> Self:
        """Reads a value that enters the system; unknown fields are an error, as are wrong types.

        Raises:
            Rejected: as for `read`, and for unknown fields.
        """
        try:
            if isinstance(value, dict):
                return cls.model_validate(value, extra="forbid")
            return cls.model_validate_json(value, extra="forbid")
        except ValidationError as error:
            raise rejected(error) from None


class Versioned(Contract):
    """A contract that stands on a topic by itself and says which version of its schema it follows."""

    schema_version: Literal[1] = 1


def rejected(error: ValidationError) -> Rejected:
    """The first few complaints of a validation as one sentence: field, what is wrong; never the value."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    if problems and problems[0]["type"] == "json_invalid":
        return Rejected("not-json", problems[0]["msg"])
    fields = [".".join(str(part) for part in problem["loc"]) or "value" for problem in problems]
    reason = "schema-version" if any(field.endswith("schema_version") for field in fields) else "invalid"
    told = [f"{field}: {problem['msg']}" for field, problem in zip(fields, problems, strict=True)][:3]
    if len(problems) > len(told):
        told.append(f"and {len(problems) - len(told)} more")
    return Rejected(reason, "; ".join(told))


def json_object(value: bytes) -> dict[str, Any]:
    """A JSON object of any content.

    Raises:
        Rejected: not JSON, or not an object.
    """
    try:
        parsed = from_json(value)
    except ValueError as error:
        raise Rejected("not-json", str(error)) from None
    if not isinstance(parsed, dict):
        raise Rejected("invalid", f"value: a JSON object is expected, not {type(parsed).__name__}")
    return parsed
