"""How right the enrichment is on the public data beside the checkout: ``python -m bench.quality``.

Each row is measured alone and kept in ``bench/results/quality/``; the page docs/quality.md is written from all of
them. No row of the data, nor a model trained on them, is kept.
"""

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from bench.quality_match import match
from bench.quality_page import page
from listener.models.in_use import ModelsInUse, put_in_use
from listener.models.linear import LinearModel
from listener.models.store import load_model
from listener.models.tasks import TASKS
from listener.training.cross_validate import (
    OUTER_FOLDS,
    CrossValidated,
    cross_validate,
    cross_validated_figures,
)
from listener.training.examples import Examples
from listener.training.folds import folds
from listener.training.judged import as_mentions, evaluate
from listener.training.linear import WAYS, WAYS_OF_MANY, LinearTrainer, Way, make
from listener.training.metrics import figures
from listener.training.read_examples import read_examples
from listener.training.train import train
from listener.training.trainer import Rows, Trainer
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import CauseNode, Taxonomy, default_taxonomy

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "bench" / "results" / "quality"
PAGE = ROOT / "docs" / "quality.md"
SEED = 1
SURE = 0.75
RANDOM = ("random_tweet", "random_reply")
"""Domains of complaints_acl2019 that are no company's customers: tweets drawn from everywhere, which are easy."""
BATCH = 500
Row = dict[str, Any]
Advance = Callable[[float], None]


def complaint(data: Path, advance: Advance) -> Row:
    """Complaints, cross-validated; the companies' domains alone; each domain by a model that saw none of it."""
    examples = _complaints(data)
    trainer = make(examples, SEED)
    brands = _of_companies(examples)
    by_chance = list(folds(examples, np.flatnonzero(brands), OUTER_FOLDS, SEED))
    judged, alone, apart = (
        cross_validate(examples, trainer, SEED, 0, lambda share: advance(share / 3), parts)
        for parts in (None, by_chance, _by_domain(examples))
    )
    return {
        **cross_validated_figures(examples, judged),
        "general_on_brands": _figures(examples, judged, brands),
        "brands": _figures(examples, alone, brands),
        "leave_one_domain_out": _figures(examples, apart, brands),
        "baseline": evaluate(examples, Enricher())["macro_f1"],
    }


def sentiment(data: Path, advance: Advance) -> Row:
    """Sentiment of tweets to airlines, cross-validated, beside VADER."""
    examples = _felt(data)
    return {
        **_cross_validated(examples, make(examples, SEED), 0, advance),
        "baseline": evaluate(examples, Enricher())["macro_f1"],
    }


def reason(data: Path, advance: Advance) -> Row:
    """Why tweets to airlines are negative: ten reasons."""
    examples = _reasons(data)
    return _cross_validated(examples, make(examples, SEED), SURE, advance)


def banking(data: Path, advance: Advance) -> Row:
    """What customers of a bank ask for: 77 intents."""
    examples = _intents(data)
    return _without_confusion(_cross_validated(examples, make(examples, SEED), SURE, advance))


def complaint_accurate(data: Path, advance: Advance) -> Row:
    """Complaints, by an encoder that is tuned in each fold."""
    examples = _complaints(data)
    judged = cross_validate(examples, _accurate(examples), SEED, 0, advance)
    return {
        **cross_validated_figures(examples, judged),
        "general_on_brands": _figures(examples, judged, _of_companies(examples)),
    }


def brands_accurate(data: Path, advance: Advance) -> Row:
    """The companies' domains alone."""
    examples = _complaints(data)
    brands = _of_companies(examples)
    parts = list(folds(examples, np.flatnonzero(brands), OUTER_FOLDS, SEED))
    judged = cross_validate(examples, _accurate(examples), SEED, 0, advance, parts)
    return {"brands": _figures(examples, judged, brands)}


def domains_accurate(data: Path, advance: Advance) -> Row:
    """Each domain of a company by a model that saw none of it."""
    examples = _complaints(data)
    parts = _by_domain(examples)
    judged = cross_validate(examples, _accurate(examples), SEED, 0, advance, parts)
    return {"leave_one_domain_out": _figures(examples, judged, _of_companies(examples))}


