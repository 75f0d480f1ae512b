"""``listener evaluate match``: how right customers are found, on records of which it is known who is who."""

import csv
import json
import re
from pathlib import Path
from typing import get_args

import click

from listener.cli.tables import format_rows
from listener.domain.errors import UsageError
from listener.evaluation.match import KINDS, Person, evaluate_clusters, evaluate_linkage
from listener.settings import read_text
from stream.enrichment.linkage.estimate import TooLittle
from stream.enrichment.linkage.values import Kind
from stream.enrichment.linkage.weights import Weights
from stream.enrichment.match_rules import weights_text

_FEBRL = re.compile(r"rec-(\d+)-(org|dup-\d+)")


@click.command("match")
@click.option(
    "--data",
    "paths",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV: a record a row. May be repeated: the people of all files together, none of them in two.",
)
@click.option("--id", "id_column", default="rec_id", show_default=True, help="Column that names the record.")
@click.option(
    "--person",
    "person_column",
    metavar="COL",
    help="Column that says who it is; else FEBRL's ids do (rec-7-org, rec-7-dup-0).",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="COL=KIND",
    help="How a column is compared; usual names are known.",
)
@click.option("--seed", default=1, show_default=True, help="Of who is left out in the open set.")
@click.option(
    "--splits",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="How many halves are left out, one after the other.",
)
@click.option(
    "--weights",
    "weights_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the estimated weights, for matching.weights in listener.yaml.",
)
@click.option("--format", "form", type=click.Choice(["json", "table"]), default="json", show_default=True)
def command(
    paths: tuple[Path, ...],
    id_column: str,
    person_column: str | None,
    fields: tuple[str, ...],
    seed: int,
    splits: int,
    weights_file: Path | None,
    form: str,
) -> None:
    """Precision and recall of matching, with intervals of 95 %; weights are estimated without the labels.

    With FEBRL's ids the originals are customers and the duplicates authors who are looked up; in the open
    set half of the people are no customers, so that each link of theirs is false; at_most is the upper end of its
    interval from one side. With --person the table is put together instead.

    \b
    Examples:
      listener evaluate match --data febrl_dataset3.csv --format table
      listener evaluate match --data febrl_dataset2.csv --data febrl_dataset3.csv --splits 6
      listener evaluate match --data fake_1000.csv --id unique_id --person cluster
    """
    if person_column is not None and len(paths) > 1:
        raise UsageError("--person puts one table together; name one file")
    people: list[Person] = []
    kinds: dict[str, Kind] = {}
    for number, path in enumerate(paths):
        rows = list(csv.DictReader(read_text(path).lstrip("\ufeff").splitlines(), skipinitialspace=True))
        columns = list(rows[0]) if rows else []
        for column in (id_column, person_column):
            if column is not None and column not in columns:
                raise UsageError(f"{path}: no column {column}; columns: {', '.join(columns)}")
        kinds |= _kinds(path, columns, fields)
        people += [
            _febrl(path, row, id_column, number)
            if person_column is None
            else Person(row[id_column], row[person_column], True, _filled(row))
            for row in rows
        ]
    try:
        if person_column is not None:
            found, weights = evaluate_clusters(people, kinds)
        else:
            found, weights = evaluate_linkage(people, kinds, seed, splits)
    except TooLittle as error:
        raise UsageError(f"{', '.join(map(str, paths))}: {error}") from None
    if weights_file is not None:
        write_weights(weights_file, weights, f"{len(people):,} records")
    if form == "json":
        click.echo(json.dumps(found, indent=2))
        return
    lines = [
        (
            way,
            measure,
            figure["value"],
            *(figure["interval"] or (None, None)),
            figure["hits"],
            figure["of"],
            f"{figure['at_most']:.6f}" if "at_most" in figure else "",
        )
        for way, figures in found.items()
        for measure, figure in figures.items()
        if isinstance(figure, dict)
    ]
    head = ("set", "measure", "value", "from", "to", "hits", "of", "at most")
    click.echo(format_rows(head, lines, "table"), nl=False)


def _kinds(path: Path, columns: list[str], fields: tuple[str, ...]) -> dict[str, Kind]:
    kinds = {column: KINDS[column.lower()] for column in columns if column.lower() in KINDS}
    for given in fields:
        column, _, kind = given.partition("=")
        if column not in columns or kind not in get_args(Kind):
            raise UsageError(
                f"--field {given}: COL=KIND, a column of {path} and one of {', '.join(get_args(Kind))}"
            )
        kinds[column] = kind  # type: ignore[assignment]  # it is one of the kinds
    if len(kinds) < 2:
        raise UsageError(
            f"{path}: at least two columns to compare are needed; name them with --field COL=KIND"
        )
    return kinds


def write_weights(path: Path, weights: Weights, source: str) -> None:
    """Writes weights as `matching.weights` takes them.

    Args:
        source: of the records, in words.

    Raises:
        UsageError: the file cannot be written.
    """
    about = f"Estimated from {source}, without labels: see docs/matching.md of Listener."
    try:
        path.write_text(weights_text(weights, about), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    click.echo(f"weights are in {path}; matching.weights in listener.yaml takes them", err=True)


def _febrl(path: Path, row: dict[str, str | None], id_column: str, number: int) -> Person:
    name = row[id_column] or ""
    found = _FEBRL.fullmatch(name)
    if found is None:
        raise UsageError(
            f"{path}: {name!r} is no id of FEBRL's, such as rec-7-org; say who it is with --person COL"
        )
    return Person(f"{number}:{name}", f"{number}:{found.group(1)}", found.group(2) == "org", _filled(row))


def _filled(row: dict[str, str | None]) -> dict[str, str]:
    return {column: value or "" for column, value in row.items() if column is not None}
