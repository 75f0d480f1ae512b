"""`listener staff`: serves the form for what customers say in person or by letter."""

import click
from pydantic import ValidationError

from listener.bootstrap import installation_time
from listener.cli.options import health_options, settings_options
from listener.cli.serving import DELIVERY_SECONDS, is_this_machine, kafka_answers, serve
from listener.connectors.staff_form import KIND, MIN_KEY_LENGTH, StaffFormOptions, staff_app
from listener.domain.contract import rejected
from listener.domain.errors import UsageError
from listener.embedded.ports import require_free_port
from listener.health_server import HealthServer
from listener.kafka.publish import Publisher
from listener.logs import configure_logs
from listener.settings import Config, Settings

KEY = "key"


@click.command("staff")
@click.argument("source", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8093, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@health_options
@settings_options
def command(
    source: str | None,
    host: str,
    port: int,
    health_host: str,
    health_port: int | None,
    settings: Settings,
) -> None:
    """Serves the form on which staff take down what customers said in person or wrote in letters.

    SOURCE names a source of the kind `staff-form` in the configuration; without one, the first there.

    \b
    Example:
      listener staff --port 8093
    """
    configure_logs(log_mentions=settings.config.log_mentions)
    name, options = staff_source(settings.config, source)
    key = staff_key(settings, name, host)
    if port:
        require_free_port(port, "the staff form", host)
    connection = settings.kafka
    with Publisher(
        connection,
        client_id=f"listener-{name}",
        delivery_timeout_seconds=DELIVERY_SECONDS,
        topic_timeout_seconds=DELIVERY_SECONDS,
    ) as publisher:
        app = staff_app(name, options, deliver=publisher.deliver, now=installation_time(settings), key=key)
        checks = {"kafka_answers": lambda: kafka_answers(connection)}
        with HealthServer(health_host, health_port, checks):
            serve(app, "staff form", host, port, None)


def staff_key(settings: Settings, name: str, host: str) -> str | None:
    """The key of the form; None where it is left out, which is for this machine alone.

    Raises:
        UsageError: it is missing, too short, or there is another secret.
    """
    secrets = settings.source_secrets(name)
    if unknown := sorted(secrets.keys() - {KEY}):
        raise UsageError(f"sources.{name}.secrets: {', '.join(unknown)}: there is only {KEY}")
    key = secrets.get(KEY)
    if key is None and not is_this_machine(host):
        raise UsageError(f"sources.{name}.secrets.{KEY} is missing: without it, --host must be this machine")
    if key is not None and len(key) < MIN_KEY_LENGTH:
        raise UsageError(f"sources.{name}.secrets.{KEY}: at least {MIN_KEY_LENGTH} characters are expected")
    return key


def staff_source(config: Config, name: str | None) -> tuple[str, StaffFormOptions]:
    """The configured form: its name and options.

    Raises:
        UsageError: there is none of that name, or its options are wrong.
    """
    forms = {key: source for key, source in config.sources.items() if source.kind == KIND}
    name = name or next(iter(forms), None)
    if name is None or name not in forms:
        wanted = f"no source {name}" if name else "no source"
        raise UsageError(
            f"{wanted} of the kind {KIND} is configured; there are: {', '.join(forms) or 'none'}"
        )
    try:
        return name, StaffFormOptions.model_validate(forms[name].options())
    except ValidationError as error:
        raise UsageError(f"sources.{name}: {rejected(error).detail}") from None
