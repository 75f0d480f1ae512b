"""Which records are compared at all: those that share a key made of what they agree in.

Where a field is identifying (a date of birth, an account), its value alone is a key. Other fields make keys two by
two, each value shortened to a sound, so that one slip in one field leaves the other keys whole. Names
together with names make no key: nobody is matched by name alone.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

from stream.enrichment.linkage.values import Record
from stream.enrichment.linkage.weights import NAME_KINDS, Fields, Weights

_SOUNDS = str.maketrans("bfpvckqszgjxdtlmnr", "111122222222334556")
"""Letters to groups that are taken for each other, as in Soundex."""
SOUND_LENGTH = 4
_CACHED = 16_384


@lru_cache(maxsize=_CACHED)
def sound(text: str) -> str:
    """The first letter, and the groups of the consonants after it, as in Soundex; digits as they are."""
    if not text or any(letter.isdigit() for letter in text):
        return text
    code = text[0]
    before = text[0].translate(_SOUNDS)
    for letter in text[1:]:
        group = letter.translate(_SOUNDS)
        if group.isdigit() and group != before:
            code += group
            if len(code) == SOUND_LENGTH:
                break
        before = group
    return code


class Blocking:
    """Makes the keys of records.

    Args:
        weights: say which fields make keys.
    """

    def __init__(self, weights: Weights) -> None:
        fields = weights.fields.items()
        self.alone = tuple(name for name, field in fields if field.block == "alone")
        paired = [name for name, field in fields if field.block == "paired"]
        kinds = {name: field.kind for name, field in fields}
        self._kinds = kinds
        self.pairs = tuple(
            (one, other)
            for one, other in combinations(paired, 2)
            if not (kinds[one] in NAME_KINDS and kinds[other] in NAME_KINDS)
        )

    def keys(self, record: Record) -> Iterator[tuple[Fields, str]]:
        """The keys of a record, each with what it is made of: two records that are the same there share it."""
        for name in self.alone:
            for value in record.get(name, ()):
                yield (name,), f"{name}\0{value}"
        for one, other in self.pairs:
            mine, others = record.get(one), record.get(other)
            if mine and others:
                for first in mine:
                    for second in others:
                        yield (one, other), f"{one}\0{sound(first)}\0{other}\0{sound(second)}"

    def wide_keys(self, record: Record) -> Iterator[str]:
        """Keys of single fields, for tables small enough: two records with few fields in common meet as well."""
        for name, kind in self._kinds.items():
            for value in record.get(name, ()):
                match kind:
                    case "choice":
                        continue
                    case "given" | "surname":
                        yield f"name\0{sound(value)}"
                    case "date":
                        yield f"{name}\0{value[:6]}"
                        yield f"{name}\0\0{value[4:]}"
                        yield f"{name}\0{value[:4]}\0{value[6:]}"
                    case "email":
                        local, _, domain = value.partition("@")
                        yield f"{name}\0{local[:5]}"
                        yield f"{name}\0\0{domain[:6]}"
                    case _:
                        yield f"{name}\0{sound(value)}"
