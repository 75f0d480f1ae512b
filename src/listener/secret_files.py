"""Secrets in files: `NAME_FILE` names a file that holds what would else stand in the variable `NAME`."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from listener.domain.errors import UsageError

SUFFIX = "_FILE"


def with_secret_files(environment: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """The environment, in which each of these variables that is given as a file has the file's content.

    The file is UTF-8; one end of line at its end does not belong to the value.

    Raises:
        UsageError: both are set, or the file cannot be read or is empty; the message never shows a value.
    """
    found = dict(environment)
    for name in names:
        variable = name + SUFFIX
        path = environment.get(variable)
        if not path:
            continue
        if environment.get(name):
            raise UsageError(f"both {name} and {variable} are set: remove one")
        try:
            value = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise UsageError(f"{variable}: {path} cannot be read: {reason}") from None
        value = value.removesuffix("\n").removesuffix("\r")
        if not value:
            raise UsageError(f"{variable}: {path} is empty")
        found[name] = value
    return found


def write_privately(path: Path, text: str) -> None:
    """Writes a file, whole or not at all, for the owner's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)
