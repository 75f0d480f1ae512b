"""``listener fix``: a person declares that a root cause was fixed."""

from datetime import datetime

import click

from listener.bootstrap_stages import declare_fix
from listener.cli.moment import Moment
from listener.cli.options import settings_options
from listener.cli.words import Words
from listener.domain.contract import format_utc
from listener.settings import Settings


@click.group()
def command() -> None:
    """Declare fixes of root causes, so that the report `fixes` can check them.

    \b
    Example:
      listener fix declare delivery --by Logistics --description "second carrier" --at 2026-03-01
    """


@command.command()
@click.argument("cause", type=Words(100))
@click.option("--by", required=True, type=Words(200), metavar="NAME", help="Who fixed it.")
@click.option(
    "--description", default="", type=Words(2000, empty=True), metavar="TEXT", help="What was done."
)
@click.option("--at", type=Moment(), help="From when on it should work; now if left out. UTC without a zone.")
@settings_options
def declare(settings: Settings, cause: str, by: str, description: str, at: datetime | None) -> None:
    """Declare that CAUSE, a root cause of the taxonomy in force, is fixed.

    The same cause fixed at the same time is the same fix: said again, the last words hold. Prints its id.

    \b
    Example:
      listener fix declare delivery --by Logistics --description "second carrier" --at 2026-03-01
    """
    fix = declare_fix(settings, cause, by, description, at)
    click.echo(fix.fix_id)
    click.echo(
        f"{cause} is to be better from {format_utc(fix.effective_at)} on: see `listener report fixes`",
        err=True,
    )
