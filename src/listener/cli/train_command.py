"""``listener train``: a model of one's own from labelled texts."""

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from listener.cli.labelled import labelled_options
from listener.domain.errors import UsageError
from listener.models.in_use import put_in_use
from listener.models.tasks import TASKS, Task
from listener.settings import read_text
from stream.enrichment.root_causes import RootCauses
from stream.enrichment.taxonomy import read_taxonomy

if TYPE_CHECKING:
    from listener.training.examples import Examples
    from listener.training.trainer import MakeTrainer

TRAINERS = {"linear": "listener.training.linear", "encoder": "listener.training.encoder"}
"""Kind to the module that has ``make``, a `listener.training.trainer.MakeTrainer`."""
SURE = {"root-cause": 0.75}
"""By task how many of the labels that are named are to be right, where nothing else is said."""


@click.command(
    epilog="""\b
    Examples:
      listener train complaint --data labelled.csv --text text --label is_complaint --out models
      listener train sentiment --data rated.csv --text text --label stars --rename 1=negative --rename 3=neutral
        --rename 5=positive --out models
      listener train root-cause --data causes.csv --text text --label cause --by channel --out models

    \b
    The model is used from the next start of `listener stream`, or within seconds where `models: models` stands in
    listener.yaml already. docs/models.md tells more.
    """
)
@click.argument("task", type=click.Choice(list(TASKS)))
@labelled_options
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Models."
)
@click.option(
    "--kind", type=click.Choice(list(TRAINERS)), default="linear", show_default=True, help="Fast or accurate."
)
@click.option(
    "--taxonomy",
    "taxonomy_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="root-cause: labels are its nodes, whose examples are learnt from as well.",
)
@click.option(
    "--sure",
    type=click.FloatRange(0, 1),
    help="Share of named labels that is to be right; else none is named [default: root-cause 0.75, else 0].",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the parts that are held back.")
@click.option(
    "--parts",
    type=click.IntRange(1, 5),
    help="How many fifths of the texts are held back in turn to check it [default: 5; of encoder 1].",
)
@click.option(
    "--use/--no-use", default=None, help="Use it in any case, or in none [default: unless it does worse]."
)
def command(
    task: str,
    file: Path,
    text: str,
    label: str,
    out: Path,
    kind: str,
    rename: dict[str, str],
    by: tuple[str, ...],
    taxonomy_file: Path | None,
    sure: float | None,
    seed: int,
    parts: int | None,
    use: bool | None,
) -> None:
    """Train a model for TASK on labelled texts, check it, and use it unless it does worse than the one in use.

    Figures go to standard output as JSON; the model's directory has them as a page, card.md.
    """
    make = make_trainer(kind)
    from listener.training.read_examples import read_examples
    from listener.training.train import summary, train

    what: Task = TASKS[task]
    more: list[tuple[str, str]] = []
    if taxonomy_file is not None:
        if task != "root-cause":
            raise UsageError("--taxonomy belongs to root-cause")
        taxonomy = read_taxonomy(read_text(taxonomy_file), str(taxonomy_file))
        rename = {node.name: node.id for node in taxonomy.nodes} | rename
        more = [(example, node.id) for node in taxonomy.nodes for example in node.examples]
    examples = read_examples(file, what, text, label, rename, by, more)
    if taxonomy_file is not None:
        RootCauses(taxonomy).check_labels(examples.labels, str(file))
    if task == "language":
        _train_language(examples, out, seed, use)
        return
    with progress(f"training on {len(examples.texts)} texts") as advance:
        sure = SURE.get(task, 0.0) if sure is None else sure
        parts = parts or (1 if kind == "encoder" else 5)
        trained = train(examples, make, out, datetime.now(UTC), sure, seed, parts, advance)
    metrics = trained.card.metrics
    told = metrics["macro_f1"]
    low, high = told["interval"]
    click.echo(f"{trained.card.version}: macro-F1 {told['value']:.3f} ({low:.3f} to {high:.3f})", err=True)
    worse = trained.beside is not None and trained.beside.worse
    if trained.beside is not None:
        beside = trained.beside
        word = "WORSE than" if worse else "no worse than"
        doubt = "" if beside.fair else "; that one may have been trained on some of these texts"
        click.echo(f"{word} the one in use, {beside.version}: {beside.in_use:.3f}{doubt}", err=True)
    used = not worse if use is None else use
    _tell_use(trained.directory, used)
    click.echo(json.dumps(summary(trained) | {"in_use": used}, indent=2))


def _train_language(examples: "Examples", out: Path, seed: int, use: bool | None) -> None:
    from listener.training.language import train_language

    with progress(f"training on {len(examples.texts)} texts") as advance:
        trained = train_language(examples, out, datetime.now(UTC), seed, advance)
    recall, wrong = (trained.card.metrics[name]["mean"] for name in ("recall", "false_accepts"))
    told = f"English accepted {recall:.3f}, others taken for English {wrong:.3f}"
    click.echo(f"{trained.card.version}: {told}", err=True)
    if trained.worse is not None:
        click.echo(f"WORSE than the one in use, {trained.worse}", err=True)
    used = trained.worse is None if use is None else use
    _tell_use(trained.directory, used)
    made = {
        "version": trained.card.version,
        "directory": str(trained.directory),
        "metrics": trained.card.metrics,
    }
    click.echo(json.dumps(made | {"in_use": used}, indent=2))


def _tell_use(directory: Path, used: bool) -> None:
    if used:
        put_in_use(directory)
        click.echo(f"in use from now on: {directory}", err=True)
    else:
        click.echo(f"not put in use: {directory}; --use does it in any case", err=True)


def make_trainer(kind: str) -> "MakeTrainer":
    """How models of a kind are made.

    Raises:
        UsageError: what it needs is not installed.
    """
    if importlib.util.find_spec("sklearn") is None:
        raise UsageError("training needs scikit-learn: pip install 'listener[train]'")
    try:
        make: MakeTrainer = importlib.import_module(TRAINERS[kind]).make
    except ImportError as error:
        raise UsageError(
            f"training models of the kind {kind} needs the Python package {error.name}"
        ) from None
    return make


@contextmanager
def progress(doing: str) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal; takes shares that sum to one."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task(doing, total=1.0)
        yield lambda share: bar.advance(task, share)
