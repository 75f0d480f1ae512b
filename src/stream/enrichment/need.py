"""What the author wants, and whether somebody should answer: by rules over the other steps' findings.

Words that are only passed on are a copy, and ask nothing for whoever passes them on: their own author does.
Where signs contradict each other, thanks with a complaint in it or praise that may be sarcasm, the need is
``unsure``, and a person looks: an angry customer thanked for kind words is worse off than one asked twice.
"""

import re
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from listener.domain.enriched import ANSWERED, Complaint, Language, Need, RootCause, Sentiment, Severity
from stream.enrichment.clean import CleanText
from stream.enrichment.complaint import GOOD_RATING, POOR_RATING, TROUBLES, denied
from stream.enrichment.passed_on import PassedOn
from stream.enrichment.phrases import Hit
from stream.enrichment.words import word_lists, words_version

VERSION = words_version("rules-3", "need")
COMPLAINT = 0.5
"""Probability from which it is a complaint."""
SURE_COMPLAINT = 0.75
"""Probability from which kind words beside it do not matter."""
DOUBT = 0.35
"""Probability from which kind words are doubted, and plain ones not passed over."""
SLIGHT_DOUBT = 0.33
"""The same for kind words by which no problem is said to be over: one sign of complaint is enough."""
LUKEWARM, WARM = 0.3, 0.6
"""Sentiment below which kind words are doubted: always, and where a problem is named beside them."""
COLD = -0.45
"""The same for words that can only be kind, which VADER takes for negative: "no issues whatsoever"."""
MANY_HASHTAGS, MANY_URLS = 8, 3
MUCH_SPAM = 3
"""Different phrases of spam from which it is spam though it also complains: "tired of your job?"."""
FEW_WORDS = 3
_MOST_LINKS = 6
"""Words that may stand between thanks and the help that is thanked for."""

_LISTS = word_lists("need")
_THANKED, _REMINISCES = "thanks for what went wrong", "reminisces"
PHRASES: dict[str, tuple[str, ...]] = {
    label: _LISTS.of(label)
    for label in (
        "praise",
        "sarcasm",
        "mild sarcasm",
        "question",
        "request",
        "spam",
        "over",
        "surely kind",
        "kindly meant",
    )
} | {
    _THANKED: tuple(
        f"{thanks} {wrong}"
        for thanks, wrong in product(_LISTS.of("thanks for"), _LISTS.of("what went wrong"))
    ),
    _REMINISCES: tuple(
        map(" ".join, product(_LISTS.of("anybody"), _LISTS.of("recall"), _LISTS.of("of old")))
    ),
}
"""What `Findings.hits` are of."""
_ACKNOWLEDGEMENTS = frozenset(_LISTS.of("acknowledgement"))
_THANKS, _HELP = frozenset(_LISTS.of("thanks")), frozenset(_LISTS.of("help"))
_NOT_OVER, _LINKS = frozenset(_LISTS.of("not over")), frozenset(_LISTS.of("link"))
_NEGATIONS = frozenset(word_lists("complaint").of("negation")) - {"can't", "cannot", "cant", "couldn't"}
"""What takes a kind word back; "couldn't love it more" does not."""
_ADVANCE = frozenset({"advance"})
_ASKS_ANYWHERE = frozenset({"any", "can", "could", "how", "when", "where", "why", "wondering"})
"""First words of questions that are none only by chance: "is the" is one less often than "yours is the best"."""
_ASKING = frozenset({"question", "request", "sarcasm"})
_BEGINNINGS = {
    phrase: re.compile(rf"(?:^|[.!?…:;,\-–—\"(]) ?{phrase}\b") for phrase in _LISTS.of("begins a sentence")
}
"""Phrases that say so only where a sentence begins: "way to go", not "on the way to go home"."""


class Findings(NamedTuple):
    """What the other steps found."""

    text: CleanText
    hits: Sequence[Hit]
    language: Language
    sentiment: Sentiment | None
    complaint: Complaint
    severity: tuple[Severity, ...]
    root_causes: tuple[RootCause, ...]
    rating: float | None
    passed: PassedOn | None = None


