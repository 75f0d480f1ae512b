"""Keeping what cannot be processed: the original bytes unchanged, the why in headers."""

from hashlib import sha256

from listener.domain.dead_letter import DeadLetter
from listener.domain.topics import DEAD, MAX_DEAD_BYTES
from listener.kafka.publish import Outlet

MAX_ORIGINAL_BYTES = MAX_DEAD_BYTES - 128 * 1024
"""Room for key and headers is left below the topic's limit."""
KEPT_BYTES = 64 * 1024
MAX_KEY_BYTES = 32 * 1024
MAX_DETAIL = 2000


def dead_letter_record(
    letter: DeadLetter, key: bytes | None, original: bytes | None
) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]:
    """The record of `mentions.dead` for an original.

    What is too large for the topic is cut to its first 64 KiB, with size and SHA-256 of the whole in the
    headers; `letter.origin` says where the whole is. A tombstone (None) stays one.

    Returns:
        Key, value and headers, as either client library takes them.
    """
    update: dict[str, object] = {"size": len(original or b"")}
    if len(letter.detail) > MAX_DETAIL:
        update["detail"] = letter.detail[: MAX_DETAIL - 1] + "…"
    if original is not None and len(original) > MAX_ORIGINAL_BYTES:
        update["sha256"] = sha256(original).hexdigest()
        original = original[:KEPT_BYTES]
    if key is not None and len(key) > MAX_KEY_BYTES:
        update["original_key"] = f"{len(key)} bytes, sha256 {sha256(key).hexdigest()}"
        key = key[:MAX_KEY_BYTES]
    return key, original, letter.model_copy(update=update).to_headers()


class DeadLetters:
    """Publishes dead letters; they are safe once the outlet is flushed."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def send(self, letter: DeadLetter, key: bytes | None, original: bytes | None) -> None:
        """Hands over one dead letter.

        Raises:
            ServiceError: as for `Publisher.publish`. Whoever cannot keep its dead letters must stop.
        """
        record_key, value, headers = dead_letter_record(letter, key, original)
        self._outlet.publish(DEAD.name, record_key, value, headers)
