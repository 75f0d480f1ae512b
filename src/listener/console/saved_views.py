"""Views of the queue that a person keeps under names: a list of addresses, theirs on every machine. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

from listener.console.case_queue import QueueView

VIEWS = "console.views."
"""Begins the names on the topic `config` under which people's views are kept."""
MOST = 30
MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class SavedView:
    """A name, and the view as an address asks for it."""

    name: str
    query: str


class ViewBox(Protocol):
    """Keeps everybody's views. Both may block, and raise `ServiceError` where Kafka is away."""

    def read(self, person: str) -> Sequence[SavedView]:
        """Those of a person."""
        ...

    def write(self, person: str, views: Sequence[SavedView]) -> None:
        """Replaces them."""
        ...


def with_view(views: Sequence[SavedView], name: str, view: QueueView) -> list[SavedView]:
    """One more; it takes the place of one of the same name.

    Raises:
        ValueError: the name is none, or there are too many already; the text says so.
    """
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise ValueError(f"Give the view a name of 1 to {MAX_NAME} characters.")
    saved = [*without_view(views, name), SavedView(name, view.query)]
    if len(saved) > MOST:
        raise ValueError(f"You have {MOST} views already: remove one first.")
    return sorted(saved, key=lambda each: each.name.casefold())


def without_view(views: Iterable[SavedView], name: str) -> list[SavedView]:
    """All but one."""
    return [each for each in views if each.name.casefold() != name.casefold()]


def read_views(content: Mapping[str, Any]) -> list[SavedView]:
    """Views as they are kept; what cannot be read is left out."""
    kept = content.get("views")
    found: list[SavedView] = []
    for each in kept if isinstance(kept, list) else []:
        if (
            isinstance(each, dict)
            and isinstance(each.get("name"), str)
            and isinstance(each.get("query"), str)
        ):
            view = QueueView.read(dict(parse_qsl(each["query"])))
            found.append(SavedView(each["name"][:MAX_NAME], view.query))
    return found


def written(views: Iterable[SavedView]) -> dict[str, Any]:
    """What is kept."""
    return {"views": [{"name": each.name, "query": each.query} for each in views]}
