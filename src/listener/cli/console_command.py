"""`listener console`: serves the console."""

import getpass
import sys
from urllib.parse import urlsplit

import click

from listener.bootstrap_console import console, console_key, entrance
from listener.cli.options import health_options, settings_options
from listener.cli.serving import is_this_machine, kafka_answers, serve
from listener.console_config import ConsoleConfig
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
@click.option(
    "--print-address", is_flag=True, help="Only print the address that lets in, of a console that runs."
)
@health_options
@settings_options
def command(
    host: str,
    port: int,
    print_address: bool,
    health_host: str,
    health_port: int | None,
    settings: Settings,
) -> None:
    """Serves the console, where people see what customers say, and answer.

    On a terminal it prints an address that lets in whoever opens it, on this machine alone. For more people than
    one, set under `console` in the configuration how they sign in, and put a proxy with TLS before it:
    docs/console.md.

    \b
    Example:
      listener console --port 8094
    """
    key = console_key(settings)
    if print_address:
        address = settings.config.console.public_url or f"http://{_shown(host)}:{port}"
        click.echo(f"{address}/{entrance(settings, key)}")
        return
    configure_logs(log_mentions=settings.config.log_mentions)
    _check_reach(settings.config.console, host)
    if port:
        require_free_port(port, "the console", host)
    connection = settings.kafka
    with console(settings, key, _user()) as served:
        checks = {
            "kafka_answers": lambda: kafka_answers(connection),
            "clickhouse_answers": served.clickhouse_answers,
        }
        # what goes into a log must let nobody in
        path = entrance(settings, key) if sys.stderr.isatty() else ""
        with HealthServer(health_host, health_port, checks):
            serve(served.app, "console", host, port, None, path=path, ending=served.hub.close)


def _check_reach(config: ConsoleConfig, host: str) -> None:
    """Looks that whoever has the printed address is on this machine.

    Raises:
        UsageError: others could reach it, too.
    """
    published = urlsplit(config.public_url or "").hostname or ""
    if config.sign_in != "token" or is_this_machine(host) or is_this_machine(published):
        return
    raise UsageError(
        f"--host {host}: with console.sign_in token the console is for this machine alone; let people sign in by "
        "oidc or a proxy. In a container whose port is published to this machine alone, say so: "
        "console.public_url: http://127.0.0.1:8094"
    )


def _user() -> str:
    """The account under which this runs."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local"  # a container's account may have no name


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
