"""Finds many phrases in the words of a text at once, at a cost that hardly depends on how many there are.

A phrase is one or more words. ``delay*`` stands for every word that begins so, ``#`` for any number. Nothing
is matched inside a word. In a text, what stands between two words (a comma, a full stop) is passed over.

The phrases are one trie over patterns. Which patterns a word fits is remembered by word, and where a text
stands in the trie is a state that is worked out when it is first met; so a text costs a look for each word and
one for each word that goes on with a phrase.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

PHRASE = re.compile(r"(?:[^\W_]+(?:'[^\W_]+)*\*?|#)(?: (?:[^\W_]+(?:'[^\W_]+)*\*?|#))*")
"""What a phrase may look like: lower case words, one space between them."""
_REMEMBERED_WORDS, _REMEMBERED_LENGTH = 50_000, 40
"""How many words, and of what length at most, so that made-up ones do not fill the memory."""


class Hit(NamedTuple):
    """A phrase found: whose it is, what stands in the text, and between which words (end exclusive)."""

    label: str
    text: str
    start: int
    end: int


class Phrases:
    """Sets of phrases with labels, compiled once into one; may be shared by threads.

    Args:
        sets: each maps labels to their phrases; two labels may have the same phrase.

    Raises:
        ValueError: something is not a phrase; the text names it.
    """

    def __init__(self, *sets: Mapping[str, Iterable[str]]) -> None:
        self._sets = len(sets)
        root = _Node()
        for number, phrases in enumerate(sets):
            for label, texts in phrases.items():
                for text in texts:
                    _add(root, (number, label), text)
        self._kinds = _Kinds(root)

    def find(self, words: Sequence[str]) -> list[list[Hit]]:
        """For each set every phrase in the words, by place; of a label's that begin together the longest."""
        found: list[list[Hit]] = [[] for _ in range(self._sets)]
        known = self._kinds
        kinds = [known[word] for word in words]
        kinds.append(None)
        for start, kind in enumerate(kinds):
            if kind is None or kind.state is None:
                continue
            state = kind.state
            if (
                state.following
                and (following := kinds[start + 1]) is not None
                and (
                    state.forks
                    or (state.after[following] if following in state.after else state.go(following))
                )
            ):
                longest = _follow(kinds, start, state)
                for (number, label), end in longest.items():
                    found[number].append(Hit(label, " ".join(words[start:end]), start, end))
            else:
                for number, label in state.labels:
                    found[number].append(Hit(label, words[start], start, start + 1))
        return found


_Label = tuple[int, str]  # the set's number, and the label in it


class _Node:
    """A place in the trie: the labels of what ends here, and the patterns that go on."""

    __slots__ = ("following", "labels")

    def __init__(self) -> None:
        self.following: dict[str, _Node] = {}
        self.labels: list[_Label] = []


class _State:
    """The nodes where a text stands after some words, and the state after one more word of each kind."""

    __slots__ = ("after", "following", "forks", "labels", "nodes")

    def __init__(self, nodes: Sequence[_Node]) -> None:
        self.nodes = nodes
        self.labels = tuple(dict.fromkeys(label for node in nodes for label in node.labels))
        self.following = any(node.following for node in nodes)
        self.forks = len(nodes) > 1
        self.after: dict[_Kind, _State | None] = {}

    def go(self, kind: "_Kind") -> "_State | None":
        """The state after a word of this kind; None where no phrase goes on so."""
        state = self.after[kind] = _state_after(self.nodes, kind.patterns)
        return state


class _Kind:
    """Words that the same patterns stand for, and the state that a text enters with one of them."""

    __slots__ = ("patterns", "state")

    def __init__(self, patterns: tuple[str, ...], root: _Node) -> None:
        self.patterns = patterns
        self.state = _state_after([root], patterns)


class _Kinds(dict[str, _Kind | None]):
    """Word to its kind, None for a word that no pattern stands for; as many words are remembered as fit."""

    def __init__(self, root: _Node) -> None:
        super().__init__()
        self._root = root
        patterns = _patterns(root)
        self._exact = {pattern for pattern in patterns if not pattern.endswith("*")}
        self._beginnings = {pattern[:-1] for pattern in patterns if pattern.endswith("*")}
        self._longest = max(map(len, self._beginnings), default=0)
        self._by_patterns: dict[tuple[str, ...], _Kind] = {}

    def __missing__(self, word: str) -> _Kind | None:
        patterns = self._patterns_of(word)
        kind = None
        if patterns:
            kind = self._by_patterns.get(patterns)
            if kind is None:
                kind = self._by_patterns.setdefault(patterns, _Kind(patterns, self._root))
        if len(self) >= _REMEMBERED_WORDS:
            self.clear()
        if len(word) <= _REMEMBERED_LENGTH:
            self[word] = kind
        return kind

    def _patterns_of(self, word: str) -> tuple[str, ...]:
        """The patterns that stand for this word, the longest beginning first."""
        patterns = [
            word[:end] + "*"
            for end in range(min(len(word), self._longest), 0, -1)
            if word[:end] in self._beginnings
        ]
        if "#" in self._exact and word.isdecimal():
            patterns.append("#")
        if word in self._exact:
            patterns.append(word)
        return tuple(patterns)


def _add(root: _Node, label: _Label, text: str) -> None:
    if not PHRASE.fullmatch(text) or text != text.lower():
        raise ValueError(f"{text!r} is not a phrase: lower case words, each may end in *, or # for a number")
    node = root
    for pattern in text.split():
        node = node.following.setdefault(pattern, _Node())
    if label not in node.labels:
        node.labels.append(label)


def _patterns(node: _Node) -> set[str]:
    """Every pattern below a node."""
    return set(node.following).union(*map(_patterns, node.following.values()))


def _state_after(nodes: Sequence[_Node], patterns: Sequence[str]) -> _State | None:
    reached = [node.following[p] for node in nodes for p in patterns if p in node.following]
    return _State(reached) if reached else None


def _follow(kinds: Sequence[_Kind | None], start: int, state: _State) -> dict[_Label, int]:
    """The end of each label's longest phrase that begins at this word."""
    first = state
    end = start + 1
    longest = dict.fromkeys(state.labels, end)
    while state.following and end < len(kinds):
        kind = kinds[end]
        if kind is None:
            break
        if state.forks:
            return _search(kinds, start + 1, first)
        after = state.after[kind] if kind in state.after else state.go(kind)
        if after is None:
            break
        state = after
        end += 1
        for label in state.labels:
            longest[label] = end
    return longest


def _search(kinds: Sequence[_Kind | None], end: int, state: _State) -> dict[_Label, int]:
    """The same one branch after the other, so that labels are told in the order of the branches."""
    longest: dict[_Label, int] = {}
    waiting = [(node, end) for node in reversed(state.nodes)]
    while waiting:
        node, end = waiting.pop()
        for label in node.labels:
            longest[label] = max(longest.get(label, 0), end)
        kind = kinds[end] if end < len(kinds) else None
        if kind is not None:
            waiting += [
                (node.following[pattern], end + 1)
                for pattern in reversed(kind.patterns)
                if pattern in node.following
            ]
    return longest
