"""YAML that people write (settings, policy, taxonomy): validated whole, errors with line numbers."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from listener.domain.errors import UsageError


class Document(BaseModel):
    """Base of what people write in YAML: unknown keys are an error, values are frozen once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


D = TypeVar("D", bound=Document)
MAX_NODES = 200_000
"""Of a document with each alias written out: a few lines of aliases to aliases may stand for billions."""


def read_document(model: type[D], text: str, name: str) -> D:
    """Parses and validates a YAML text.

    Args:
        model: what the document must be.
        text: the YAML.
        name: file name for messages.

    Raises:
        UsageError: every problem on a line of its own, as ``name:line: field: what is wrong``.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if _written_out(root, {}) > MAX_NODES:
            raise UsageError(f"{name}:1: too large: more than {MAX_NODES} values, aliases written out")
        value = yaml.safe_load(text)
    except RecursionError:
        raise UsageError(f"{name}:1: nested too deeply, or something in it is part of itself") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{name}:{line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{name}:1: not YAML: {error}") from None
    except ValueError as error:  # what looks like a date or a number, and is none
        raise UsageError(f"{name}:{_line_of_no_value(root)}: not YAML: {error}") from None
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise UsageError(f"{name}:1: a mapping (key: value) is expected, not {type(value).__name__}")
    duplicate = _duplicate_key(root)
    if duplicate is not None:
        raise UsageError(f"{name}:{duplicate.start_mark.line + 1}: {duplicate.value}: this key stands twice")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        problems = [p for p in told if not (p["type"] == "too_short" and _is_inside(p["loc"], told))]
        lines = [
            f"{name}:{_line_of(root, p['loc'])}: {'.'.join(str(part) for part in p['loc'])}: {p['msg']}"
            for p in problems
        ]
        raise UsageError("\n".join(dict.fromkeys(lines))) from None


def _written_out(node: yaml.Node | None, known: dict[int, int]) -> int:
    """How many nodes there are where each alias stands for a copy.

    Args:
        known: node to its number, of those that were counted.

    Raises:
        RecursionError: a node is part of itself.
    """
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        inner = chain.from_iterable(node.value) if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_written_out(one, known) for one in inner)
    return known[id(node)]


def _is_inside(place: tuple[int | str, ...], told: Iterable[Any]) -> bool:
    """Whether something within a list is wrong: such an item is not counted, so the list seems too short."""
    return any(len(p["loc"]) > len(place) and p["loc"][: len(place)] == place for p in told)


def _line_of_no_value(root: yaml.Node | None) -> int:
    """The line of the first scalar that cannot be read."""
    loader = yaml.SafeLoader("")
    for node in _scalars(root):
        try:
            loader.construct_object(node)
        except ValueError:
            return int(node.start_mark.line) + 1
    return 1


def _scalars(node: Any) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from chain.from_iterable(map(_scalars, pair))
    elif isinstance(node, yaml.SequenceNode):
        yield from chain.from_iterable(map(_scalars, node.value))


def _line_of(node: yaml.Node | None, path: tuple[int | str, ...]) -> int:
    """The line of the deepest part of the path that exists in the document."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in path:
        following: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, following = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            following = node.value[part]
            line = following.start_mark.line + 1
        if following is None:
            continue  # a union adds the name of its branch to the path
        node = following
    return line


def _duplicate_key(node: Any) -> yaml.ScalarNode | None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    return key
                seen.add(key.value)
            found = _duplicate_key(value)
            if found is not None:
                return found
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            found = _duplicate_key(item)
            if found is not None:
                return found
    return None