class Answer(NamedTuple):
    """The need, whether it wants an answer, and why, in words."""

    need: Need
    needs_response: bool
    reasons: tuple[str, ...]


def need_of(findings: Findings) -> Answer:
    """What an inbound mention wants."""
    need, reasons = _need(findings)
    passed = findings.passed
    if passed is not None and passed.joins_in and need in ("mention", "praise"):
        need, reasons = "unsure", (f"joins in the words of @{passed.by}: {_quoted([passed.own.text])}",)
    if findings.severity:
        told = ", ".join(severity.replace("_", " ") for severity in findings.severity)
        reasons = (*reasons, f"tells of: {told}")
        need = "unsure" if need in ("spam", "mention", "copy") else need
    return Answer(need, need in ANSWERED or bool(findings.severity), reasons)


def _need(findings: Findings) -> tuple[Need, tuple[str, ...]]:
    words = findings.text.words
    if len(words) <= FEW_WORDS and words and " ".join(words) in _ACKNOWLEDGEMENTS and findings.rating is None:
        return ("praise" if "than" in words[0] else "mention"), ("acknowledges, no more",)
    passed = findings.passed
    if passed is not None and passed.only:
        return "copy", (f"passes on the words of @{passed.by}",)
    found = _signs(findings)
    spam = _spam(findings, found.get("spam", []))
    if findings.sentiment is None:
        return (findings.language.code == "und" and spam) or _need_unread(findings)
    return spam or _need_in_english(findings, found)


def _signs(findings: Findings) -> dict[str, list[str]]:
    """By label the phrases found that mean in this text what they stand for."""
    found: dict[str, list[str]] = {}
    words = findings.text.words
    thanked = 0
    for hit in findings.hits:
        label, text, start, end = hit
        if label == "praise":
            if text in _THANKS:
                thanked = end
            elif start and words[start - 1] in _NEGATIONS:
                continue  # "not helpful"
        elif label in _ASKING:
            if _meant_otherwise(findings, hit, thanked):
                continue
        elif label == "over":
            if not _NOT_OVER.isdisjoint(words[max(start - 3, 0) : end]):
                continue  # "when will it be fixed"
        elif label == "surely kind" and not all(
            denied(words, place) for place in range(start, end) if words[place] in TROUBLES
        ):
            continue  # "never a problem until yesterday"
        texts = found.get(label)
        if texts is None:
            found[label] = [text]
        else:
            texts.append(text)
    return found


def _meant_otherwise(findings: Findings, hit: Hit, thanked: int) -> bool:
    """Whether words that usually ask for something, or mock, do neither here.

    Args:
        thanked: after which word the author thanks; 0 for nowhere before.
    """
    _, text, start, end = hit
    if text in _BEGINNINGS and not _BEGINNINGS[text].search(findings.text.plain):
        return True
    if thanked and (
        (text in _HELP and _helped(findings.text.words, start, thanked))
        or (text.startswith("so much for") and start - thanked < 2)
    ):
        return True
    return any(
        other.label == "kindly meant" and other.start <= start and end <= other.end for other in findings.hits
    )


def _helped(words: Sequence[str], start: int, thanked: int) -> bool:
    """Whether the help at this word is what is thanked for: "thanks for all your help"."""
    return (
        start - thanked <= _MOST_LINKS
        and _LINKS.issuperset(words[thanked:start])
        and _ADVANCE.isdisjoint(words)
    )


def _need_unread(findings: Findings) -> tuple[Need, tuple[str, ...]]:
    """The need where the words cannot be read: the stars say it, or nobody knows."""
    rating = findings.rating
    if rating is not None and rating <= POOR_RATING:
        return "complaint", (f"rated {rating:g} of 1",)
    if rating is not None and rating >= GOOD_RATING:
        return "praise", (f"rated {rating:g} of 1",)
    if not findings.text.words:
        return "unsure", ("there are no words to read",)
    code = findings.language.code
    language = "cannot be told" if code == "und" else f"is {code}, which is not read"
    return "unsure", (f"the language {language}",)


