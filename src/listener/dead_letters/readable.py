"""Untrusted bytes and texts made fit for a terminal."""

import codecs
import unicodedata

HEX_COLUMNS = 16
_MARK = "…"
_JOINERS = "\u200c\u200d"
"""Part of words in several scripts, and of emoji; they move nothing on a terminal."""
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def neutral(text: str, keep: str = "") -> str:
    r"""The text with every character that commands a terminal, or reorders or hides text, as ``\x1b``, ``\u202e``.

    Args:
        keep: control characters to leave as they are, such as the line end.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        if char in keep or char in _JOINERS or unicodedata.category(char) not in _HARMFUL
        else _escaped(char)
        for char in text
    )


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shortened(text: str, most: int) -> str:
    """The text in at most so many characters, with a mark where it was cut."""
    return text if len(text) <= most else text[: most - 1] + _MARK


def as_text(data: bytes, whole: bool) -> str | None:
    """The bytes as text, or None where they are not UTF-8.

    Args:
        whole: whether the data are complete; else a character that is cut at their end is left out.
    """
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, final=whole)
    except UnicodeDecodeError:
        return None


def as_hex(data: bytes) -> str:
    """Offset and bytes, sixteen a line."""
    return "\n".join(
        f"{start:08x}  {data[start : start + HEX_COLUMNS].hex(' ')}"
        for start in range(0, len(data), HEX_COLUMNS)
    )
