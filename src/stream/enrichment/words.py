"""The word lists that ship with the rules, as YAML files in the folder `words`, each under its name."""

from functools import cache
from hashlib import blake2b
from importlib.resources import files

from pydantic import Field

from listener.domain.document import Document, read_document


class WordLists(Document):
    """Named lists of phrases; in the file each is one text with commas between the phrases."""

    lists: dict[str, str] = Field(min_length=1)

    def of(self, name: str) -> tuple[str, ...]:
        """The phrases of one list."""
        return tuple(" ".join(phrase.split()) for phrase in self.lists[name].split(","))


@cache
def word_lists(name: str) -> WordLists:
    """The lists of the file ``words/<name>.yaml``."""
    return read_document(WordLists, _text(name), f"{name}.yaml")


def words_version(rules: str, name: str) -> str:
    """The version of rules that rest on a file: their own and the beginning of the file's hash."""
    return f"{rules}+{short_hash(_text(name))}"


def short_hash(text: str) -> str:
    """Eight hexadecimal digits that change with the text."""
    return blake2b(text.encode(), digest_size=4).hexdigest()


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath("words", f"{name}.yaml").read_text(encoding="utf-8")
