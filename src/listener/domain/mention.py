"""A mention: one thing that somebody said, in any channel; and the news that one was deleted."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from listener.domain.contract import Contract, EventTime, Versioned, rejected
from listener.domain.customer import Detail
from listener.domain.ids import is_kind

Channel = Literal[
    "social",
    "forum",
    "review",
    "email",
    "phone",
    "chat",
    "in_person",
    "partner",
    "letter",
    "web_feedback",
    "executive",
]
Visibility = Literal["public", "private"]
Direction = Literal["inbound", "outbound"]

PRIVATE_CHANNELS: frozenset[Channel] = frozenset(
    {"email", "phone", "chat", "in_person", "partner", "letter", "web_feedback", "executive"}
)
MAX_TEXT = 1_000_000
FUTURE_TOLERANCE = timedelta(minutes=5)


def usual_visibility(channel: Channel) -> Visibility:
    """What a channel is where a source does not say."""
    return "private" if channel in PRIVATE_CHANNELS else "public"


class Reach(Contract):
    """How far a mention carries. Shown and counted apart; no decision rests on it unless a policy says so."""

    followers: int | None = Field(default=None, ge=0)
    likes: int | None = Field(default=None, ge=0)
    reposts: int | None = Field(default=None, ge=0)
    verified: bool | None = None


class Contactable(Contract):
    """How the author can be reached, as given in this mention; also evidence of who it is."""

    name: str | None = Field(default=None, max_length=300)
    email: str | None = Field(default=None, max_length=320)
    phone: str | None = Field(default=None, max_length=64)
    handle: str | None = Field(default=None, max_length=200)
    handle_verified: bool = False
    """The source vouches that the handle belongs to the account that wrote this."""
    place: str | None = Field(default=None, max_length=200)
    details: tuple[Detail, ...] = Field(default=(), max_length=20)
    """What else the author told about themselves; compared with the details of customers."""


class Mention(Versioned):
    """One thing that somebody said. The same `mention_id` with a higher `revision` is an edit."""

    kind: Literal["mention"] = "mention"
    mention_id: str = Field(min_length=3, max_length=300)
    revision: int = Field(default=0, ge=0, lt=2**53)
    """Time of the edit in milliseconds since 1970; 0 for what was never edited."""
    source: str = Field(min_length=1, max_length=100)
    """The configured connector."""
    source_kind: str
    native_id: str = Field(min_length=1, max_length=2000)
    author: str = Field(min_length=3, max_length=300)
    author_name: str | None = Field(default=None, max_length=300)
    channel: Channel
    visibility: Visibility
    direction: Direction = "inbound"
    text: str = Field(max_length=MAX_TEXT)
    title: str | None = Field(default=None, max_length=2000)
    thread: str | None = Field(default=None, max_length=300)
    """Mentions with the same thread are one conversation."""
    reply_to: str | None = Field(default=None, max_length=300)
    """Id of the mention that this one replies to."""
    answers: str | None = Field(default=None, max_length=300)
    """Outbound only: id of the contact that is answered, where that is known."""
    answers_author: str | None = Field(default=None, max_length=300)
    """Outbound only: the author who is answered, and the key of the record."""
    automatic: bool = False
    """Sent by a machine: outbound it acknowledges and does not answer; inbound (an absence note, a bounce) it asks
    for nothing and opens no case."""
    contactable: Contactable | None = None
    rating: float | None = Field(default=None, ge=0, le=1)
    """Stars and the like, scaled so that 1 is the best."""
    reach: Reach | None = None
    url: str | None = Field(default=None, max_length=4000)
    occurred_at: EventTime
    edited_at: EventTime | None = None
    received_at: EventTime
    historical: bool = False
    """Imported, not heard as it happened: counts, but sets no timer, raises nothing, is not forwarded."""

    @field_validator("source_kind")
    @classmethod
    def _kind_is_a_word(cls, value: str) -> str:
        if not is_kind(value):
            raise ValueError("lower case letters, digits, - and _ only, at most 63 characters")
        return value

    @model_validator(mode="after")
    def _outbound_is_keyed(self) -> Self:
        if self.direction == "inbound" and (self.answers or self.answers_author):
            raise ValueError("answers and answers_author belong to outbound mentions")
        return self

    @property
    def key(self) -> str:
        """Whose history this belongs to: the author, or for the company's own words the author answered."""
        return self.answers_author or self.author

    @property
    def effective_at(self) -> datetime:
        """The time that clocks use: when it was said, but never later than when it was heard."""
        return min(self.occurred_at, self.received_at)

    @property
    def from_the_future(self) -> bool:
        """Whether the source's clock claims more than five minutes after we heard it."""
        return self.occurred_at > self.received_at + FUTURE_TOLERANCE


class MentionDeleted(Versioned):
    """A mention was deleted at its source: beats every revision, whether it comes before or after them."""

    kind: Literal["deleted"] = "deleted"
    mention_id: str = Field(min_length=3, max_length=300)
    source: str = Field(min_length=1, max_length=100)
    source_kind: str
    native_id: str = Field(min_length=1, max_length=2000)
    author: str = Field(min_length=3, max_length=300)
    """As for the mention's key: for the company's own words the author who was answered."""
    deleted_at: EventTime
    received_at: EventTime
    historical: bool = False

    @property
    def key(self) -> str:
        """Whose history this belongs to."""
        return self.author


def validators_pass(mention: Any) -> bool:
    """What the validators of `Mention` say about an object that has its fields; for `quick_read`."""
    answering = mention.answers or mention.answers_author
    return is_kind(mention.source_kind) and not (answering and mention.direction == "inbound")


RawMention = Annotated[Mention | MentionDeleted, Field(discriminator="kind")]
_RAW: TypeAdapter[Mention | MentionDeleted] = TypeAdapter(RawMention)


def read_raw(value: bytes | str) -> Mention | MentionDeleted:
    """Reads a value of `mentions.raw` or `mentions.backfill`.

    Raises:
        Rejected: not JSON, or neither a mention nor a deletion; the detail names the field.
    """
    try:
        return _RAW.validate_json(value)
    except ValidationError as error:
        raise rejected(error) from None
