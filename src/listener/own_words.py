"""What a person wrote in a message: without what they quote, their signature, and what their program adds.

Line by line, so that no text takes more than a few passes; libraries for this search whole messages with
expressions that take minutes for a page of empty lines.
"""

import re

MAX_HEADER = 300
"""Longer lines begin no quotation."""
_QUOTED = re.compile(r"^\s*>(?![:;=]['’-]?[()\[\]|/\\])")  # not >:( which is a face
_WROTE = re.compile(
    r"^\W{0,3}(?:on|am|le|el|il|op|em|den|dnia|w dniu|vào|pe|på)\b.{4,250}"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał(?:\(a\))?|kirjoitti)\b"
    r".{0,80}:\W{0,3}$",
    re.IGNORECASE,
)
_DIVIDER = re.compile(
    r"^\s{0,3}[-_*]{2,}\s{0,3}(?:original message|original-nachricht|ursprüngliche nachricht|message d.origine"
    r"|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original|ursprungligt meddelande"
    r"|forwarded message|weitergeleitete nachricht|message transféré)\s{0,3}[-_*]{0,80}\s{0,3}$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\W{0,3}(?:from|von|de|da|van|från|fra|od)\s?\*?:\*?\s", re.IGNORECASE)
_SENT = re.compile(
    r"^\W{0,3}(?:sent|date|gesendet|datum|envoyé|enviado|enviada|inviato|data|verzonden|skickat|sendt)\s?\*?:",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"^\W{0,3}(?:sent from my|sent from (?:outlook|yahoo|mail)|get outlook for|von meinem .{2,30} gesendet"
    r"|gesendet von|envoyé de mon|enviado desde mi|inviato da|verstuurd vanaf)\b.{0,80}$",
    re.IGNORECASE,
)
SIGNATURE = "-- "
"""Begins a signature (RFC 3676, 4.3); some programs lose the space."""
_MAY_QUOTE = re.compile(
    r"^[ \t]{0,8}>|^-- ?$|^\W{0,3}[-_*]{2}|:\W{0,3}$|^\W{0,3}(?:from|von|de|da|van|från|fra|od)\s?\*?:"
    r"|sent from|outlook for|von meinem|gesendet von|envoyé de|enviado desde|inviato da|verstuurd vanaf",
    re.IGNORECASE | re.MULTILINE,
)
"""Stands in every text of which something would go: one look where nearly all texts have none."""


def may_quote(text: str) -> bool:
    """Whether `own_words` may find less than all of a text; False is sure."""
    return _MAY_QUOTE.search(text) is not None


def own_words(text: str) -> str:
    """The new words of a message; the whole of it where nothing else would be left, as of a mere forward."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    end = next((number for number in range(len(lines)) if _ends_at(lines, number)), len(lines))
    kept = [line for line in lines[:end] if not _QUOTED.match(line) and not _PHONE.match(line[:120])]
    words = _joined(kept)
    return words or _joined(lines)


def _ends_at(lines: list[str], number: int) -> bool:
    """Whether from this line on all is quotation or signature."""
    line = lines[number]
    if line in (SIGNATURE, SIGNATURE.rstrip()):
        return True
    if not line.strip() or len(line) > MAX_HEADER:
        return False
    if _DIVIDER.match(line) or _WROTE.match(line):
        return True
    following = lines[number + 1 : number + 4]
    if following and len(following[0]) <= MAX_HEADER and _WROTE.match(f"{line} {following[0].strip()}"):
        return not _QUOTED.match(following[0])
    return bool(_FROM.match(line)) and any(_SENT.match(other[:MAX_HEADER]) for other in following)


def _joined(lines: list[str]) -> str:
    """Trailing spaces and runs of empty lines go."""
    made: list[str] = []
    for line in lines:
        stripped = line.rstrip()
        if stripped or (made and made[-1]):
            made.append(stripped)
    return "\n".join(made).strip("\n")
