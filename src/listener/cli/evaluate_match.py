"""``listener evaluate match``: how right customers are found, on records of which it is known who is who."""

import csv
import json
import re
from pathlib import Path
from typing import Any, get_args

import click

from listener.cli.tables import format_rows
from listener.domain.errors import UsageError
from listener.evaluation.match import KINDS, Person, evaluate_clusters, evaluate_linkage
from listener.settings import read_text
from stream.enrichment.linkage.estimate import TooLittle
from stream.enrichment.linkage.values import Kind

_FEBRL = re.compile(r"rec-(\d+)-(org|dup-\d+)")


@click.command("match")
@click.option(
    "--data",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV: a record a row.",
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
@click.option("--format", "form", type=click.Choice(["json", "table"]), default="json", show_default=True)
def command(
    path: Path, id_column: str, person_column: str | None, fields: tuple[str, ...], seed: int, form: str
) -> None:
    """Precision and recall of matching, with intervals of 95 %; weights are estimated without the labels.

    With FEBRL's ids the originals are customers and the duplicates authors who are looked up; in the open
    set half of the people are no customers, so that each link of theirs is false. With --person the table is
    put together instead.

    \b
    Examples:
      listener evaluate match --data febrl_dataset3.csv --format table
      listener evaluate match --data fake_1000.csv --id unique_id --person cluster
    """
    rows = list(csv.DictReader(read_text(path).lstrip("\ufeff").splitlines(), skipinitialspace=True))
    columns = list(rows[0]) if rows else []
    for column in (id_column, person_column):
        if column is not None and column not in columns:
            raise UsageError(f"{path}: no column {column}; columns: {', '.join(columns)}")
    kinds = _kinds(path, columns, fields)
    try:
        if person_column is not None:
            table = [Person(row[id_column], row[person_column], True, _filled(row)) for row in rows]
            found: dict[str, Any] = {"clusters": evaluate_clusters(table, kinds)}
        else:
            found = evaluate_linkage([_febrl(path, row, id_column) for row in rows], kinds, seed)
    except TooLittle as error:
        raise UsageError(f"{path}: {error}") from None
    if form == "json":
        click.echo(json.dumps(found, indent=2))
        return
    lines = [
        (way, measure, figure["value"], *(figure["interval"] or (None, None)), figure["hits"], figure["of"])
        for way, figures in found.items()
        for measure, figure in figures.items()
        if isinstance(figure, dict)
    ]
    click.echo(format_rows(("set", "measure", "value", "from", "to", "hits", "of"), lines, "table"), nl=False)


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


def _febrl(path: Path, row: dict[str, str | None], id_column: str) -> Person:
    name = row[id_column] or ""
    found = _FEBRL.fullmatch(name)
    if found is None:
        raise UsageError(
            f"{path}: {name!r} is no id of FEBRL's, such as rec-7-org; say who it is with --person COL"
        )
    return Person(name, found.group(1), found.group(2) == "org", _filled(row))


def _filled(row: dict[str, str | None]) -> dict[str, str]:
    return {column: value or "" for column, value in row.items() if column is not None}
