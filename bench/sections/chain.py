"""The whole chain on one core, without Kafka: by rules alone and with trained fast models, many customers loaded.

The models are trained here, on what the rules say of the same texts: how fast a model is does not hang on how
right it is. `--file` and `--column` take texts of people rather than simulated ones.
"""

import csv
import gc
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import Any

from bench.options import Options
from bench.people import somebody
from bench.sections.functions import folder
from bench.world import world
from listener.domain.enriched import Enrichment
from listener.domain.mention import Mention
from listener.domain.topics import ENRICHED, PARTY_EVENTS, RAW
from listener.models.in_use import ModelsInUse, put_in_use
from listener.models.tasks import TASKS
from listener.training.linear import make
from listener.training.read_examples import read_examples
from listener.training.train import train
from stream.enriching_process import GARBAGE_THRESHOLDS
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher, whole_text
from stream.ledger.ledger import Ledger
from stream.triage.policy import default_policy
from stream.triage.triage import Triage

BATCH = 500
CUSTOMERS = 100_000
LABELLED = 3_000
FEWEST = 20
"""Texts of a label that can be learnt."""


def measure(name: str, options: Options) -> dict[str, Any]:
    """Mentions for a second of one core: enriched and matched, and through both stages."""
    given = world(min(options.mentions, 10_000), options.texts)
    customers = CustomerIndex()
    for customer in given.customers:
        customers.put(customer)
    wanted = min(CUSTOMERS, *options.customers) - len(customers)
    for one in islice(map(somebody, count()), max(0, wanted)):
        customers.put(one.customer)
    options.tell(f"{name}: {len(customers):,} customers are loaded")
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        tasks = trained(given.mentions[:LABELLED], Path(directory))
        options.tell(f"{name}: models are trained for {', '.join(tasks)}")
        for what, models in (("rules alone", None), ("fast models", ModelsInUse(Path(directory)))):
            enricher = Enricher(models=models)
            enricher.enrich(given.mentions[:BATCH])
            runs = [rates(given.mentions, enricher, customers) for _ in range(options.repeat)]
            rows.append(
                {
                    "what": what,
                    "enriched_per_second": median(run[0] for run in runs),
                    "both_stages_per_second": median(run[1] for run in runs),
                }
            )
            options.tell(f"{name}: {rows[-1]}")
    return {"mentions": len(given.mentions), "customers": len(customers), "tasks": tasks, "ways": rows}


def rates(mentions: Sequence[Mention], enricher: Enricher, customers: CustomerIndex) -> tuple[float, float]:
    """Mentions for a second of processor time: enriched and matched; and that with all else of both stages."""
    ledger, triage = Ledger(enricher, customers), Triage(default_policy(), customers)
    fold, follow = folder(ledger, RAW.name, {}), folder(triage, ENRICHED.name, {})
    alone = whole = 0.0
    for first in range(0, len(mentions), BATCH):
        begins = time.process_time()
        heard: list[Any] = ledger.prepare(mentions[first : first + BATCH])
        for value in heard:
            customers.match(value.identity)
        told = time.process_time()
        outputs = [output for numbered in enumerate(heard, first) for output in fold(numbered)]
        for numbered in enumerate(outputs, first):
            if numbered[1].topic in (ENRICHED.name, PARTY_EVENTS.name):
                follow((numbered[0], numbered[1].value))
        alone += told - begins
        whole += time.process_time() - begins
    return len(mentions) / alone, len(mentions) / whole


def trained(mentions: Sequence[Mention], directory: Path) -> list[str]:
    """Trains fast models on what the rules say, and puts them in use; the tasks."""
    said = list(zip(mentions, Enricher().enrich(mentions), strict=True))
    english = [(whole_text(mention), found) for mention, found in said if found.sentiment is not None]
    for task, label in LABELS.items():
        labels = [label(found) for _, found in english]
        often = {name for name, times in Counter(labels).items() if times >= FEWEST}
        file = directory / f"{task}.csv"
        with file.open("w", newline="", encoding="utf-8", errors="replace") as out:
            rows = csv.writer(out)
            rows.writerow(("text", "label"))
            rows.writerows(
                (text, name) for (text, _), name in zip(english, labels, strict=True) if name in often
            )
        examples = read_examples(file, TASKS[task], "text", "label")
        put_in_use(train(examples, make, directory, datetime.now(UTC), 0.0, 1, 1, _quiet).directory)
    return [*LABELS]


def _complaint(found: Enrichment) -> str:
    return "complaint" if found.complaint.probability >= 0.5 else "other"


def _sentiment(found: Enrichment) -> str:
    compound = 0.0 if found.sentiment is None else found.sentiment.compound
    return "neutral" if abs(compound) < 0.05 else "positive" if compound > 0 else "negative"


def _cause(found: Enrichment) -> str:
    return found.root_causes[0].node if found.root_causes else ""


LABELS: dict[str, Callable[[Enrichment], str]] = {
    "complaint": _complaint,
    "sentiment": _sentiment,
    "root-cause": _cause,
}


def _quiet(_: float) -> None:
    """Nobody watches."""
