"""The normal forms in which two records' values are compared.

Letters of other scripts are transliterated (anyascii), so that Юлия and Yuliya, Müller and Muller meet. Names fall
into given name and surname: ``Smith, Ann`` at the comma, ``Ann B. Smith`` at the last space.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Literal

from anyascii import anyascii

Kind = Literal["given", "surname", "text", "place", "choice", "date", "code", "email", "account"]
"""How a field is compared:

- given, surname: parts of a person's name; choice: one of a few words
- text, place: words, such as a street or a town
- date: of birth and the like; code: digits and letters without meaning, such as a telephone number
- email: an address; account: what a person calls itself, in handles and before the @ of addresses
"""
Record = Mapping[str, tuple[str, ...]]
"""Field to its values in normal form; a field without values is left out."""

MIN_ACCOUNT = 4
"""Shorter names of accounts tell nothing."""
ROLES = frozenset(
    {
        "admin",
        "contact",
        "customerservice",
        "email",
        "enquiries",
        "hello",
        "help",
        "info",
        "mail",
        "noreply",
        "office",
        "postmaster",
        "sales",
        "service",
        "support",
        "team",
        "webmaster",
    }
)
"""Names of mailboxes that belong to no person."""
_NO_WORD = re.compile(r"[^a-z0-9]+")
_CACHED = 16_384


@lru_cache(maxsize=_CACHED)
def plain(text: str) -> str:
    """Latin letters and digits in lower case, words apart by one space."""
    return _NO_WORD.sub(" ", anyascii(text).lower().replace("'", "")).strip()


def split_name(name: str) -> tuple[str, str]:
    """Given name and surname, in normal form; what is not told is empty."""
    family, comma, rest = name.partition(",")
    if comma:
        return _first(plain(rest)), plain(family).replace(" ", "")
    words = plain(name).split()
    if len(words) < 2:
        return (words[0] if words else ""), ""
    return words[0], words[-1]


def _first(words: str) -> str:
    return words.split(" ", 1)[0]


def account_name(text: str) -> str | None:
    """What a handle or a mailbox calls itself; None where that tells nobody apart."""
    own = text.strip().lstrip("@").partition("@")[0].split("+", 1)[0]
    name = plain.__wrapped__(own).replace(" ", "")  # hardly any is met twice
    return name if len(name) >= MIN_ACCOUNT and name not in ROLES else None


def accounts(handles: Iterable[str]) -> tuple[str, ...]:
    """The names of several accounts, each once."""
    return tuple(sorted({name for handle in handles if (name := account_name(handle)) is not None}))


def _email(text: str) -> str:
    return anyascii(text).strip().lower()


def _without_spaces(text: str) -> str:
    return plain(text).replace(" ", "")


_NORMAL: Mapping[Kind, Callable[[str], str | None]] = {
    "given": plain,
    "surname": plain,
    "text": plain,
    "place": plain,
    "choice": plain,
    "date": _without_spaces,
    "code": _without_spaces,
    "email": _email,
    "account": account_name,
}


def normal_values(kind: Kind, texts: Iterable[str]) -> tuple[str, ...]:
    """The values of a field in normal form, each once."""
    normal = _NORMAL[kind]
    return tuple(dict.fromkeys(value for text in texts if (value := normal(text))))
