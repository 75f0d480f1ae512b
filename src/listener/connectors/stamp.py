"""When a form was opened, signed: what comes back too soon after was hardly filled in by a person. Pure."""

import hmac
import secrets

MAX_AGE_SECONDS = 7 * 24 * 3600
"""Tabs stay open over a holiday; a stamp that is passed around is worth nothing after it."""


class Stamps:
    """Makes and reads stamps.

    Args:
        key: of at least 16 bytes, the same in every process that serves the form; None makes one, so that
            stamps hold as long as the process.

    Raises:
        ValueError: the key is too short.
    """

    def __init__(self, key: bytes | None = None) -> None:
        if key is not None and len(key) < 16:
            raise ValueError("at least 16 bytes are expected")
        self._key = key or secrets.token_bytes(32)

    def new(self, at_seconds: float) -> str:
        """The stamp of a form that is opened now, in seconds since 1970."""
        opened = f"{int(at_seconds * 1000)}"
        return f"{opened}.{self._sign(opened)}"

    def age_seconds(self, stamp: str, at_seconds: float) -> float | None:
        """How long ago the form was opened; None where nobody of ours said when, or it is over a week ago."""
        opened, _, signature = stamp.partition(".")
        if not hmac.compare_digest(self._sign(opened).encode(), signature.encode(errors="replace")):
            return None
        age = at_seconds - int(opened) / 1000
        return age if age <= MAX_AGE_SECONDS else None

    def _sign(self, opened: str) -> str:
        return hmac.digest(self._key, opened.encode(errors="replace"), "sha256")[:16].hex()
