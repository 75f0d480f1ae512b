"""What the feedback form and its pages say, in the language of whoever reads them."""

import math
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

import yaml

DEFAULT = "en"
_FILE = resources.files("listener.connectors") / "templates" / "feedback_words.yaml"


class Words:
    """The words of one language; `words["key"]` is a text without places to fill in."""

    def __init__(self, lang: str, texts: Mapping[str, Any]) -> None:
        self.lang = lang
        self._texts = texts

    def __getitem__(self, key: str) -> str:
        return str(self._texts[key])

    def fill(self, key: str, **values: object) -> str:
        """A text with its places filled in; whole numbers as they are written in this language."""
        written = {
            name: f"{value:,}".replace(",", self["thousands"]) if isinstance(value, int) else value
            for name, value in values.items()
        }
        return self[key].format(**written)

    def title(self, company: str | None) -> str:
        """Whom to tell."""
        return self["us"] if company is None else self.fill("company", company=company)

    def moment(self, at: datetime) -> str:
        """A time in UTC."""
        month = self._texts["months"][at.month - 1]
        return self["date"].format(day=at.day, month=month, year=at.year, time=f"{at:%H:%M}")

    def wait(self, seconds: int) -> str:
        """How long."""
        if seconds < 100:
            return self.fill("seconds", n=seconds)
        return self.fill("minutes", n=math.ceil(seconds / 60))


@cache
def languages() -> Mapping[str, Words]:
    """All that there are, by their code of two letters."""
    texts = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {lang: Words(lang, of_language) for lang, of_language in texts.items()}


def words_for(asked: str | None, accepted: str) -> Words:
    """The words for a reader.

    Args:
        asked: the language that the address names, as `lang` of a page has it, such as ``de-AT``.
        accepted: the header ``Accept-Language``, which counts where the address names none that is known.
    """
    known = languages()
    for tag in [asked or "", *_by_preference(accepted)]:
        lang = tag.strip().lower().split("-")[0]
        if lang in known:
            return known[lang]
    return known[DEFAULT]


def _by_preference(header: str) -> list[str]:
    """The languages of RFC 9110, section 12.5.4, the most wanted first; those of weight 0 are not wanted."""
    weighed = []
    for part in header[:1000].split(","):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if quality > 0:
            weighed.append((quality, tag))
    return [tag for _, tag in sorted(weighed, key=lambda each: -each[0])]
