"""Feedback that a person leaves on the company's own page: what is sent, its receipt, its mention. Pure."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from listener.connectors.feedback_words import DEFAULT, Words, languages
from listener.connectors.html_text import printable
from listener.domain.ids import anonymous_author, digest, mention_id
from listener.domain.mention import Contactable, Mention, usual_visibility

SOURCE_KIND = "form"
SUSPECT = "-suspect"
"""Ends the source of what fell for the trap, or came too fast: it may be a machine's. It is kept and triaged like
the rest, and can be told apart by whoever counts or filters."""
MAX_MESSAGE = 20_000
MAX_NAME = 200
MAX_CONTACT = 320
MAX_PAGE = 4000
MAX_STAMP = 100
RECEIPT = re.compile(r"R(?:-[0-9A-HJKMNP-TV-Z]{4}){4}")
READ_ALOUD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, which are misheard or misread."""
_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")
_PHONE = re.compile(r"\+?[\d\s()./–-]+(?:(?:ext|x)\.?\s*\d+)?", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person sent.

    Attributes:
        contact: an e-mail address or a telephone number, as written.
        page: address of the page from which the form was opened.
        token: the same in every attempt to send the same form.
        trapped: a field that people do not see was filled in.
        stamp: says when the form was opened, as it came.
    """

    message: str
    token: str
    name: str = ""
    contact: str = ""
    page: str = ""
    trapped: bool = False
    stamp: str = ""

    def errors(self, words: Words | None = None) -> dict[str, str]:
        """What the person has to change, by field; empty where it can be sent.

        Args:
            words: of the person's language; English where None.
        """
        words = words or languages()[DEFAULT]
        found: dict[str, str] = {}
        if not self.message:
            found["message"] = words["empty"]
        elif len(self.message) > MAX_MESSAGE:
            found["message"] = words.fill("too_long", n=len(self.message), max=MAX_MESSAGE)
        if len(self.name) > MAX_NAME:
            found["name"] = words.fill("long_name", max=MAX_NAME)
        if self.contact and not (self.email or self.phone):
            found["contact"] = words["wrong_contact"]
        return found

    @property
    def email(self) -> str | None:
        """The contact, if it is an e-mail address."""
        return self.contact if len(self.contact) <= MAX_CONTACT and _EMAIL.fullmatch(self.contact) else None

    @property
    def phone(self) -> str | None:
        """The contact, if it is a telephone number."""
        digits = sum(character.isdecimal() for character in self.contact)
        plausible = 5 <= digits <= 20 and len(self.contact) <= 64
        return self.contact if plausible and _PHONE.fullmatch(self.contact) else None

    @property
    def receipt(self) -> str:
        """The receipt number, ``R-`` and four groups of four: 80 bits that nobody can guess without the token.

        The same form sent twice has the same number, with other words it has another one.
        """
        return receipt_of(self.token, self.message, self.name, self.contact, self.page)


def feedback_of(fields: Mapping[str, str], trap: str) -> Feedback:
    """Reads what came with a form. Never refuses; see `Feedback.errors`.

    Args:
        trap: name of the field that people do not see.
    """
    token = fields.get("token", "")
    page = printable(fields.get("page", "")).strip()
    is_address = page.startswith(("http://", "https://")) and len(page) <= MAX_PAGE
    return Feedback(
        message=printable(fields.get("message", "")).strip(),
        token=token if _TOKEN.fullmatch(token) else new_token(),
        name=" ".join(printable(fields.get("name", "")).split()),
        contact=" ".join(printable(fields.get("contact", "")).split()),
        page=page if is_address else "",
        trapped=bool(fields.get(trap)),
        stamp=fields.get("stamp", "")[:MAX_STAMP],
    )


def receipt_of(*parts: str) -> str:
    """The receipt number of what was sent."""
    number = int(digest(*parts), 16)
    letters = "".join(READ_ALOUD[number >> shift & 31] for shift in range(0, 80, 5))
    return "R-" + "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(18)


def mention_of(feedback: Feedback, source: str, now: datetime, *, suspect: bool = False) -> Mention:
    """The mention that feedback stands for.

    Its author is its own: who it is, is for the customer match to find out from `contactable`, with evidence.

    Args:
        source: name of the configured source.
        now: when it came.
        suspect: it came as machines send.
    """
    given = Contactable(name=feedback.name or None, email=feedback.email, phone=feedback.phone)
    return Mention(
        mention_id=mention_id(SOURCE_KIND, feedback.receipt),
        source=source + (SUSPECT if suspect or feedback.trapped else ""),
        source_kind=SOURCE_KIND,
        native_id=feedback.receipt,
        author=anonymous_author(SOURCE_KIND, feedback.receipt),
        author_name=feedback.name or None,
        channel="web_feedback",
        visibility=usual_visibility("web_feedback"),
        text=feedback.message,
        contactable=given if feedback.name or feedback.contact else None,
        url=feedback.page or None,
        occurred_at=now,
        received_at=now,
    )