def sentiment_accurate(data: Path, advance: Advance) -> Row:
    """Sentiment, by an encoder that a regression reads."""
    examples = _felt(data)
    return _cross_validated(examples, _accurate(examples), 0, advance)


def reason_accurate(data: Path, advance: Advance) -> Row:
    """The ten reasons, by an encoder that a regression reads."""
    examples = _reasons(data)
    return _cross_validated(examples, _accurate(examples), SURE, advance)


def banking_accurate(data: Path, advance: Advance) -> Row:
    """The 77 intents, by an encoder that a regression reads."""
    examples = _intents(data)
    return _without_confusion(_cross_validated(examples, _accurate(examples), SURE, advance))


def ways(data: Path, advance: Advance) -> Row:
    """Each way alone, on the set where that takes a minute."""
    examples = _complaints(data)
    tried = (*WAYS, WAYS_OF_MANY[0])
    made: Row = {}
    for way in tried:
        trainer = LinearTrainer(examples, SEED, [way])
        judged = cross_validate(examples, trainer, SEED, 0, lambda share: advance(share / len(tried)))
        own = cross_validated_figures(examples, judged)
        made[_in_words(way)] = {name: own[name] for name in ("macro_f1", "calibration_error")}
    return {"ways": made}


def speed_accurate(data: Path, advance: Advance) -> Row:
    """Texts a second on one core of an encoder; it is as fast whatever it was tuned to."""
    from listener.training.encoder import EncoderTrainer  # see `_accurate`

    complaints = _complaints(data)
    fitted = EncoderTrainer(complaints, SEED, None).fit(np.arange(len(complaints.texts)), advance)
    rows = np.arange(500)
    return {"accurate_model": _rate(lambda part: fitted.scores(rows[part]), len(rows))}


def speed(data: Path, advance: Advance) -> Row:
    """Texts a second on one core: the fast model alone, and the whole chain with three of them."""
    complaints, felt, reasons = _complaints(data), _felt(data), _reasons(data)
    with tempfile.TemporaryDirectory() as directory:
        models = Path(directory)
        for examples in (complaints, felt, reasons):
            made = train(
                examples,
                _one_way,
                models,
                datetime.now(UTC),
                SURE,
                SEED,
                1,
                lambda share: advance(share / 3),
            )
            put_in_use(made.directory)
        taxonomy = Taxonomy(
            nodes=tuple(
                CauseNode(id=f"reason-{number}", name=label, owner="somebody", keywords=("nothing at all",))
                for number, label in enumerate(reasons.labels)
            ),
            severity=default_taxonomy().severity,
        )
        in_use = ModelsInUse(models)
        complaint_model = load_model(next((models / "complaint/fast").glob("2*")))
        if not isinstance(complaint_model, LinearModel):
            raise TypeError("the fast model is a linear one")
        texts = felt.texts[: 10 * BATCH]
        mentions = list(as_mentions(texts))
        trained, rules = Enricher(taxonomy, in_use), Enricher()
        return {
            "complaint_model": _rate(lambda part: complaint_model.probabilities(texts[part]), len(texts)),
            "chain_trained": _rate(lambda part: trained.enrich(mentions[part]), len(texts)),
            "chain_rules": _rate(lambda part: rules.enrich(mentions[part]), len(texts)),
        }


FAST = (complaint, sentiment, reason, banking, match, ways, speed)
ACCURATE = (
    complaint_accurate,
    brands_accurate,
    domains_accurate,
    sentiment_accurate,
    reason_accurate,
    banking_accurate,
    speed_accurate,
)
"""They take hours together; all but the last need the extra `train-accurate`."""
ROWS: dict[str, Callable[[Path, Advance], Row]] = {one.__name__: one for one in (*FAST, *ACCURATE)}


def _accurate(examples: Examples) -> Trainer:
    from listener.training import encoder  # jax is not there for the fast rows

    return encoder.make(examples, SEED)


def _cross_validated(examples: Examples, trainer: Trainer, sure: float, advance: Advance) -> Row:
    return cross_validated_figures(examples, cross_validate(examples, trainer, SEED, sure, advance))


