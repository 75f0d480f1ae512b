"""The kinds of sources that are read, by name: ours, and those that other packages bring.

A package brings a kind by an entry point in the group ``listener.connectors``: its name is the kind, its value
a function that takes a `Setup` and gives a `Connector`. It comes before one of ours with the same name.
"""

from collections.abc import Callable
from importlib import import_module

from listener.brought import brought
from listener.connectors.connector import Connector, Setup
from listener.domain.errors import UsageError

GROUP = "listener.connectors"
Build = Callable[[Setup], Connector]

MODULES: dict[str, str] = {
    "bluesky": "listener.connectors.bluesky",
    "email": "listener.connectors.email",
    "http-json": "listener.connectors.http_json",
    "mastodon": "listener.connectors.mastodon",
    "matrix": "listener.connectors.matrix",
    "reddit": "listener.connectors.reddit",
    "rss": "listener.connectors.rss",
    "x": "listener.connectors.x",
}
"""Kind to the module whose function `build` makes it; imported only where such a source is configured."""
EXTRAS: dict[str, str] = {"bluesky": "bluesky"}
"""Kind to the extra of the package `listener` that its client library is in."""


def is_read(kind: str) -> bool:
    """Whether sources of this kind are read by `listener connect`."""
    return kind in MODULES or kind in brought(GROUP)


def known() -> list[str]:
    """Every kind that is read."""
    return sorted(MODULES.keys() | brought(GROUP).keys())


def builder(kind: str) -> Build:
    """What makes a connector of this kind.

    Raises:
        UsageError: there is none, or a package that it needs is not installed.
    """
    point = brought(GROUP).get(kind)
    try:
        if point is not None:
            loaded: Build = point.load()
            return loaded
        if kind not in MODULES:
            raise UsageError(f"{kind}: no such kind of source is read; there are: {', '.join(known())}")
        made: Build = import_module(MODULES[kind]).build
    except ImportError as error:
        extra = EXTRAS.get(kind)
        hint = f"pip install 'listener[{extra}]'" if extra else "install the package that brings it again"
        raise UsageError(f"a source of the kind {kind} needs {error.name}: {hint}") from error
    return made
