"""``listener stream``: one stream worker."""

import click

from listener.bootstrap_stages import run_stream_worker
from listener.cli.options import health_options, settings_options
from listener.logs import configure_logs
from listener.settings import Settings


@click.command()
@click.option(
    "--worker",
    default="1",
    show_default=True,
    help="Name of this worker's directory for its tables; each worker on a machine needs its own.",
)
@health_options
@settings_options
def command(settings: Settings, worker: str, health_host: str, health_port: int | None) -> None:
    """Run a stream worker: mentions are enriched, matched and made into cases.

    Start as many as you like, up to the number of partitions; they share the work.

    \b
    Example:
      listener stream --worker 2 --health-port 8081
    """
    configure_logs(log_mentions=settings.config.log_mentions)
    run_stream_worker(settings, worker, health_port, health_host)
