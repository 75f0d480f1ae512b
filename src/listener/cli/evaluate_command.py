"""``listener evaluate``: how right Listener is, as JSON or as tables."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from listener.cli.evaluate_match import command as evaluate_match
from listener.cli.labelled import labelled_options
from listener.cli.options import models_option
from listener.cli.tables import format_rows
from listener.domain.contract import Contract
from listener.domain.customer import Customer
from listener.domain.errors import ListenerError, Rejected, UsageError
from listener.domain.mention import read_raw
from listener.domain.response import Outcome, Response
from listener.evaluation.drawn_people import AS_MADE_UP, MatchErrors
from listener.evaluation.triage import World, evaluate_triage
from listener.models.in_use import ModelsInUse
from listener.models.tasks import TASKS
from listener.settings import read_text
from listener.simulator.truth import MatterTruth, MentionTruth
from listener.training.judged import evaluate
from listener.training.read_examples import read_examples
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import read_taxonomy
from stream.ledger.ledger import Recorded
from stream.triage.policy import read_policy

C = TypeVar("C", bound=Contract)
MOST_COLUMNS = 12
"""Labels up to which a table tells how often each was taken for which."""


@click.group()
def command() -> None:
    """Compare what Listener finds with what is known to be true.

    \b
    Example:
      listener simulate --customers 2000 --days 60 --seed 1 --out world
      listener evaluate triage --data world
      listener evaluate complaint --data labelled.csv --text text --label label --format table
    """


command.add_command(evaluate_match)


@command.command()
@click.option(
    "--data",
    "directory",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="What `listener simulate --out DIR` wrote.",
)
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What decides, YAML [default: policy.yaml of the simulated company].",
)
@click.option(
    "--taxonomy", "taxonomy_file", type=click.Path(path_type=Path), metavar="FILE", help="Root causes, YAML."
)
@click.option("--region", metavar="CC", help="Country of telephone numbers without +, for example GB.")
def triage(directory: Path, policy_file: Path | None, taxonomy_file: Path | None, region: str | None) -> None:
    """Who was failed how often, and what was never answered: found beside true, as JSON.

    The records go through both stages four times, with and without the truth about what was said and about who
    said it: so the errors of enrichment, of matching and of triage itself are told apart.

    \b
    Example:
      listener evaluate triage --data world | jq .as_in_the_stream.failed_contacts
    """
    policy = read_policy(policy_file or directory / "policy.yaml")
    taxonomy = None if taxonomy_file is None else read_taxonomy(read_text(taxonomy_file), str(taxonomy_file))
    click.echo(json.dumps(evaluate_triage(read_world(directory), policy, taxonomy, region), indent=2))


def _of_texts(task: str) -> click.Command:
    """The command for a task that models can be trained for."""

    @click.command(
        task,
        help=f"""How right the chain is about {task}, on labelled texts, as in the stream.

        Without --models by its rules alone. Figures of texts that a model was trained on flatter it: those of
        `listener train` are cross-validated.

        \b
        Example:
          listener evaluate {task} --data labelled.csv --text text --label label --models models --by channel
        """,
    )
    @labelled_options
    @click.option(
        "--taxonomy",
        "taxonomy_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Root causes, YAML.",
    )
    @models_option
    @click.option(
        "--party",
        metavar="COL",
        help="Column that says whose text it is, where all texts of a person are there: then it is counted of how "
        "many people each label is right, for the report root-causes.",
    )
    @click.option("--format", "form", type=click.Choice(("json", "table")), default="json", show_default=True)
    def of_texts(
        file: Path,
        text: str,
        label: str,
        rename: dict[str, str],
        by: tuple[str, ...],
        taxonomy_file: Path | None,
        models: ModelsInUse | None,
        party: str | None,
        form: str,
    ) -> None:
        examples = read_examples(file, TASKS[task], text, label, rename, (*by, *([party] if party else [])))
        parties = None if party is None else examples.about[party]
        examples = replace(examples, about={column: examples.about[column] for column in by})
        taxonomy = (
            None if taxonomy_file is None else read_taxonomy(read_text(taxonomy_file), str(taxonomy_file))
        )
        made = evaluate(examples, Enricher(taxonomy, models), parties)
        click.echo(
            json.dumps(made, indent=2) if form == "json" else figures_in_words(made), nl=form == "json"
        )

    return of_texts


for _task in TASKS:
    command.add_command(_of_texts(_task))


def figures_in_words(made: dict[str, Any]) -> str:
    """Figures as tables: of all, by label, by group, and how often each label was taken for which."""
    overall = [
        (name.replace("_", " "), figure["value"], *figure.get("interval", (None, None)))
        for name, figure in made.items()
        if isinstance(figure, dict) and "value" in figure
    ]
    labels = [(name, *of.values()) for name, of in made["labels"].items()]
    parts = [
        f"{made['texts']} texts, judged by {', '.join(made['versions'])}\n",
        format_rows(("figure", "value", "from", "to"), overall, "table"),
        format_rows(("label", "texts", "precision", "recall"), labels, "table"),
    ]
    for column, groups in made["by"].items():
        rows = [
            (name, of["texts"], of["macro_f1"]["value"], *of["macro_f1"]["interval"], of["accuracy"])
            for name, of in groups.items()
        ]
        parts.append(format_rows((column, "texts", "macro-F1", "from", "to", "accuracy"), rows, "table"))
    names = made["found_labels"]
    if len(names) <= MOST_COLUMNS:
        rows = [(name, *row) for name, row in zip(names, made["confusion"], strict=True)]
        parts.append(format_rows(("true, found:", *names), rows, "table"))
    return "\n".join(parts)


@command.command()
@click.option(
    "--data",
    "directory",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="CSV files `timestamp,value`, and windows.json: file to a list of [first, last] times of what happened.",
)
def spikes(directory: Path) -> None:
    """How early and how rarely in vain spikes are told, as the score of the Numenta Anomaly Benchmark.

    nab_standard is the honest figure: every setting was chosen on the other series. The settings as they are were
    chosen with these series in view; what they score stands apart, as `flattered`.

    \b
    Example:
      listener evaluate spikes --data nab_realtweets
    """
    from listener.cli.labelled_series import read_labelled_series
    from listener.evaluation.spikes import evaluate_spikes

    click.echo(json.dumps(evaluate_spikes(read_labelled_series(directory)), indent=2))


_SEEDS = click.option(
    "--seeds", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Histories."
)


@command.command()
@_SEEDS
def fixes(seeds: int) -> None:
    """How often the verdict on a fix is right, on made-up counts, as JSON.

    \b
    Example:
      listener evaluate fixes --seeds 1000
    """
    from listener.evaluation.fix_simulation import WORLDS, verdicts

    click.echo(json.dumps({name: verdicts(world, seeds) for name, world in WORLDS.items()}, indent=2))


@command.command()
@_SEEDS
def incident(seeds: int) -> None:
    """How often a drop of sales by 15 % after an incident is told, and how often one where none is, as JSON.

    On made-up sales of 300 a day, with days that are independent, that vary more, and that are alike for a week.

    \b
    Example:
      listener evaluate incident --seeds 1000
    """
    from listener.evaluation.incident_simulation import WITH_AND_WITHOUT, verdicts

    found = {name: verdicts(world, seeds) for name, world in WITH_AND_WITHOUT.items()}
    click.echo(json.dumps(found, indent=2))


@command.command()
@click.option(
    "--seeds", type=click.IntRange(1, 100_000), default=60, show_default=True, help="Histories of six weeks."
)
def watch(seeds: int) -> None:
    """How often `listener watch` speaks in vain, and how often when it should, on made-up hours, as JSON.

    \b
    Example:
      listener evaluate watch --seeds 60
    """
    from listener.evaluation.watch import evaluate_watch

    click.echo(json.dumps(evaluate_watch(seeds), indent=2))


@command.command()
@_SEEDS
@click.option(
    "--data",
    "directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="What `listener simulate --out DIR` wrote: then of samples of its people.",
)
@click.option(
    "--recall",
    type=click.FloatRange(0, 1),
    help="Of --data: share of the links between a person's accounts that the match makes "
    f"[default: {AS_MADE_UP.recall}].",
)
@click.option(
    "--precision",
    type=click.FloatRange(0, 1),
    help=f"Of --data: share of the links that it makes that are right [default: {AS_MADE_UP.precision}].",
)
@models_option
def coverage(
    seeds: int,
    directory: Path | None,
    recall: float | None,
    precision: float | None,
    models: ModelsInUse | None,
) -> None:
    """How often each 95 % interval holds the truth, on made-up counts with mistakes of label and match, as JSON.

    With --data on a simulated company: of samples of its people, how often the intervals of root causes, waits,
    returns, escalations, deadlines, black holes, outcomes and fairness hold what is true of all; with the labels
    and the match that are true, and with those that keywords or --models find and a match that errs.

    \b
    Example:
      listener evaluate coverage --seeds 1000
      listener evaluate coverage --seeds 100 --data world
    """
    if directory is not None:
        from listener.evaluation.company_cases import cases_of, found_in
        from listener.evaluation.company_coverage import company_coverage, contacts_of
        from listener.evaluation.company_reports import company_reports

        errors = MatchErrors(
            AS_MADE_UP.recall if recall is None else recall,
            AS_MADE_UP.precision if precision is None else precision,
        )
        world = read_world(directory)
        found = found_in(world, Enricher(None, models))
        of_company = {
            "root_causes": company_coverage(contacts_of(world, found), seeds, errors=errors),
            "cases": company_reports(cases_of(world, found), seeds, errors=errors),
        }
        click.echo(json.dumps(of_company, indent=2))
        return
    for option, given in (("--models", models), ("--recall", recall), ("--precision", precision)):
        if given is not None:
            raise UsageError(f"{option} needs --data")
    from listener.evaluation.coverage import evaluate_coverage

    covered = [
        {
            "what": one.what,
            "simulations": one.simulations,
            "covered": one.covered.estimate,
            "covered_low": one.covered.low,
            "covered_high": one.covered.high,
            "mean_width": one.width,
            "bias": one.bias,
        }
        for one in evaluate_coverage(seeds)
    ]
    click.echo(json.dumps(covered, indent=2))


def read_world(directory: Path) -> World:
    """What `listener simulate --out` wrote.

    Raises:
        UsageError: a file is missing or wrong, with file and line.
        ListenerError: there is nothing to compare with.
    """
    recorded: list[Recorded] = []
    for name in ("mentions.jsonl", "deletions.jsonl"):
        recorded.extend(_each(directory / name, read_raw))
    recorded.extend(_each(directory / "responses.jsonl", Response.read))
    mentions = {one.mention_id: one for one in _each(directory / "truth/mentions.jsonl", MentionTruth.read)}
    matters = list(_each(directory / "truth/cases.jsonl", MatterTruth.read))
    if not matters:
        raise ListenerError(f"{directory}: nothing is true of it: nobody said anything in this history")
    customers = list(_each(directory / "customers.jsonl", Customer.read))
    outcomes = list(_each(directory / "outcomes.jsonl", Outcome.read))
    return World(recorded, customers, mentions, matters, outcomes)


def _each(path: Path, read: Callable[[str], C]) -> Iterator[C]:
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        try:
            yield read(line)
        except Rejected as error:
            raise UsageError(f"{path}:{number}: {error}") from None
