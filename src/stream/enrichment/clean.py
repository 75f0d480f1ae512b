"""A text as the later steps want it: one line, in one Unicode form, bounded in length and in work.

Whatever the text, this takes less than five milliseconds: only `MAX_INPUT` characters are looked at and
`MAX_TEXT` kept, every pattern here is linear, and what costs more is done to a beginning only. Patterns that
few texts need are tried where a cheaper look says that they may match.

What is quoted goes, for it is another's words: lines marked with ``>``, what follows "On Monday Ann wrote:", and
``<blockquote>``; unless nothing else would be left. The mention keeps all of it.
"""

import html
import re
import unicodedata
from dataclasses import dataclass

import ftfy
import ftfy.badness

from listener.own_words import may_quote, own_words

VERSION = "clean-2"
MAX_INPUT = 16_000
"""Characters looked at: a HTML message has its text behind a long head."""
MAX_LOOK = 5_000
"""Characters of the text without tags that the costlier patterns see, before repeats are cut."""
MAX_TEXT = 4_000
"""Characters kept; five minutes of reading aloud."""
CUT_MARK = " […]"
"""Stands at the end of a text that was cut."""
MAX_REPAIR = 500
"""Characters in lines with mojibake that are repaired; ftfy takes up to 4 µs for each."""
LEAST_REPAIR = 40
"""Characters that a line counts for at least: a line of its own costs ftfy as much."""
MAX_MARKS = 3
"""Combining marks kept on one letter; Vietnamese and Hebrew need three, zalgo has hundreds.
Those of scripts beyond U+FFFF stay: that far, `re` looks through a class one range after the other."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_BLOCK_TAGS = frozenset(
    {
        "blockquote",
        "br",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "p",
        "table",
        "td",
        "tr",
        "ul",
    }
)
_HIDDEN_TAGS = frozenset({"head", "script", "style", "template", "title"})
_HTML_TAGS = (
    _BLOCK_TAGS
    | _HIDDEN_TAGS
    | {"a", "b", "body", "em", "font", "html", "i", "img", "pre", "span", "strong", "u"}
)
_PLAIN_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,9})(?:\s[^<>]{0,500})?/?>")
_TAG = re.compile(r"<!--|<[!?][^<>]*>|<(/?)([a-zA-Z][a-zA-Z0-9:-]*)[^<>]*>")
_STYLED = re.compile("[\uff01-\uff5e\U0001d400-\U0001d7ff]+")
"""Latin letters and digits in other clothes: full width, and as mathematics has them."""
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc]"
)
_EMOJI = "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
_EMOJI_RUN = re.compile(
    rf"((?:[{_EMOJI}][\ufe0e\ufe0f\u200d\s]*){{6}})(?:[{_EMOJI}][\ufe0e\ufe0f\u200d\s]*)+"
)
_RUN = re.compile(r"(\S)\1{3}")
_LETTER_RUN = re.compile(r"([^\W\d_])\1{3,}")
_SIGN_RUN = re.compile(r"([^\w\s])\1{4,}")
_CHUNK_RUN = re.compile(r"((?![\d.,]{2})\S{2}\S{0,4}?)\1{4,}")

_CHUNKS = 10  # characters of the shortest run of chunks
_REPEATED = 8  # characters of such a run that stand in it before; more than two chunks of six differ

_URL = r"(?:https?://|www\.)\S+"
_AFTER_URL = ".,;:!?)'\"…”’"
_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
_HANDLE = r"(?<![\w@])@\w{1,50}(?:@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})?"
_NOT_WORDS = re.compile(rf"(?P<url>{_URL})|(?P<email>{_EMAIL})|(?P<handle>{_HANDLE})", re.IGNORECASE)
_URL_OR_HANDLE = re.compile(rf"(?P<url>(?i:{_URL}))|(?P<handle>@\w{{1,50}})")
_SHORT_HANDLE = re.compile(r"@(\w{1,50})")
_HASHTAG = re.compile(r"(?<![\w#&])#(\w*[^\W\d]\w*)")
_MARKS = (  # vowel signs and the like, which Python does not take for parts of words
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0970-\u0dff"
    "\u0e31-\u0e4e\u0eb1-\u0ecd\u0f18-\u109f\u17b4-\u17d3\u200c\u200d"
)
_WORD = re.compile(rf"(?:[^\W_]++|[{_MARKS}]++)++(?:'[^\W_]+)*")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_COMBINING = "".join(char for char in map(chr, range(0x300, 0x10000)) if unicodedata.combining(char))
_STACKED_MARKS = re.compile(f"{f'[{_COMBINING}]' * MAX_MARKS}[{_COMBINING}]+")
_QUOTES = str.maketrans("‘’‛ʼ´`“”„", "''''''\"\"\"", "#")


@dataclass(frozen=True, slots=True)
class CleanText:
    """A cleaned text, and what was recognised in it.

    Attributes:
        text: one line, as written otherwise; ends with `CUT_MARK` if it was cut.
        plain: `text` in lower case without URLs, addresses, handles and ``#``, quotes straightened: what
            patterns are matched against.
        words: the words and numbers of `plain`.
        urls, handles, hashtags: in order of appearance; handles without ``@``, hashtags without ``#``.
        cut: whether the text was longer.
    """

    text: str
    plain: str
    words: tuple[str, ...]
    urls: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    cut: bool = False


def clean(text: str) -> CleanText:
    """Cleans any text, also one that no Unicode text can be."""
    cut = len(text) > MAX_INPUT
    text = text[:MAX_INPUT]
    if "<" in text and any(tag[1].lower() in _HTML_TAGS for tag in _PLAIN_TAG.finditer(text)):
        own, quoted = _without_tags(text)
        text = own if own.strip() else quoted
    if "&" in text:
        text = html.unescape(text)
    if len(text) > MAX_LOOK:
        text, cut = text[:MAX_LOOK], True
    if not text.isascii():
        text = _sound_unicode(text)
    if "\n" in text and may_quote(text):
        text = own_words(text)
    text = collapse(" ".join(_INVISIBLE.sub("", text).split()))
    if cut or len(text) > MAX_TEXT:
        text, cut = text[:MAX_TEXT].rstrip() + CUT_MARK, True
    return recognised(text, cut)


def recognised(text: str, cut: bool) -> CleanText:
    """What stands in a text of one line.

    Args:
        text: as `CleanText.text` is.
        cut: whether it was longer.
    """
    wordy, urls, handles = _apart(text)
    plain = wordy.lower()
    if not plain.isascii() or "#" in plain or "`" in plain:
        plain = plain.translate(_QUOTES)
    plain = " ".join(plain.split())
    return CleanText(
        text=text,
        plain=plain,
        words=tuple((_ASCII_WORD if plain.isascii() else _WORD).findall(plain)),
        urls=urls,
        handles=handles,
        hashtags=tuple(_HASHTAG.findall(wordy)) if "#" in wordy else (),
        cut=cut,
    )


def _apart(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """A text without its URLs, addresses and handles; the URLs; the handles."""
    addressed = "@" in text
    linked = "://" in text or "www." in text or (addressed and "www." in text.lower())
    if not addressed and not linked:
        return text, (), ()
    only_handles = text.count("@") == text.count(" @") + text.startswith("@")  # and no e-mail address
    if only_handles and not linked:
        return _SHORT_HANDLE.sub(" ", text), (), tuple(_SHORT_HANDLE.findall(text))
    urls: list[str] = []
    found: list[str] = []

    def note(match: re.Match[str]) -> str:
        if match.lastgroup == "url":
            urls.append(match[0].rstrip(_AFTER_URL))
        elif match.lastgroup == "handle":
            found.append(match[0][1:])
        return " "

    wordy = (_URL_OR_HANDLE if only_handles else _NOT_WORDS).sub(note, text)
    return wordy, tuple(urls), tuple(found)


def collapse(text: str) -> str:
    """Cuts what is repeated for emphasis, which says the same shorter: ``soooooo``, ``hahahahaha``, emoji runs.

    Letters stay up to three times, signs four times (VADER counts up to four exclamation marks), emoji six in
    a row. Digits stay, they may be numbers that matter.
    """
    if _RUN.search(text):
        text = _LETTER_RUN.sub(r"\1\1\1", text)
        text = _SIGN_RUN.sub(r"\1\1\1\1", text)
    parts = text.split(" ")
    if any(len(part) - len(set(part)) >= _REPEATED for part in parts if len(part) >= _CHUNKS):
        text = " ".join([_CHUNK_RUN.sub(r"\1\1\1", part) for part in parts])
    return text if text.isascii() else _EMOJI_RUN.sub(r"\1", text)


def _sound_unicode(text: str) -> str:
    """Valid, without mojibake, stacked marks and styled letters, in form NFC."""
    text = _SURROGATES.sub("\ufffd", text)
    text = _STACKED_MARKS.sub(lambda marks: marks[0][:MAX_MARKS], text)
    if ftfy.badness.is_bad(text):
        text = _without_mojibake(text)
    text = unicodedata.normalize("NFC", text)
    return _STYLED.sub(lambda letters: unicodedata.normalize("NFKC", letters[0]), text)


def _without_mojibake(text: str) -> str:
    """Repairs line by line, since lines may come from different hands; the longest text only at its beginning."""
    lines = text.split("\n")
    left = MAX_REPAIR
    for number, line in enumerate(lines):
        if left > 0 and ftfy.badness.is_bad(line):
            lines[number] = ftfy.fix_encoding(line[:left]) + line[left:]
            left -= max(len(line), LEAST_REPAIR)
    return "\n".join(lines)


def _without_tags(text: str) -> tuple[str, str]:
    """The text between tags apart from what is quoted, and what is quoted.

    A space stands where a block begins or ends; nothing of scripts, styles and comments remains.
    """
    own: list[str] = []
    quoted: list[str] = []
    parts = own
    place = depth = 0
    hidden: str | None = None
    comment_until = 0
    for tag in _TAG.finditer(text):
        if tag.start() < comment_until:
            continue
        name = (tag[2] or "").lower()
        if hidden:
            if tag[1] and name == hidden:
                hidden, place = None, tag.end()
            continue
        parts.append(text[place : tag.start()])
        place = tag.end()
        if tag[0] == "<!--":
            end = text.find("-->", place)
            place = comment_until = len(text) if end < 0 else end + 3
        elif name in _HIDDEN_TAGS and not tag[1]:
            hidden = name
        elif name in _BLOCK_TAGS:
            parts.append(" ")
            if name == "blockquote":
                depth = max(depth - 1, 0) if tag[1] else depth + 1
                parts = quoted if depth else own
    if not hidden:
        parts.append(text[place:])
    return "".join(own), "".join(quoted)
