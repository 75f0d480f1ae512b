"""`listener rewind SINK`: lets a sink store again what is on the topics."""

from datetime import datetime

import click

from listener.bootstrap import SINK_TOPICS, sink_group
from listener.cli.moment import Moment
from listener.cli.options import settings_options
from listener.kafka.admin import TopicAdmin
from listener.settings import Settings


@click.command()
@click.argument("sink", type=click.Choice(list(SINK_TOPICS)))
@click.option(
    "--to",
    "since",
    type=Moment(),
    help="What was published from this time on; UTC where no zone is given. Without it, all that is kept.",
)
@settings_options
def command(sink: str, since: datetime | None, settings: Settings) -> None:
    """Lets a sink store again what is on the topics, as after its store was restored from a backup.

    Stop all processes of the sink before, start them afterwards. What is stored already replaces itself, so
    going back too far costs time only.

    \b
    Example:
      listener rewind clickhouse --to 2026-03-01T02:00Z
    """
    with TopicAdmin(settings.kafka) as admin:
        count = admin.rewind(sink_group(sink), SINK_TOPICS[sink], since)
    click.echo(f"{sink} will read {count} records again once it is started", err=True)
