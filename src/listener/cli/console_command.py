"""`listener console`: serves the console."""

import getpass

import click

from listener.bootstrap_console import console, console_key
from listener.cli.options import health_options, settings_options
from listener.cli.serving import is_this_machine, kafka_answers, serve
from listener.domain.errors import UsageError
from listener.embedded.ports import require_free_port
from listener.health_server import HealthServer
from listener.logs import configure_logs
from listener.settings import Settings

PORT = 8094


@click.command("console")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@health_options
@settings_options
def command(host: str, port: int, health_host: str, health_port: int | None, settings: Settings) -> None:
    """Serves the console, where people see what customers say, and answer.

    It prints an address that lets in whoever opens it, on this machine alone. For more people than one, set
    under `console` in the configuration how they sign in, and put a proxy with TLS before it: docs/console.md.

    \b
    Example:
      listener console --port 8094
    """
    configure_logs(log_mentions=settings.config.log_mentions)
    if settings.config.console.sign_in == "token" and not is_this_machine(host):
        raise UsageError(
            f"--host {host}: with console.sign_in token the console is for this machine alone; configure a proxy "
            "or oidc to let others in"
        )
    if port:
        require_free_port(port, "the console", host)
    connection = settings.kafka
    with console(settings, console_key(settings), getpass.getuser()) as served:
        checks = {"kafka_answers": lambda: kafka_answers(connection)}
        with HealthServer(health_host, health_port, checks):
            serve(served.app, "console", host, port, None, path=served.entrance, ending=served.hub.close)
