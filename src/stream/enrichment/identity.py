"""What is known of the account behind an author, in the normal forms in which customers are compared.

E-mail addresses: trimmed, lower case, the domain in its ASCII form (IDNA 2008 with UTS 46 mapping). Rules of
providers, as these document them: Gmail ignores dots in the local part and is also called googlemail.com;
Gmail and the providers of `PLUS_TAG_DOMAINS` deliver ``name+anything`` to ``name``. Elsewhere dots and plus
signs may tell two mailboxes apart, so they stay.

Telephone numbers: E.164. A number without ``+`` needs the region it was written in; one with an extension is
a switchboard that many people share, so it says nothing about a person.

Handles: without the leading ``@``, case folded.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Self

import idna
import phonenumbers

from listener.domain.contract import Contract
from listener.domain.mention import Contactable, Mention
from listener.domain.quick_read import maker
from stream.enrichment.references import References

MAX_VALUES = 20
"""Values kept of each sort; the smallest ones, so that the order of merging does not matter."""
EVIDENCE = ("names", "emails", "phones", "handles", "verified_handles", "places", "references", "details")
"""What an identity consists of."""
MAX_EMAIL = 254
"""RFC 5321's limit on a path, without its angle brackets."""
GMAIL_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
PLUS_TAG_DOMAINS = frozenset(
    {
        "fastmail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mac.com",
        "me.com",
        "outlook.com",
        "pm.me",
        "proton.me",
        "protonmail.com",
    }
)
_CACHED_DOMAINS = 10_000
_CACHED_NUMBERS = 16_384


def normal_email(text: str) -> str | None:
    """The address in its normal form, or None if it cannot be one."""
    local, at, domain = unicodedata.normalize("NFC", text).strip().lower().rpartition("@")
    if not at or not local or "@" in local or " " in local or not local.isprintable():  # nor other spaces
        return None
    domain = _ascii_domain(domain.rstrip("."))
    if "." not in domain:
        return None
    if domain in GMAIL_DOMAINS:
        local, domain = local.split("+", 1)[0].replace(".", ""), "gmail.com"
    elif domain in PLUS_TAG_DOMAINS:
        local = local.split("+", 1)[0]
    address = f"{local}@{domain}"
    return address if local and len(address) <= MAX_EMAIL else None


@lru_cache(maxsize=_CACHED_DOMAINS)
def _ascii_domain(domain: str) -> str:
    """The domain as DNS has it; empty if it is none."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:  # idna's own errors are UnicodeErrors
        return ""


@lru_cache(maxsize=_CACHED_NUMBERS)
def normal_phone(text: str, region: str | None = None) -> str | None:
    """The number in E.164 (``+442079460018``), or None if it is not one of a person.

    Args:
        text: as written.
        region: ISO 3166-1 alpha-2 code for numbers without ``+``; None refuses those.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_handle(text: str) -> str | None:
    """The name of an account as compared, or None if nothing is left of it."""
    return (normal_name(text) or "").lstrip("@ ") or None


def normal_name(text: str) -> str | None:
    """A person's name as compared: compatibility forms, one space between words, case folded."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()) or None


class AuthorIdentity(Contract):
    """Everything that an author's mentions have told about who the author is, in normal forms.

    The values are claims, except `verified_handles`, which the source vouches for.
    """

    author: str
    source_kind: str
    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    verified_handles: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """Numbers of orders and accounts that stood in what was said."""
    details: tuple[str, ...] = ()
    """``field=value``."""

    @staticmethod
    def of(
        mention: Mention, default_region: str | None = None, references: References | None = None
    ) -> "AuthorIdentity":
        """What one mention tells about its author.

        The account's verified name is the handle that the source vouches for, else the native id in the
        author. An outbound mention tells nothing about the author whom it answers.

        Args:
            mention: any mention.
            default_region: as for `normal_phone`.
            references: how numbers of orders and accounts look; None where they are not looked for.
        """
        if mention.direction == "outbound":
            return _make_identity(author=mention.key, source_kind=mention.key.partition(":")[0])
        given = mention.contactable or _NOTHING
        vouched = given.handle if given.handle_verified else None
        account = vouched or _account(mention)
        return _make_identity(
            author=mention.author,
            source_kind=mention.source_kind,
            names=_names(mention.author_name, given.name),
            emails=_alone(normal_email(given.email) if given.email else None),
            phones=_alone(normal_phone(given.phone, default_region) if given.phone else None),
            handles=_alone(normal_handle(given.handle) if given.handle and not vouched else None),
            verified_handles=_alone(normal_handle(account) if account else None),
            places=_alone(normal_name(given.place) if given.place else None),
            references=() if references is None else _bounded(references.find(mention.text)),
            details=given.details and _bounded(f"{told.field}={told.value}" for told in given.details),
        )

    def merged(self, other: Self) -> Self:
        """What both know together; commutative, associative and idempotent.

        Raises:
            ValueError: they are two authors.
        """
        if other.author != self.author:
            raise ValueError(f"{self.author} is not {other.author}")
        fields = dict(self.__dict__)
        for sort in EVIDENCE:
            if values := getattr(other, sort):
                held = fields[sort]
                fields[sort] = _bounded((*held, *values)) if held else values
        return _make_identity(**fields)  # type: ignore[return-value]  # of this very class


_make_identity = maker(AuthorIdentity)
_NOTHING = Contactable()


def _account(mention: Mention) -> str | None:
    """The author's native id, unless it stands for nobody or is only a hash."""
    native = mention.author.removeprefix(f"{mention.source_kind}:")
    return None if native == mention.author or native.startswith(("anon-", "#")) else native


def _names(*names: str | None) -> tuple[str, ...]:
    return _bounded(normal_name(name) for name in dict.fromkeys(names) if name)


def _alone(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _bounded(values: Iterable[str | None]) -> tuple[str, ...]:
    present = {value for value in values if value}
    return tuple(sorted(present)[:MAX_VALUES]) if present else ()
