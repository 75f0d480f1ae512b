"""Matters that the taxonomy does not know: groups among the complaints that nothing explains."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.cluster import AgglomerativeClustering
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from listener.statistics.interval import Floats

LEAST_PARTIES: Final = 5
"""Fewer people with the same words are no matter yet."""
MOST_TEXTS: Final = 3000
"""The newest that are looked at: the distances between all of them must fit into memory (72 MB)."""
_DIMENSIONS: Final = 60
_FURTHEST: Final = 0.55
_TERMS: Final = 3
_WORD: Final = r"(?u)\b[^\W\d_]{3,}\b"


@dataclass(frozen=True)
class Complaint:
    """A complaint without a known root cause."""

    mention_id: str
    party: str
    text: str


@dataclass(frozen=True)
class EmergingMatter:
    """A group of complaints that say the same.

    Attributes:
        name: suggested: its most telling words.
        terms: those words, most telling first, as keywords for the taxonomy.
        parties: distinct parties; mentions: complaints.
        mention_ids: all of them, the most typical first.
        examples: the most typical texts, each of another party.
        words: one sentence.
    """

    name: str
    terms: tuple[str, ...]
    parties: int
    mentions: int
    mention_ids: tuple[str, ...]
    examples: tuple[str, ...]
    words: str


def emerging_matters(
    complaints: Sequence[Complaint], *, least_parties: int = LEAST_PARTIES, examples: int = 3
) -> tuple[EmergingMatter, ...]:
    """Groups of unexplained complaints, those of most parties first; what is like nothing else is left out.

    Words and pairs of words weighed by rarity, made comparable by latent semantic analysis (S. Deerwester et
    al., Indexing by latent semantic analysis, Journal of the American Society for Information Science 41 (1990)
    391-407), joined by average linkage up to a fixed distance (never by single linkage, which chains strangers
    together); named by the words that are more frequent inside than outside (class-based TF-IDF: M.
    Grootendorst, BERTopic, arXiv:2203.05794, section 3.3).

    Args:
        complaints: the newest last.
        least_parties: a group needs so many distinct ones: one person's hundred posts are no matter.
        examples: texts shown for each group.
    """
    newest = complaints[-MOST_TEXTS:]
    if len({one.party for one in newest}) < least_parties:
        return ()
    words = TfidfVectorizer(
        ngram_range=(1, 2),
        min_df=2,
        max_df=0.4,
        sublinear_tf=True,
        stop_words="english",
        token_pattern=_WORD,
        strip_accents="unicode",
    )
    try:
        weighed = words.fit_transform([one.text for one in newest])
    except ValueError:  # not a word that two of them share
        return ()
    terms = words.get_feature_names_out()
    size = min(_DIMENSIONS, weighed.shape[1] - 1, weighed.shape[0] - 1)
    told = np.flatnonzero(np.asarray(weighed.sum(axis=1)).ravel() > 0)
    if size < 2 or len(told) < least_parties:
        return ()
    places = normalize(TruncatedSVD(size, random_state=0).fit_transform(weighed[told]))
    spoken = _spoken(words, [one.text for one in newest])
    groups = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=_FURTHEST
    ).fit_predict(places)
    inside = np.stack(
        [
            np.asarray(weighed[told[groups == number]].sum(axis=0)).ravel()
            for number in range(groups.max() + 1)
        ]
    )
    telling = (
        inside
        / np.maximum(inside.sum(axis=1, keepdims=True), 1e-9)
        * np.log1p(inside.sum(axis=1).mean() / np.maximum(inside.sum(axis=0), 1e-9))
    )
    found = []
    for number in range(groups.max() + 1):
        members = told[groups == number]
        centre = places[groups == number].mean(axis=0)
        typical = members[np.argsort(-(places[groups == number] @ centre), kind="stable")]
        group = [newest[index] for index in typical]
        if len({one.party for one in group}) >= least_parties:
            named = _named(terms, telling[number], [spoken[index] for index in members.tolist()])
            found.append(_matter(group, named, examples))
    return tuple(sorted(found, key=lambda matter: (-matter.parties, matter.name)))


def _spoken(words: TfidfVectorizer, texts: Sequence[str]) -> list[str]:
    """Each text as its words, all of them, between blanks."""
    prepared, split = words.build_preprocessor(), re.compile(r"(?u)\b\w+\b")
    return [f" {' '.join(split.findall(prepared(text)))} " for text in texts]


def _named(terms: Sequence[str], telling: Floats, spoken: Sequence[str]) -> tuple[str, ...]:
    """The most telling terms, none inside another, each of which two texts have word for word.

    Pairs are counted without the stop words between them, and a keyword is looked for as it stands.
    """
    chosen: list[str] = []
    for index in np.argsort(-telling, kind="stable"):
        term = str(terms[index])
        if len(chosen) == _TERMS or telling[index] <= 0:
            break
        if sum(f" {term} " in text for text in spoken) < 2:
            continue
        if not any(set(term.split()) & set(other.split()) for other in chosen):
            chosen.append(term)
    return tuple(chosen)


def _matter(group: Sequence[Complaint], terms: tuple[str, ...], examples: int) -> EmergingMatter:
    by_party: dict[str, str] = {}
    for one in group:
        by_party.setdefault(one.party, one.text)
    texts = tuple(dict.fromkeys(by_party.values()))[:examples]
    name = ", ".join(terms)
    return EmergingMatter(
        name=name,
        terms=terms,
        parties=len(by_party),
        mentions=len(group),
        mention_ids=tuple(one.mention_id for one in group),
        examples=texts,
        words=f'{len(by_party)} parties complain of "{name}", which no root cause of the taxonomy explains',
    )
