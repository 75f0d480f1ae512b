"""English is told from what must not be scored as English."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stream.enrichment.clean import clean
from stream.enrichment.language import LanguageDetector

DETECTOR = LanguageDetector()
LANGUAGES = ("arabic", "english", "french", "german", "hindi", "italian", "portuguese", "spanish")


def language(text: str) -> str:
    return DETECTOR.detect(clean(text).words).code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Where is my bag? I have been waiting for three hours.", "en"),
        ("thank you", "en"),
        ("you suck!", "en"),
        ("Wo ist mein Koffer? Ich warte seit drei Stunden.", "de"),
        ("¿Dónde está mi maleta? Llevo tres horas esperando.", "es"),
        ("मेरा सामान कहाँ है", "hi"),
        ("yaar mera paisa abhi tak nahi aaya hai", "hi"),
        ("Voll nervig, dass niemand ans Telefon geht und ich warten muss", "de"),
        ("bhai refund kab milega, 2 hafte se wait kar raha hu", "hi"),
        ("荷物はどこですか", "ja"),
        ("", "und"),
        ("😀 https://example.org @someone 12345", "und"),
    ],
)
def test_language(text: str, code: str) -> None:
    assert language(text) == code


def test_short_text_that_may_be_any_language_is_undetermined() -> None:
    assert language("LAX EWR DCA") == "und"


def test_threads_agree() -> None:
    texts = ["Where is my bag?", "Wo ist mein Koffer heute?", "où est ma valise aujourd'hui"] * 200
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(language, texts)) == ["en", "de", "fr"] * 200


@pytest.mark.data
def test_english_gate_on_real_tweets(real_data: Path) -> None:
    texts = {
        name: (real_data / f"multilingual_xlmt/{name}_text.txt").read_text(encoding="utf-8").splitlines()
        for name in LANGUAGES
    }
    accepted = {name: [language(text) == "en" for text in lines] for name, lines in texts.items()}
    english = accepted.pop("english")
    others = [one for name in accepted for one in accepted[name]]
    assert sum(english) / len(english) >= 0.97
    assert sum(others) / len(others) <= 0.05
