"""The contract of a connector, and what it yields: items in the words of the platform, not yet mentions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol

from listener.domain.errors import UsageError
from listener.domain.mention import Channel, Contactable, Direction, Reach, Visibility
from listener.domain.topics import BACKFILL, RAW, Topic


@dataclass(frozen=True)
class Source:
    """One configured connector, as far as the shared base needs to know it.

    Attributes:
        name: unique in the installation; key of its cursor.
        kind: the platform; mention and author ids begin with it, so two sources of a kind share ids.
        channel: of items that do not say.
        zone: of times that come without one; they are refused where it is None.
        historical: goes to `mentions.backfill`.
    """

    name: str
    kind: str
    channel: Channel = "social"
    zone: tzinfo | None = None
    historical: bool = False

    @property
    def topic(self) -> Topic:
        """Where its mentions go."""
        return BACKFILL if self.historical else RAW


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeItem:
    """One thing that somebody said, in the platform's own ids.

    Attributes:
        native_id: the platform's id of the post; the same in every revision.
        occurred_at: when it was created; naive only where the source's configuration gives a zone.
        edited_at: when this revision was made.
        author: the platform's id of the account; None makes an author whom nobody else shares.
        reply_to, thread: native ids.
        answers, answers_author: outbound only, where the platform says who is answered; native ids.
            Otherwise the base finds out from `reply_to`.
        rating: 0..1, 1 is the best.
        origin: where it was read, for dead letters: ``file:line`` or an address.
        original: as it came, for dead letters.
    """

    native_id: str
    text: str
    occurred_at: datetime
    edited_at: datetime | None = None
    author: str | None = None
    author_name: str | None = None
    channel: Channel | None = None
    visibility: Visibility | None = None
    direction: Direction = "inbound"
    title: str | None = None
    thread: str | None = None
    reply_to: str | None = None
    answers: str | None = None
    answers_author: str | None = None
    automatic: bool = False
    contactable: Contactable | None = None
    rating: float | None = None
    reach: Reach | None = None
    url: str | None = None
    origin: str
    original: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeDeletion:
    """The platform says that a post is gone. Many do not say whose it was.

    Attributes:
        only_if_heard: passed over where the post was never heard, since the platform tells everybody's deletions.
    """

    native_id: str
    deleted_at: datetime
    author: str | None = None
    only_if_heard: bool = False
    origin: str
    original: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Something that came and cannot become a mention: it goes to the dead letters."""

    reason: str
    detail: str
    origin: str
    original: bytes


Item = NativeItem | NativeDeletion | Unreadable


@dataclass(frozen=True, slots=True)
class Batch:
    """What one poll brought.

    Attributes:
        items: in the order in which they are to be published; may be empty.
        position: what `open` needs to go on behind these items; None where nothing has moved.
        wait_seconds: how long to wait before the next poll; 0 where there is more already.
    """

    items: Sequence[Item]
    position: Mapping[str, Any] | None
    wait_seconds: float = 0.0


@dataclass(frozen=True)
class Setup:
    """What a connector is made of: the function `build` of its module takes this.

    Attributes:
        name: of the source.
        options: what stands in `listener.yaml` for it, beside what all sources have.
        secrets: option to its value, such as ``{"password": "..."}``; never shown.
        accounts: the company's own, in the platform's words; what they say is outbound.
        now: wall clock, or the installation's simulated time.
    """

    name: str
    options: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    accounts: frozenset[str] = frozenset()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def secret(self, name: str) -> str:
        """A secret that the connector cannot do without.

        Raises:
            UsageError: the configuration does not name it.
        """
        if name not in self.secrets:
            raise UsageError(
                f"sources.{self.name}.secrets.{name}: is missing; name the environment variable that holds it"
            )
        return self.secrets[name]


class Connector(Protocol):
    """Reads one source. The base owns publishing, the cursor, dead letters, retries, start and stop.

    1. `open(position)` is called once, with the position of the last batch that is safe, or None at first.
    2. `poll()` yields the next batch. It may be called again after it raised `Busy`.
    3. The base publishes the batch, waits until the broker has it, and only then notes its position.
       A crash between repeats the batch: ids come from the platform, so a repeat changes nothing.
    4. `close()` ends it, also after an error.
    """

    @property
    def source(self) -> Source:
        """What it reads, by name and kind."""
        ...

    def open(self, position: Mapping[str, Any] | None) -> None:
        """Makes ready to go on behind `position`. May block for seconds.

        Raises:
            UsageError: the configuration cannot work.
            Busy: the platform is not reachable just now.
        """
        ...

    def poll(self) -> Batch:
        """Reads what is new. May block for seconds, not minutes, so that a stop is noticed.

        Raises:
            Busy: the platform asks to wait, or is not reachable just now; the same is tried again after
                `retry_after_seconds`.
            ListenerError: the source can never be read again as it is; ends the connector.
        """
        ...

    def close(self) -> None:
        """Gives back what `open` took. Does not raise."""
        ...
