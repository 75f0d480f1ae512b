"""An answer as a helpdesk, or a person at the command line, tells it; and the `Response` that it becomes. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from listener.domain.contact import shorten
from listener.domain.contract import Contract, EventTime, format_utc
from listener.domain.ids import CASE_ID, digest
from listener.domain.mention import FUTURE_TOLERANCE, Channel
from listener.domain.response import Goodwill, Level, Response, ResponseKind

MAX_EXCERPT = 20_000
ID_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}:."
_TEXT: JsonValue = {"type": "string"}
_NOTHING: JsonValue = {"type": "null"}


class Problem(NamedTuple):
    """One thing that is wrong.

    Attributes:
        field: with dots, such as ``goodwill.amount``; empty for the whole.
    """

    field: str
    detail: str


class Refused(Exception):
    """An answer that cannot be taken as it is."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{field}: {detail}" if field else detail for field, detail in problems))
        self.problems = problems


class Answer(Contract):
    """One answer of the company's. It names the case, or the contact together with its author.

    How it was answered need not be how it was asked: a phone call answers a tweet.
    """

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        json_schema_extra={
            "oneOf": [
                {
                    "required": ["case_id"],
                    "properties": {"case_id": _TEXT, "contact": _NOTHING, "author": _NOTHING},
                },
                {
                    "required": ["contact", "author"],
                    "properties": {"contact": _TEXT, "author": _TEXT, "case_id": _NOTHING},
                },
            ],
            "if": {"properties": {"kind": {"const": "declined"}}},
            "then": {"required": ["reason"], "properties": {"reason": _TEXT}},
        },
    )

    case_id: str | None = Field(default=None, pattern=CASE_ID, max_length=15)
    """The case as a whole, as `triage` names it."""
    contact: str | None = Field(default=None, pattern=ID_PATTERN, max_length=300)
    """Id of the contact that is answered: `contacts[].mention_id` of the case, or its `anchor`."""
    author: str | None = Field(default=None, pattern=ID_PATTERN, max_length=300)
    """Who wrote that contact: `contacts[].author` of the case, or its `anchor_author`."""
    kind: ResponseKind
    """acknowledged: an automatic reply, which answers nothing. answered: waits for the customer. resolved: the
    matter is settled. declined: we said no, and `reason` says why."""
    channel: Channel
    """How it was answered."""
    by: str = Field(min_length=1, max_length=300, pattern=r"\S")
    """Who answered: a person or a team."""
    level: Level = "front_line"
    reason: str | None = Field(default=None, min_length=1, max_length=1000, pattern=r"\S")
    excerpt: str = Field(default="", max_length=MAX_EXCERPT)
    """What was said; the first 280 characters are kept."""
    goodwill: Goodwill | None = None
    occurred_at: EventTime | None = None
    """When it was said, with a zone; the time of the request where it is left out. At most five minutes ahead."""
    overrides: str | None = Field(default=None, pattern=ID_PATTERN, max_length=300)
    """Mention id of the company's own words that this describes, where those were heard as a mention: what is
    told here replaces what was concluded from them."""


def read_answer(body: bytes | str | dict[str, Any], now: datetime) -> Answer:
    """Reads and checks an answer.

    Args:
        now: what time it is to us.

    Raises:
        Refused: with every field that is wrong.
    """
    try:
        if isinstance(body, dict):
            answer = Answer.model_validate(body, extra="forbid")
        else:
            answer = Answer.model_validate_json(body, extra="forbid")
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise Refused(
            [Problem(".".join(str(part) for part in each["loc"]), _told(each["msg"])) for each in found]
        ) from None
    if problems := list(_problems(answer, now)):
        raise Refused(problems)
    return answer


def check_not_before(answer: Answer, opened_at: datetime) -> None:
    """Looks whether an answer is of after the case that it answers began; clocks may differ by five minutes.

    One of before, such as under last year's date, would count as given in time.

    Raises:
        Refused: it is not.
    """
    if answer.occurred_at is not None and answer.occurred_at < opened_at - FUTURE_TOLERANCE:
        detail = f"before the case began, {format_utc(opened_at)}; leave it out for now"
        raise Refused([Problem("occurred_at", detail)])


def response_of(
    answer: Answer, response_id: str, contact: str, author: str, received_at: datetime
) -> Response:
    """What goes on the topic.

    Args:
        response_id: unless the answer overrides what was heard.
        contact, author: what is answered, and whose it is.
        received_at: when it was first told to us.
    """
    return Response(
        response_id=answer.overrides or response_id,
        contact=contact,
        author=author,
        channel=answer.channel,
        by=answer.by,
        level=answer.level,
        kind=answer.kind,
        reason=answer.reason,
        excerpt=shorten(answer.excerpt),
        goodwill=answer.goodwill,
        occurred_at=answer.occurred_at or received_at,
        received_at=received_at,
    )


def response_id(sender: str, key: str) -> str:
    """The id of the response that a sender tells under a key of its own: the same for every attempt."""
    return f"answer:{digest(sender, key)}"


def _problems(answer: Answer, now: datetime) -> Iterator[Problem]:
    if answer.case_id is answer.contact is answer.author is None:
        yield Problem("case_id", "name the case, or the contact (contact and author)")
    if answer.case_id is not None and (answer.contact is not None or answer.author is not None):
        yield Problem("case_id", "name the case or the contact, not both")
    elif answer.contact is not None and answer.author is None:
        yield Problem("author", "say whose contact it is: the author beside it in the case's snapshot")
    elif answer.author is not None and answer.contact is None:
        yield Problem("contact", "say which contact of this author is answered")
    if answer.kind == "declined" and answer.reason is None:
        yield Problem("reason", "declined says why")
    if answer.occurred_at is not None and answer.occurred_at > now + FUTURE_TOLERANCE:
        yield Problem("occurred_at", f"more than five minutes after our time, {format_utc(now)}")


def _told(message: str) -> str:
    return "this field is not known" if message == "Extra inputs are not permitted" else message
