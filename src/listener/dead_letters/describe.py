"""A dead letter in words, for a person at a terminal."""

from collections.abc import Iterator

from listener.dead_letters.letter import Letter
from listener.dead_letters.readable import as_hex, as_text, neutral, shortened
from listener.domain.contract import format_utc

SHOWN_BYTES = 4096
SHOWN_HEX_BYTES = 1024
MAX_SHOWN_KEY = 200


def describe(letter: Letter) -> str:
    """Headers, key, state, and the beginning of the original as text, or as hex where it is not UTF-8.

    Control characters are shown as escapes, so that no original can command the terminal.
    """
    return "\n".join([*_headers(letter), "", *_original(letter)]) + "\n"


def _headers(letter: Letter) -> Iterator[str]:
    why = letter.why
    fields: dict[str, object] = {
        "id": letter.id,
        "state": _state(letter),
        "time": format_utc(why.at),
        "stage": why.stage,
        "source": why.source,
        "reason": why.reason,
        "detail": why.detail,
        "origin": why.origin,
        "topic": why.topic,
        "attempt": why.attempt,
        "key": _key(letter),
        "size": f"{why.size} bytes",
        "sha256": why.sha256,
    }
    for name, value in fields.items():
        yield f"{name + ':':<9} {'-' if value is None else neutral(str(value))}"


def _state(letter: Letter) -> str:
    done = letter.resolution
    if done is None:
        return "open"
    told = f"{done.resolution} {format_utc(done.at)} by {done.by}"
    if done.topic:
        told += f" to {done.topic} as attempt {done.attempt}"
    return f"{told}: {done.why}" if done.why else told


def _key(letter: Letter) -> str | None:
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
    text = as_text(letter.original, letter.whole)
    if text is None:
        shown = letter.original[:SHOWN_HEX_BYTES]
        yield "Not UTF-8; as hex:"
        yield as_hex(shown)
    else:
        shown = letter.original[:SHOWN_BYTES]
        yield neutral(as_text(shown, whole=False) or "", keep="\n\t")
    if len(shown) < len(letter.original):
        yield f"… {len(letter.original) - len(shown)} more bytes; --raw writes them all"
