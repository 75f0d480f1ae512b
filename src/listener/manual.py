"""Pages of the manual that the console shows: those of the connectors, from Markdown to HTML."""

import re
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_NAME = re.compile(r"[a-z0-9-]{1,40}")
_PAGES = "/sources/manual/"


@cache
def manual_page(name: str) -> str | None:
    """A page as HTML; None where there is none. Links to other pages of connectors lead there, others nowhere."""
    file = _directory() / f"{name}.md"
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = markdown.parse(file.read_text(encoding="utf-8"))
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                _lead(child)
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def has_page(name: str) -> bool:
    """Whether there is a page of this name."""
    return (_directory() / f"{name}.md").is_file()


def _lead(link: Token) -> None:
    """Leads a link somewhere that there is."""
    target = str(link.attrs.pop("href", ""))
    page, _, _ = target.partition("#")
    if target.startswith(("https://", "http://")):
        link.attrs["href"] = target
        link.attrs["rel"] = "noopener noreferrer"
    elif (
        page.endswith(".md")
        and _NAME.fullmatch(page.removesuffix(".md"))
        and has_page(page.removesuffix(".md"))
    ):
        link.attrs["href"] = _PAGES + page.removesuffix(".md")


def _directory() -> Traversable:
    """In the wheel beside this module, else in the checkout."""
    shipped = resources.files("listener") / "manual_pages"
    return shipped if shipped.is_dir() else Path(__file__).parents[2] / "docs" / "connectors"
