"""A dead letter in words, for a person."""

from collections.abc import Iterator
from dataclasses import dataclass

from listener.dead_letters.letter import Letter
from listener.dead_letters.readable import as_hex, as_text, neutral, shortened
from listener.domain.contract import format_utc

SHOWN_BYTES = 4096
SHOWN_HEX_BYTES = 1024
MAX_SHOWN_KEY = 200


@dataclass(frozen=True)
class Original:
    """The beginning of what a letter holds, with control characters as escapes.

    Attributes:
        is_hex: it is no UTF-8, and shown as hex.
        left_out: bytes behind what is shown.
    """

    text: str
    is_hex: bool
    left_out: int


def describe(letter: Letter) -> str:
    """Headers, key, state, and the beginning of the original as text, or as hex where it is not UTF-8.

    Control characters are shown as escapes, so that no original can command the terminal.
    """
    return "\n".join([*_headers(letter), "", *_original(letter)]) + "\n"


def _headers(letter: Letter) -> Iterator[str]:
    why = letter.why
    fields: dict[str, object] = {
        "id": letter.id,
        "state": state_in_words(letter),
        "time": format_utc(why.at),
        "stage": why.stage,
        "source": why.source,
        "reason": why.reason,
        "detail": why.detail,
        "origin": why.origin,
        "topic": why.topic,
        "attempt": why.attempt,
        "key": key_in_words(letter),
        "size": f"{why.size} bytes",
        "sha256": why.sha256,
    }
    for name, value in fields.items():
        yield f"{name + ':':<9} {'-' if value is None else neutral(str(value))}"


def state_in_words(letter: Letter) -> str:
    """Whether it is open, or what was done about it, when and by whom."""
    done = letter.resolution
    if done is None:
        return "open"
    told = f"{done.resolution} {format_utc(done.at)} by {done.by}"
    if done.topic:
        told += f" to {done.topic} as attempt {done.attempt}"
    return f"{told}: {done.why}" if done.why else told


def key_in_words(letter: Letter) -> str | None:
    """The original's key; None where it has none."""
    if letter.why.original_key is not None:
        return f"cut ({letter.why.original_key})"
    if letter.key is None:
        return None
    text = as_text(letter.key, whole=True)
    return shortened(text if text is not None else f"hex {letter.key.hex()}", MAX_SHOWN_KEY)


def _original(letter: Letter) -> Iterator[str]:
    if letter.original is None:
        yield "The original is a tombstone: it has no value."
        return
    if not letter.whole:
        yield (
            f"Only the first {len(letter.original)} of {letter.why.size} bytes were kept; "
            f"the whole is at {neutral(letter.why.origin)}."
        )
    shown = beginning_of(letter.original, letter.whole)
    if shown.is_hex:
        yield "Not UTF-8; as hex:"
    yield shown.text
    if shown.left_out:
        yield f"… {shown.left_out} more bytes; --raw writes them all"


def beginning_of(original: bytes, whole: bool) -> Original:
    """What is shown of an original.

    Args:
        whole: whether all of it was kept; else a character that is cut at its end is left out.
    """
    if as_text(original, whole) is None:
        shown = original[:SHOWN_HEX_BYTES]
        return Original(as_hex(shown), True, len(original) - len(shown))
    shown = original[:SHOWN_BYTES]
    text = neutral(as_text(shown, whole=False) or "", keep="\n\t")
    return Original(text, False, len(original) - len(shown))
