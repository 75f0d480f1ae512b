"""``listener fix``: a person declares that a root cause was fixed."""

from datetime import datetime

import click

from listener.bootstrap import declare_fix, installation_time
from listener.bootstrap_stages import load_taxonomy
from listener.cli.moment import Moment
from listener.cli.options import settings_options
from listener.cli.reclassify_command import check_cause
from listener.cli.words import Words
from listener.domain.contract import format_utc
from listener.domain.enriched import NO_CAUSE
from listener.domain.errors import UsageError
from listener.domain.governance import Fix
from listener.domain.ids import digest
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
    if cause == NO_CAUSE:
        raise UsageError(f"{cause}: what no root cause explains cannot be fixed; name one of the taxonomy")
    check_cause(cause, load_taxonomy(settings))
    now = installation_time(settings)()
    effective = at or now
    fix = Fix(
        fix_id=digest("fix", cause, format_utc(effective)),
        root_cause=cause,
        effective_at=effective,
        by=by,
        description=description,
        declared_at=now,
    )
    declare_fix(settings, fix)
    click.echo(fix.fix_id)
    click.echo(
        f"{cause} is to be better from {format_utc(effective)} on: see `listener report fixes`", err=True
    )