def _spam(findings: Findings, phrases: Sequence[str]) -> tuple[Need, tuple[str, ...]] | None:
    text = findings.text
    probability = findings.complaint.probability if findings.sentiment else 0.0
    if probability >= COMPLAINT and (probability >= SURE_COMPLAINT or len(set(phrases)) < MUCH_SPAM):
        return None
    if len(set(phrases)) > 1 or (phrases and text.urls):
        return "spam", (f"advertises: {_quoted(phrases)}",)
    if len(text.hashtags) >= MANY_HASHTAGS or len(text.urls) >= MANY_URLS:
        return "spam", (f"{len(text.hashtags)} hashtags, {len(text.urls)} links",)
    return None


def _need_in_english(findings: Findings, found: dict[str, list[str]]) -> tuple[Need, tuple[str, ...]]:
    probability, rating, plain = findings.complaint.probability, findings.rating, findings.text.plain
    surely = found.get("surely kind", [])
    kind = [*surely, *found.get("praise", []), *found.get("kindly meant", [])]
    cold = COLD if surely else 0.0 if found.get("over") else LUKEWARM
    sarcasm = _sarcasm(findings, found)
    if rating is not None and rating >= GOOD_RATING:
        cold = min(cold, 0.0) if kind else cold
        kind = [f"rated {rating:g} of 1", *kind]
    if probability >= COMPLAINT:
        if kind and probability < SURE_COMPLAINT:
            return "unsure", (_complains(findings), f"yet kind words: {_quoted(kind)}")
        return "complaint", (_complains(findings),)
    if sarcasm:
        return "unsure", (f"may be sarcasm: {_quoted(sarcasm)}",)
    if (
        found.get(_REMINISCES)
        and plain.count("?") < 2
        and {"does anyone"}.issuperset(found.get("question", ()))
    ):
        return "mention", (f"asks nobody in particular: {_quoted(found[_REMINISCES])}",)
    if "?" in plain:
        return "question", (f"asks: {_quoted(found.get('question', [])) or '?'}",)
    if found.get("question") and not kind:
        return "question", (f"asks: {_quoted(found['question'])}",)
    if found.get("request"):
        return "request", (f"asks for: {_quoted(found['request'])}",)
    if kind:
        questions = () if surely else found.get("question", ())
        asked = [text for text in questions if text.split(" ", 1)[0] in _ASKS_ANYWHERE]
        if doubt := _doubt(findings, cold, asked):
            return "unsure", (f"kind words: {_quoted(kind)}", doubt)
        return "praise", (f"kind words: {_quoted(kind)}",)
    if probability >= DOUBT:
        return "unsure", (_complains(findings),)
    return "mention", ("asks for nothing and complains of nothing",)


def _complains(findings: Findings) -> str:
    return f"complaint {findings.complaint.probability:.2f}: {_quoted(findings.complaint.evidence)}"


def _sarcasm(findings: Findings, found: dict[str, list[str]]) -> list[str]:
    """What may not be meant as it is said; the mild only beside a sign of complaint."""
    plain = findings.text.plain
    sarcasm = [
        text for text in found.get("sarcasm", []) if text != "not" or plain.endswith((" not", " not!"))
    ]
    if findings.complaint.evidence:
        sarcasm += found.get("mild sarcasm", [])
    return sarcasm + found.get(_THANKED, [])


def _doubt(findings: Findings, cold: float, asked: Sequence[str]) -> str | None:
    """Why kind words may not be meant kindly.

    Args:
        cold: sentiment below which they are doubted; lower than usual where a problem is said to be over, or the
            words or stars can hardly be meant otherwise, and then a problem that is only named is none.
        asked: phrases of questions beside them.
    """
    warmth = findings.sentiment.compound if findings.sentiment else 0.0
    if findings.complaint.probability >= (SLIGHT_DOUBT if cold == LUKEWARM else DOUBT):
        return _complains(findings)
    if asked:
        return f"yet asks: {_quoted(asked)}"
    if " but " in findings.text.plain:
        return "yet there is a “but”"
    if warmth < cold:
        return "yet the whole is not warm"
    if findings.root_causes and warmth < WARM and cold == LUKEWARM:
        return f"yet a problem is named: {_quoted(findings.root_causes[0].evidence)}"
    return None


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"“{text}”" for text in list(dict.fromkeys(texts))[:4])
