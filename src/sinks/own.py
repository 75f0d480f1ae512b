"""Sinks of your own: other packages bring them by entry points in the group ``listener.sinks``.

The name of an entry point is the kind of the sink, its value a class that is made with a `SinkSetup` and is a
`sinks.sink.Sink`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from listener.brought import brought
from listener.domain.errors import UsageError
from sinks.sink import Sink

GROUP = "listener.sinks"


@dataclass(frozen=True)
class SinkSetup:
    """What a sink is made of.

    Attributes:
        name: under which it is configured.
        options: what stands in `listener.yaml` for it beside `kind` and `secrets`.
        secrets: option to its value, such as ``{"token": "..."}``; never shown.
    """

    name: str
    options: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def secret(self, name: str) -> str:
        """A secret that the sink cannot do without.

        Raises:
            UsageError: the configuration does not name it.
        """
        if name not in self.secrets:
            raise UsageError(
                f"sinks.{self.name}.secrets.{name}: is missing; name the environment variable that holds it"
            )
        return self.secrets[name]


class SinkClass(Protocol):
    """What the value of an entry point is."""

    topics: tuple[str, ...]

    def __call__(self, setup: SinkSetup) -> Sink[Any]:
        """Makes one; nothing is connected to before `ping`.

        Raises:
            UsageError, ValidationError: it is configured wrongly.
        """
        ...


def sink_class(name: str, kind: str) -> SinkClass:
    """What makes sinks of this kind.

    Args:
        name: under which one is configured, for the error.

    Raises:
        UsageError: there is none, or it cannot be imported.
    """
    known = brought(GROUP)
    if kind not in known:
        raise UsageError(
            f"sinks.{name}.kind: no package here brings sinks of the kind {kind}; there are: "
            f"{', '.join(sorted(known)) or 'none'} (see docs/write-your-own-sink.md)"
        )
    try:
        loaded: SinkClass = known[kind].load()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"sinks.{name}: {known[kind].value} cannot be imported ({error}): install its package again"
        ) from error
    return loaded
