"""From the platform's words to a mention: deterministic ids, times in UTC, the usual where nothing is said."""

from datetime import UTC, datetime, timedelta, tzinfo

from pydantic import ValidationError

from listener.connectors.connector import NativeDeletion, NativeItem, Source
from listener.domain.contract import rejected
from listener.domain.errors import Rejected
from listener.domain.ids import anonymous_author, author_id, mention_id
from listener.domain.mention import Mention, MentionDeleted, usual_visibility

MAX_NAME = 300
MAX_TITLE = 2000
MAX_URL = 4000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def normalise(item: NativeItem, source: Source, received_at: datetime) -> Mention:
    """The mention that an item stands for; `answers` only where the platform itself says so.

    Names and titles are cut to what the contract takes, a longer address is left out; a text is never cut.

    Args:
        received_at: when we saw it first, with a zone.

    Raises:
        Rejected: it has no id, a naive time without a zone in the configuration, or breaks the contract.
    """
    if not item.native_id:
        raise Rejected("invalid", "id: empty")
    kind = source.kind
    channel = item.channel or source.channel
    occurred_at = with_zone(item.occurred_at, source.zone, "occurred_at")
    edited_at = with_zone(item.edited_at, source.zone, "edited_at") if item.edited_at else None
    outbound = item.direction == "outbound"
    try:
        return Mention(
            mention_id=mention_id(kind, item.native_id),
            revision=max(0, (edited_at - _EPOCH) // timedelta(milliseconds=1)) if edited_at else 0,
            source=source.name,
            source_kind=kind,
            native_id=item.native_id,
            author=author_id(kind, item.author) if item.author else anonymous_author(kind, item.native_id),
            author_name=item.author_name[:MAX_NAME] if item.author_name else None,
            channel=channel,
            visibility=item.visibility or usual_visibility(channel),
            direction=item.direction,
            text=item.text,
            title=item.title[:MAX_TITLE] if item.title else None,
            thread=mention_id(kind, item.thread) if item.thread else None,
            reply_to=mention_id(kind, item.reply_to) if item.reply_to else None,
            answers=mention_id(kind, item.answers) if outbound and item.answers else None,
            answers_author=author_id(kind, item.answers_author) if outbound and item.answers_author else None,
            automatic=item.automatic,
            contactable=item.contactable,
            rating=item.rating,
            reach=item.reach,
            url=item.url if item.url and len(item.url) <= MAX_URL else None,
            occurred_at=occurred_at,
            edited_at=edited_at,
            received_at=received_at,
            historical=source.historical,
        )
    except ValidationError as error:
        raise rejected(error) from None


def normalise_deletion(item: NativeDeletion, source: Source, received_at: datetime) -> MentionDeleted:
    """The deletion that an item stands for; where it names no author, under one that nobody else shares.

    Raises:
        Rejected: as for `normalise`.
    """
    if not item.native_id:
        raise Rejected("invalid", "id: empty")
    kind = source.kind
    try:
        return MentionDeleted(
            mention_id=mention_id(kind, item.native_id),
            source=source.name,
            source_kind=kind,
            native_id=item.native_id,
            author=author_id(kind, item.author) if item.author else anonymous_author(kind, item.native_id),
            deleted_at=with_zone(item.deleted_at, source.zone, "deleted_at"),
            received_at=received_at,
            historical=source.historical,
        )
    except ValidationError as error:
        raise rejected(error) from None


def with_zone(moment: datetime, zone: tzinfo | None, field: str) -> datetime:
    """The same moment with a zone, in UTC.

    Raises:
        Rejected: it is naive and no zone is configured, or it is beyond what a calendar holds.
    """
    if moment.tzinfo is None:
        if zone is None:
            raise Rejected("naive-time", f"{field}: a time without zone, and the source's zone is not given")
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Rejected("invalid", f"{field}: out of range") from None
