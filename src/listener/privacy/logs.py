"""What the logs of one machine hold about a person: ids, which are overwritten where they stand."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

MASK = b"*"


def lines(directory: Path, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """File and line wherever one of these ids stands in a log."""
    pattern = _pattern(names)
    for path in _logs(directory):
        for line in path.read_bytes().splitlines():
            if pattern.search(line):
                yield path.name, line.decode(errors="replace")


def mask(directory: Path, names: Collection[str]) -> int:
    """Overwrites these ids, byte for byte, so that whoever writes on at the end is not disturbed.

    Returns:
        How many there were.
    """
    pattern, masked = _pattern(names), 0
    for path in _logs(directory):
        places = [found.span() for found in pattern.finditer(path.read_bytes())]
        if places:
            with path.open("r+b") as file:
                for start, end in places:
                    file.seek(start)
                    file.write(MASK * (end - start))
        masked += len(places)
    return masked


def _logs(directory: Path) -> list[Path]:
    return sorted(path for path in directory.glob("*.log*") if path.is_file()) if directory.is_dir() else []


def _pattern(names: Collection[str]) -> re.Pattern[bytes]:
    """An id as a whole, not as a part of a longer one: it may end a sentence, and names go on behind dots."""
    ids = b"|".join(re.escape(name.encode()) for name in sorted(names, key=len, reverse=True))
    return re.compile(rb"(?<![\w:@.-])(?:" + ids + rb")(?![\w@-]|[.:/][\w@])" if ids else rb"(?!)")
