"""What other packages bring to an installation: entry points, by group and name."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points


@cache
def brought(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group, by name."""
    return {point.name: point for point in entry_points(group=group)}