def _without_confusion(made: Row) -> Row:
    """Of 77 labels nobody reads it."""
    return {name: value for name, value in made.items() if name not in ("confusion", "labels")}


def _of_companies(examples: Examples) -> Any:
    """Which rows are no random tweets."""
    return ~np.isin(np.array(examples.about["domain"]), RANDOM)


def _by_domain(examples: Examples) -> list[tuple[Rows, Rows]]:
    """For each domain of a company the rows of the others, and its own."""
    domains, brands = np.array(examples.about["domain"]), _of_companies(examples)
    return [
        (np.flatnonzero(brands & (domains != domain)), np.flatnonzero(domains == domain))
        for domain in sorted(set(domains[brands]))
    ]


def _one_way(examples: Examples, seed: int) -> LinearTrainer:
    """What is chosen changes no speed, so nothing is tried."""
    return LinearTrainer(examples, seed, WAYS[-1:])


def _rate(run: Callable[[slice], object], count: int) -> float:
    """Texts for a second of processor time; the best of three rounds, since other work only slows it down."""
    rates = []
    for _ in range(3):
        started = time.process_time()
        for start in range(0, count, BATCH):
            run(slice(start, start + BATCH))
        rates.append(count / (time.process_time() - started))
    return round(max(rates))


def _in_words(way: Way) -> str:
    told = {"plain": way.plain, "log-count ratio": way.ratio, "support vectors": way.margin}
    return " + ".join(f"{name} (C {strength:g})" for name, strength in told.items() if strength is not None)


def _figures(examples: Examples, judged: CrossValidated, kept: Any) -> Row:
    """Of those of the judged rows that are kept."""
    inside = kept[judged.rows]
    truth, found, shares = examples.truth[judged.rows], judged.found, judged.shares
    made = figures(truth[inside], found[inside], shares[inside], examples.labels, examples.task.positive)
    return {name: made[name] for name in ("texts", "macro_f1", "accuracy", "calibration_error")}


def _intents(data: Path) -> Examples:
    return read_examples(data / "banking77/train.csv", TASKS["root-cause"], "text", "category")


def _complaints(data: Path) -> Examples:
    with _with_header(data / "complaints_acl2019/complaints-data.csv", "tweet_id,text,label,domain") as file:
        return read_examples(file, TASKS["complaint"], "text", "label", about=["domain"])


def _felt(data: Path) -> Examples:
    tweets = data / "airline_tweets/tweets.csv"
    return read_examples(tweets, TASKS["sentiment"], "text", "airline_sentiment", about=["airline"])


def _reasons(data: Path) -> Examples:
    with _filtered(data / "airline_tweets/tweets.csv", "negativereason") as file:
        return read_examples(file, TASKS["root-cause"], "text", "negativereason", about=["airline"])


@contextmanager
def _with_header(file: Path, header: str) -> Iterator[Path]:
    """A copy that begins with a header, which this file has not."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / file.name
        copy.write_text(header + "\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
        yield copy


@contextmanager
def _filtered(file: Path, column: str) -> Iterator[Path]:
    """A copy of the rows in which this column is not empty."""
    with tempfile.TemporaryDirectory() as directory, file.open(encoding="utf-8", newline="") as given:
        rows = csv.DictReader(given)
        copy = Path(directory) / file.name
        with copy.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows.fieldnames or ()))
            writer.writeheader()
            writer.writerows(row for row in rows if row[column])
        yield copy


def main() -> None:
    """Measures the rows that are named, or all, and writes the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument(
        "row", nargs="*", choices=[*ROWS, []], help="what to measure; the fast rows if none is named"
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, help="where the data are [default: ../shared/data]"
    )
    given = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in given.row or [one.__name__ for one in FAST]:
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task(name, total=1.0)
            started = time.monotonic()
            row = ROWS[name](given.data, lambda share, task=task: bar.advance(task, share))  # type: ignore[misc]
        row["seconds"] = round(time.monotonic() - started)
        (RESULTS / f"{name}.json").write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(
        page({file.stem: json.loads(file.read_text("utf-8")) for file in sorted(RESULTS.glob("*.json"))})
    )


if __name__ == "__main__":
    main()
