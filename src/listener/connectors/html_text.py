"""What a person would read of a piece of HTML: its words, its lines, no markup.

A scanner of our own, because `html.parser` takes minutes for a megabyte of hostile input (quadratic in
unclosed tags); this one looks at every character a bounded number of times.
"""

import html
import re

UNREAD = frozenset({"script", "style", "template", "noscript", "head", "title", "iframe", "object", "svg"})
"""Elements whose content nobody reads; an HTML fragment has no title of its own."""
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p"}
    | {"pre", "section", "table", "td", "th", "tr", "ul"}
)
_TAG = re.compile(r"/?([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_ALT = re.compile(r"""\balt\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_ENDS = {tag: re.compile(f"</{tag}", re.IGNORECASE) for tag in UNREAD}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")


def text_of_html(markup: str) -> str:
    """The text of an HTML fragment, ill-formed or not: one line a block, entities resolved, images by `alt`.

    As in a browser, nothing is read of a comment, tag or script that is never closed.
    """
    parts: list[str] = []
    at = 0
    while (opening := markup.find("<", at)) >= 0:
        parts.append(html.unescape(markup[at:opening]))
        at = opening + 1
        if markup.startswith("!--", at):
            at = _after(markup, "-->", at + 3)
            continue
        name = _TAG.match(markup, at)
        if name is None and not markup.startswith(("!", "?", "/"), at):
            parts.append("<")  # as in "1 < 2"
            continue
        end = _after(markup, ">", at)
        tag = name[1].lower() if name else ""
        if tag in BLOCKS:
            parts.append("\n")
        elif tag == "img" and (alt := _ALT.search(markup, at, end)):
            parts.append(html.unescape(alt[1] or alt[2] or ""))
        elif tag in UNREAD and markup[at] != "/" and markup[end - 2] != "/":
            closing = _ENDS[tag].search(markup, end)
            end = closing.start() if closing else len(markup)
        at = end
    parts.append(html.unescape(markup[at:]))
    return tidy("".join(parts))


def tidy(text: str) -> str:
    """The text as `printable`, with single spaces and single line ends."""
    return _LINES.sub("\n", _SPACES.sub(" ", printable(text))).strip()


def printable(text: str) -> str:
    """The text with ``\\n`` as its only line end, without control characters and lone surrogates."""
    text = text.encode(errors="replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text)


def _after(markup: str, end: str, at: int) -> int:
    found = markup.find(end, at)
    return len(markup) if found < 0 else found + len(end)
