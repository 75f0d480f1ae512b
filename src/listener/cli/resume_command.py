"""``listener resume``: lets a source go on that pauses because of its dead letters."""

import click

from listener.bootstrap import resume_source
from listener.cli.options import settings_options
from listener.cli.words import Words
from listener.settings import Settings


@click.command()
@click.argument("source", type=Words(100))
@click.option(
    "--by", required=True, type=Words(200), metavar="NAME", help="Who does this; goes to the audit."
)
@settings_options
def command(settings: Settings, source: str, by: str) -> None:
    """Withdraw the alert for which SOURCE pauses: it is read on within seconds.

    A source pauses when too much of it becomes dead letters (`sources.NAME.poison` in listener.yaml). It tries
    again by itself after a while; this is for those who have mended the cause and do not want to wait.

    \b
    Example:
      listener resume help-forum --by "K. Agent"
    """
    withdrawn = resume_source(settings, source, by)
    click.echo(f"{source} goes on" if withdrawn else f"{source} does not pause", err=True)
