"""Which extra of ours brings a package that is missing."""

import re
from collections.abc import Iterable
from importlib.metadata import requires

PACKAGES = {"sklearn": "scikit-learn"}
"""Modules that are called otherwise than the package that brings them."""
_IN_EXTRA = re.compile(r"""^([A-Za-z0-9._-]+).*;.*extra\s*==\s*['"]([^'"]+)['"]""")


def extra_of(module: str, requirements: Iterable[str] | None = None) -> str | None:
    """The first extra that brings a module; None where none does.

    Args:
        module: as it was imported, perhaps a part of a package.
        requirements: in the form of a wheel's metadata; those of the installed Listener where None.
    """
    top = module.partition(".")[0]
    wanted = PACKAGES.get(top, top).lower().replace("_", "-")
    for requirement in (requires("listener") or ()) if requirements is None else requirements:
        found = _IN_EXTRA.match(requirement)
        if found and found[1].lower().replace("_", "-") == wanted:
            return found[2]
    return None
