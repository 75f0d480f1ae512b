"""A root cause added to the text of a taxonomy, in which nothing else changes."""

import re
from collections.abc import Mapping

import yaml

_ITEM = re.compile(r"( *)- ")


def with_node(text: str, node: Mapping[str, object]) -> str:
    """The text with one more node at the end of ``nodes:``, indented as those before.

    Args:
        text: of a taxonomy that can be read.
        node: id, name, owner, keywords, examples.

    Returns:
        The text with it. Who writes it reads it first: in YAML that is not laid out in blocks there is no end
        of the nodes to be found.
    """
    lines = text.splitlines()
    start = next((place for place, line in enumerate(lines) if line.startswith("nodes:")), len(lines))
    end, indent = start + 1, None
    for place in range(start + 1, len(lines)):
        line = lines[place]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        item = _ITEM.match(line)
        if item is None and not line.startswith(" "):
            break
        indent = item[1] if item is not None and indent is None else indent
        end = place + 1
    dumped = yaml.safe_dump([dict(node)], sort_keys=False, allow_unicode=True, width=100)
    block = [(indent or "") + line for line in dumped.splitlines()]
    return "\n".join([*lines[:end], *block, *lines[end:]]) + "\n"
