"""One e-mail as an item: who, when, in which thread, in which words; and whether a machine wrote it."""

import codecs
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from hashlib import blake2b

from listener.connectors.connector import NativeItem
from listener.connectors.html_text import text_of_html
from listener.domain.contract import FIRST_YEAR, LAST_YEAR
from listener.domain.mention import MAX_TEXT, Channel, Contactable
from listener.own_words import own_words

ON_ITS_WAY = timedelta(days=7)
"""So long servers try to deliver a message (RFC 5321, 4.5.4.1: at least 4 to 5 days)."""
MAX_NAME, MAX_ADDRESS = 300, 320
"""What the contract takes."""
_ID = re.compile(r"<([^<>\s]{1,900})>")
_AUTOMATIC_PRECEDENCE = frozenset({"auto_reply", "auto-reply"})
_MACHINES = ("mailer-daemon", "postmaster")
_NO_CHARACTER_SETS = frozenset({"punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape"})
"""Python's codecs that no e-mail is written in; `punycode` takes minutes for a few hundred kilobytes."""


def read_message(raw: bytes) -> EmailMessage:
    """Any bytes as a message; what is wrong in them becomes a defect, not an error."""
    message = BytesParser(policy=policy.default).parsebytes(raw)
    if not isinstance(message, EmailMessage):
        raise TypeError("the policy makes another class of message")
    return message


def item_of(
    message: EmailMessage,
    *,
    channel: Channel,
    accounts: frozenset[str],
    sent: bool,
    arrived_at: datetime,
    origin: str,
    raw: bytes,
    note: str = "",
) -> NativeItem:
    """The item that a message stands for.

    Args:
        accounts: the company's addresses, in lower case.
        sent: whether it is among what the company has sent. Only then is it the company's: anybody can write
            its address into a letter. What came in under it asks for nothing, and answers nothing.
        arrived_at: when the server got it; stands for a date that is missing or none.
        note: added to the text, such as that it was cut.
    """
    sender = _address(message, "from")
    author = _whole(sender.addr_spec).lower() if sender is not None else None
    outbound = sent and author in accounts
    recipients = [_whole(address.addr_spec).lower() for address in _addresses(message, ("to", "cc"))]
    answered = next((address for address in recipients if address not in accounts), None)
    references = _ids(message, "references") or _ids(message, "in-reply-to")
    own = native_id(message, raw)
    replied = next(iter(_ids(message, "in-reply-to")), references[-1] if references else None)
    name = _whole(sender.display_name).strip() if sender is not None else ""
    return NativeItem(
        native_id=own,
        text=_text(message, note),
        occurred_at=_credible(_date(message), arrived_at),
        author=author,
        author_name=name or None,
        channel=channel,
        direction="outbound" if outbound else "inbound",
        title=_header(message, "subject") or None,
        thread=references[0] if references else own,
        reply_to=replied,
        answers_author=answered if outbound and replied is None else None,
        automatic=is_automatic(message) or (author in accounts and not outbound),
        contactable=None if outbound or author is None else _reachable(name, author),
        origin=origin,
        original=raw,
    )


def _credible(written: datetime | None, arrived_at: datetime) -> datetime:
    """When it was written, as the sender says; where that is long before it arrived, it was then: by a wrong date
    nobody is to have waited for years."""
    if written is None or arrived_at - written > ON_ITS_WAY:
        return arrived_at
    return written


def _reachable(name: str, address: str) -> Contactable:
    return Contactable(name=name[:MAX_NAME] or None, email=address if len(address) <= MAX_ADDRESS else None)


def native_id(message: EmailMessage, raw: bytes) -> str:
    """Its Message-ID; a hash of its bytes where it has none that can be used."""
    found = _ID.search(_header(message, "message-id"))
    return found[1] if found else blake2b(raw, digest_size=16).hexdigest()


def is_automatic(message: EmailMessage) -> bool:
    """Whether a machine answered: an absence note, an acknowledgement, a bounce (RFC 3834, RFC 3464).

    What a machine only sends on, such as a form's message (`auto-generated`), is somebody's words.
    """
    if _header(message, "auto-submitted").lower().startswith("auto-replied"):
        return True
    if message.get_content_type() == "multipart/report":
        return True
    if message["x-autoreply"] or message["x-autorespond"]:
        return True
    if _header(message, "precedence").lower() in _AUTOMATIC_PRECEDENCE:
        return True
    sender = _address(message, "from")
    return sender is not None and sender.username.lower() in _MACHINES


def _text(message: EmailMessage, note: str) -> str:
    words = own_words(_body(message))
    names = [_file_name(part) for part in message.iter_attachments()] if message.is_multipart() else []
    notes = [f"[left out: {', '.join(names[:20])}]"] if names else []
    if note:
        notes.append(note)
    room = MAX_TEXT - sum(len(line) + 2 for line in notes)
    return "\n\n".join([words[:room], *notes] if words else notes)


def _body(message: EmailMessage) -> str:
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        if part is None:
            continue
        text = _content(part)
        if kind == "html":
            text = text_of_html(text)
        if text.strip():
            return text
    return ""


def _content(part: MIMEPart) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        known = codecs.lookup(part.get_content_charset("utf-8")).name
        if known not in _NO_CHARACTER_SETS:
            return _whole(raw.decode(known, errors="replace"))
    except (LookupError, ValueError):  # a character set that nobody knows, or that is no name
        pass
    return raw.decode("utf-8", errors="replace")


def _file_name(part: object) -> str:
    name = part.get_filename() if isinstance(part, EmailMessage) else None
    return " ".join(_whole(name or "an attachment").split())[:100]


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = message[name]
    except (
        ValueError,
        IndexError,
        AttributeError,
        TypeError,
    ):  # the library's parsers fall over some headers
        return ""
    return "" if value is None else _whole(str(value)).strip()


def _whole(text: str) -> str:
    """The text without halves of characters, which stand for bytes that are no text."""
    return text.encode("utf-8", "replace").decode()


def _ids(message: EmailMessage, name: str) -> list[str]:
    return _ID.findall(_header(message, name))


def _address(message: EmailMessage, name: str) -> Address | None:
    return next(iter(_addresses(message, (name,))), None)


def _addresses(message: EmailMessage, names: Iterable[str]) -> Iterator[Address]:
    for name in names:
        try:
            found = message[name]
            addresses = tuple(found.addresses) if found is not None else ()
        except (ValueError, IndexError, AttributeError, TypeError):
            continue
        yield from (address for address in addresses if address.username and address.domain)


def _date(message: EmailMessage) -> datetime | None:
    """A date without a zone (``-0000``) is in UTC (RFC 5322, 3.3); None where it is none that can be stored."""
    try:
        moment = parsedate_to_datetime(_header(message, "date"))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None
