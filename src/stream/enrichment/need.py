"""What the author wants, and whether somebody should answer: by rules over the other steps' findings.

Words that are only passed on are a copy, and ask nothing for whoever passes them on: their own author does.
Where signs contradict each other, thanks with a complaint in it or praise that may be sarcasm, the need is
``unsure``, and a person looks: an angry customer thanked for kind words is worse off than one asked twice.
"""

from collections.abc import Sequence
from typing import NamedTuple

from listener.domain.enriched import ANSWERED, Complaint, Language, Need, RootCause, Sentiment, Severity
from stream.enrichment.clean import CleanText
from stream.enrichment.complaint import GOOD_RATING, POOR_RATING
from stream.enrichment.passed_on import PassedOn
from stream.enrichment.phrases import Hit
from stream.enrichment.words import word_lists, words_version

VERSION = words_version("rules-2", "need")
COMPLAINT = 0.5
"""Probability from which it is a complaint."""
SURE_COMPLAINT = 0.75
"""Probability from which kind words beside it do not matter."""
DOUBT = 0.35
"""Probability from which kind words are doubted, and plain ones not passed over."""
LUKEWARM, WARM = 0.3, 0.6
"""Sentiment below which kind words are doubted: always, and where a problem is named beside them."""
MANY_HASHTAGS, MANY_URLS = 8, 3
MUCH_SPAM = 3
"""Different phrases of spam from which it is spam though it also complains: "tired of your job?"."""
FEW_WORDS = 3

_LISTS = word_lists("need")
PHRASES = {name: _LISTS.of(name) for name in _LISTS.lists if name != "acknowledgement"}
"""What `Findings.hits` are of."""
_ACKNOWLEDGEMENTS = frozenset(_LISTS.of("acknowledgement"))


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
    found: dict[str, list[str]] = {}
    for label, text, _, _ in findings.hits:
        found.setdefault(label, []).append(text)
    spam = _spam(findings, found.get("spam", []))
    if findings.sentiment is None:
        return (findings.language.code == "und" and spam) or _need_unread(findings)
    return spam or _need_in_english(findings, found)


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
    kind = found.get("praise", [])
    sarcasm = [
        text for text in found.get("sarcasm", []) if text != "not" or plain.endswith((" not", " not!"))
    ]
    if rating is not None and rating >= GOOD_RATING:
        kind = [f"rated {rating:g} of 1", *kind]
    if probability >= COMPLAINT:
        if kind and probability < SURE_COMPLAINT:
            return "unsure", (_complains(findings), f"yet kind words: {_quoted(kind)}")
        return "complaint", (_complains(findings),)
    if sarcasm:
        return "unsure", (f"may be sarcasm: {_quoted(sarcasm)}",)
    if "?" in plain:
        return "question", (f"asks: {_quoted(found.get('question', [])) or '?'}",)
    if found.get("question") and not kind:
        return "question", (f"asks: {_quoted(found['question'])}",)
    if found.get("request"):
        return "request", (f"asks for: {_quoted(found['request'])}",)
    if kind:
        if doubt := _doubt(findings):
            return "unsure", (f"kind words: {_quoted(kind)}", doubt)
        return "praise", (f"kind words: {_quoted(kind)}",)
    if probability >= DOUBT:
        return "unsure", (_complains(findings),)
    return "mention", ("asks for nothing and complains of nothing",)


def _complains(findings: Findings) -> str:
    return f"complaint {findings.complaint.probability:.2f}: {_quoted(findings.complaint.evidence)}"


def _doubt(findings: Findings) -> str | None:
    """Why kind words may not be meant kindly."""
    warmth = findings.sentiment.compound if findings.sentiment else 0.0
    if findings.complaint.probability >= DOUBT:
        return _complains(findings)
    if " but " in findings.text.plain:
        return "yet there is a “but”"
    if warmth < LUKEWARM:
        return "yet the whole is not warm"
    if findings.root_causes and warmth < WARM:
        return f"yet a problem is named: {_quoted(findings.root_causes[0].evidence)}"
    return None


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"“{text}”" for text in list(dict.fromkeys(texts))[:4])
