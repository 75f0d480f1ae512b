"""`listener report NAME`: answers an analyst's question."""

from datetime import datetime

import click

from listener.cli.moment import Moment
from listener.cli.options import settings_options
from listener.cli.tables import FORMATS, format_rows
from listener.clickhouse.client import connect, translated
from listener.domain.errors import UsageError
from listener.reports.answer import EARLIEST, LATEST, Window
from listener.reports.reports import REPORTS
from listener.settings import Settings


@click.command()
@click.argument("name", type=click.Choice(list(REPORTS)))
@click.option("--since", type=Moment(), help="From this time on; UTC where no zone is given.")
@click.option("--until", type=Moment(), help="Before this time; UTC where no zone is given.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@settings_options
def command(name: str, since: datetime | None, until: datetime | None, form: str, settings: Settings) -> None:
    """Answers an analyst's question from ClickHouse.

    \b
    root-causes: what makes customers contact the company, by distinct parties.
      share is the part of all parties with a contact, with its 95 % interval.

    \b
    Example:
      listener report root-causes --since 2026-01-01 --until 2026-02-01 --format csv
    """
    window = Window(max(since or EARLIEST, EARLIEST), min(until or LATEST, LATEST))
    if window.since >= window.until:
        raise UsageError(
            f"--since {window.since:%Y-%m-%d %H:%M} is not before --until {window.until:%Y-%m-%d %H:%M}"
        )
    url = settings.clickhouse_reader_url
    client = connect(url)
    try:
        with translated(url):
            answer = REPORTS[name](client, window)
    finally:
        client.disconnect()
    click.echo(format_rows(answer.columns, answer.rows, form), nl=False)
    if not answer.rows:
        click.echo("No contacts in this window.", err=True)
