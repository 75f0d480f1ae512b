"""`listener migrate`: creates and updates the tables in ClickHouse."""

import click

from listener.cli.options import settings_options
from listener.clickhouse.client import read_url
from listener.clickhouse.migrate import migrate
from listener.clickhouse.retention import apply_retention
from listener.settings import Settings


@click.command()
@settings_options
def command(settings: Settings) -> None:
    """Creates the database with its tables and views, or brings them up to date. May be run at any time.

    Tables keep their rows for as long as retention.tables of listener.yaml says.

    \b
    Example:
      CLICKHOUSE_URL=clickhouse://listener:secret@db.example:9000/listener listener migrate
    """
    url = settings.clickhouse_url
    done = migrate(url)
    for migration in done:
        click.echo(str(migration))
    for change in apply_retention(url, settings.config.retention.tables):
        click.echo(change)
    click.echo(f"{read_url(url)} is up to date, {len(done)} migrations done now.", err=True)
