"""`listener report NAME`: answers an analyst's question."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from listener.cli.moment import Moment
from listener.cli.options import settings_options
from listener.cli.tables import FORMATS, format_rows
from listener.clickhouse.client import connect, translated
from listener.domain.errors import UsageError
from listener.known_mistakes import known_mistakes
from listener.reports.answer import EARLIEST, LATEST, Window
from listener.reports.reports import REPORTS, report
from listener.settings import Settings

_HELP = "\n".join(f"  {name}: {words}" for name, words in REPORTS.items())


@click.command(
    help=f"""Answers an analyst's question from ClickHouse.

    \b
{_HELP}

    The figures go to standard output, what they say in words to standard error. A share or a time has its 95 %
    interval beside it: columns that end in _low and _high. --since and --until bound when something was
    said, or when a case was opened; docs/analysts.md says which.

    What each column means: docs/report-columns.md.

    Where a trained model of root causes is in use, root-causes has a second interval that takes in how often
    the model was wrong when it was checked; --label-quality takes another check, of keywords as well.

    \b
    Example:
      listener report root-causes --since 2026-01-01 --until 2026-02-01 --format csv
      listener evaluate root-cause --data checked.csv --text text --label cause > labels.json
      listener report root-causes --label-quality labels.json
      listener report outcomes --incident 2026-03-01
    """
)
@click.argument("name", type=click.Choice(list(REPORTS)))
@click.option("--since", type=Moment(), help="From this time on; UTC where no zone is given.")
@click.option("--until", type=Moment(), help="Before this time; UTC where no zone is given.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option(
    "--label-quality",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="root-causes: JSON of `listener evaluate root-cause`, on texts that no model was trained on.",
)
@click.option(
    "--match-quality",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="root-causes: JSON of `listener evaluate match`; without it links count as right.",
)
@click.option(
    "--incident",
    type=Moment(),
    metavar="TIME",
    help="outcomes: a public incident, compared with sales by day.",
)
@settings_options
def command(
    name: str,
    since: datetime | None,
    until: datetime | None,
    form: str,
    label_quality: Path | None,
    match_quality: Path | None,
    incident: datetime | None,
    settings: Settings,
) -> None:
    window = Window(max(since or EARLIEST, EARLIEST), min(until or LATEST, LATEST))
    if window.since >= window.until:
        raise UsageError(
            f"--since {window.since:%Y-%m-%d %H:%M} is not before --until {window.until:%Y-%m-%d %H:%M}"
        )
    more: dict[str, Any] = {}
    if (label_quality or match_quality) and name != "root-causes":
        raise UsageError("--label-quality and --match-quality belong to the report root-causes")
    if incident and name != "outcomes":
        raise UsageError("--incident belongs to the report outcomes")
    if incident:
        more["incident"] = incident.astimezone(UTC).date()
    if name == "root-causes" and (found := known_mistakes(settings, label_quality, match_quality)):
        more["mistakes"] = found
    if name == "what-we-teach":
        more["handling_minutes"] = settings.config.reports.handling_minutes
    url = settings.clickhouse_reader_url
    client = connect(url)
    try:
        with translated(url):
            answer = report(name, **more)(client, window)
    finally:
        client.disconnect()
    click.echo(format_rows(answer.columns, answer.rows, form), nl=False)
    if not answer.rows:
        click.echo("Nothing in this window.", err=True)
    for sentence in answer.words:
        click.echo(sentence, err=True)
