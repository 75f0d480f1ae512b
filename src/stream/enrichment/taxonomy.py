"""The company's own taxonomy of root causes, as people write it in YAML.

A node names a root cause, the owner of the process behind it, and the words that point to it::

    nodes:
      - id: billing
        name: Billing and charges
        owner: finance
        keywords: [overcharged, charged twice, wrong bill]
        hints: [bill, charge*]

Keywords point to the cause by themselves; `hints` are weaker and need company. Both are phrases (see
`phrases`): lower case, ``*`` for any ending, ``#`` for any number, matched at word boundaries. `severity` may
replace the shipped words for safety, legal threats and vulnerable people. `examples` are texts that people wrote
about a cause: `listener train root-cause --taxonomy` learns from them, too.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from listener.domain.document import Document, read_document
from listener.domain.enriched import NO_CAUSE, Severity
from listener.domain.errors import UsageError
from stream.enrichment.phrases import PHRASE
from stream.enrichment.words import short_hash


def _phrase(text: str) -> str:
    text = " ".join(text.lower().replace("’", "'").replace("-", " ").split())
    if not PHRASE.fullmatch(text):
        raise ValueError("a phrase of words and numbers is expected; a word may end in *, # is any number")
    return text


Phrase = Annotated[str, AfterValidator(_phrase)]


class CauseNode(Document):
    """One root cause."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")
    name: str = Field(min_length=1, max_length=100)
    owner: str = Field(min_length=1, max_length=100)
    """Who owns the process that causes it."""
    keywords: tuple[Phrase, ...] = Field(min_length=1)
    hints: tuple[Phrase, ...] = ()
    examples: tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...] = ()
    """What customers write about it, for people and to train on; nothing is found by them."""

    @field_validator("id")
    @classmethod
    def _is_a_cause(cls, value: str) -> str:
        if value == NO_CAUSE:
            raise ValueError(f"{NO_CAUSE!r} stands for none of the causes; take another id")
        return value


class Taxonomy(Document):
    """All root causes, in the order in which ties are broken."""

    nodes: tuple[CauseNode, ...] = Field(min_length=1)
    severity: dict[Severity, tuple[Phrase, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        first = {node.id: number for number, node in reversed(list(enumerate(self.nodes)))}
        twice = [number for number, node in enumerate(self.nodes) if first[node.id] != number]
        if twice:
            problem = PydanticCustomError("id_twice", "this id stands twice")
            raise ValidationError.from_exception_data(
                "Taxonomy",
                [{"type": problem, "loc": ("nodes", number, "id"), "input": None} for number in twice],
            )
        return self

    @property
    def version(self) -> str:
        """Changes with the content, not with layout or comments."""
        content = self.model_dump_json(exclude={"nodes": {"__all__": {"examples"}}})
        return f"keywords-1+{short_hash(content)}"

    def with_severity_words(self, words: Mapping[Severity, Iterable[str]]) -> Self:
        """This taxonomy with more words for severities, such as those of a policy."""
        if not words:
            return self
        severity = dict(self.severity)
        for name, more in words.items():
            severity[name] = tuple(dict.fromkeys((*severity.get(name, ()), *more)))
        return self.model_copy(update={"severity": severity})


def read_taxonomy(text: str, name: str) -> Taxonomy:
    """Reads a taxonomy.

    Args:
        text: the YAML.
        name: file name for messages.

    Raises:
        UsageError: what is wrong, each problem with its line.
    """
    taxonomy = read_document(Taxonomy, text, name)
    return taxonomy if taxonomy.severity else taxonomy.model_copy(update={"severity": _shipped().severity})


def check_cause(cause: str, taxonomy: Taxonomy) -> None:
    """Looks whether there is such a root cause.

    Raises:
        UsageError: there is none; the message names those that are like it.
    """
    ids = [node.id for node in taxonomy.nodes]
    if cause in ids or cause == NO_CAUSE:
        return
    by_word = {word.lower(): node.id for node in taxonomy.nodes for word in (node.id, node.name)}
    near = [by_word[word] for word in get_close_matches(cause.lower(), by_word, n=5, cutoff=0.5)]
    told = f"did you mean {', '.join(dict.fromkeys(near))}?" if near else f"there are: {', '.join(ids)}"
    raise UsageError(f"{cause}: the taxonomy in force has no such root cause; {told}")


def default_taxonomy() -> Taxonomy:
    """The shipped one: general causes of service companies, to start from."""
    return _shipped()


@cache
def _shipped() -> Taxonomy:
    source = files(__package__).joinpath("taxonomies", "default.yaml")
    return read_document(Taxonomy, source.read_text(encoding="utf-8"), "default.yaml")
