"""Deterministic ids: doing a thing twice names the same thing, so that it is done once."""

import base64
import re
from hashlib import blake2b

MAX_READABLE = 200
_READABLE = re.compile(r"[!-~]+(?: [!-~]+)*", re.ASCII)
CASE_ID = r"^K-[A-Z2-7]{13}$"
_KIND = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)


def is_kind(text: str) -> bool:
    """Whether a text can be the kind of a source: lower case letters, digits, ``-`` and ``_``, at most 63."""
    return _KIND.fullmatch(text) is not None


def _native(native_id: str) -> str:
    if len(native_id) <= MAX_READABLE and _READABLE.fullmatch(native_id) and not native_id.startswith("#"):
        return native_id
    return "#" + digest(native_id)


def mention_id(source_kind: str, native_id: str) -> str:
    """``kind:native id``; a native id that is long or has unusual characters is replaced by its hash."""
    return f"{source_kind}:{_native(native_id)}"


def author_id(source_kind: str, native_id: str) -> str:
    """``kind:native id`` of the account that said something."""
    return f"{source_kind}:{_native(native_id)}"


def anonymous_author(source_kind: str, mention_native_id: str) -> str:
    """The author of a mention that has none: nobody else shares it."""
    return f"{source_kind}:anon-{_native(mention_native_id)}"


def customer_party(customer_id: str) -> str:
    """The party of everyone who is known to be this customer."""
    return f"c:{customer_id}"


def author_party(author: str) -> str:
    """The party of an author who is nobody's customer as far as is known."""
    return f"a:{author}"


def case_id(anchor_mention_id: str) -> str:
    """The id of the case whose earliest contact this is: ``K-`` and 13 letters or digits, to read aloud."""
    raw = blake2b(anchor_mention_id.encode(), digest_size=9, person=b"case").digest()
    return "K-" + base64.b32encode(raw).decode()[:13]


def is_case_id(text: str) -> bool:
    """Whether a text is the id of a case, not of a mention."""
    return re.fullmatch(CASE_ID, text) is not None


def digest(*parts: str) -> str:
    """32 hexadecimal digits that depend on every part and on where one ends and the next begins."""
    hasher = blake2b(digest_size=16)
    for part in parts:
        data = part.encode(errors="surrogatepass")
        hasher.update(len(data).to_bytes(8, "big"))
        hasher.update(data)
    return hasher.hexdigest()


def hash64(text: str) -> int:
    """A 64-bit integer for a text, the same on every machine; for sets of ids too large to keep whole."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
