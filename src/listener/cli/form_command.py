"""`listener form`: serves the feedback form."""

import click
from pydantic import ValidationError

from listener.answers.case_index import CaseReader
from listener.bootstrap import installation_time
from listener.cli.options import health_options, settings_options
from listener.cli.serving import DELIVERY_SECONDS, kafka_answers, serve
from listener.connectors.feedback import SOURCE_KIND
from listener.connectors.feedback_form import KIND, FormOptions, feedback_app
from listener.connectors.feedback_status import StatusIndex
from listener.connectors.stamp import Stamps
from listener.domain.contract import rejected
from listener.domain.errors import UsageError
from listener.embedded.ports import require_free_port
from listener.health_server import HealthServer
from listener.kafka.publish import Publisher
from listener.logs import configure_logs
from listener.settings import Config, Settings

DEFAULT_SOURCE = "web-form"
STAMP_KEY = "stamp_key"
"""The secret that lets several processes of one form read each other's stamps."""


@click.command("form")
@click.argument("source", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.option(
    "--trusted-proxies",
    metavar="ADDRESSES",
    help="Reverse proxies, separated by commas, whose X-Forwarded-For says who the sender is.",
)
@health_options
@settings_options
def command(
    source: str | None,
    host: str,
    port: int,
    trusted_proxies: str | None,
    health_host: str,
    health_port: int | None,
    settings: Settings,
) -> None:
    """Serves the page on which people tell the company how it is doing, or ask for help.

    SOURCE names a source of the kind `form` in the configuration; without one, the first there, or the defaults.

    \b
    Example:
      listener form --port 8090
    """
    configure_logs(log_mentions=settings.config.log_mentions)
    name, options = form_source(settings.config, source)
    stamps = _stamps(settings, name)
    if port:
        require_free_port(port, "the feedback form", host)
    connection = settings.kafka
    statuses = StatusIndex(SOURCE_KIND)
    with (
        Publisher(
            connection,
            client_id=f"listener-{name}",
            delivery_timeout_seconds=DELIVERY_SECONDS,
            topic_timeout_seconds=DELIVERY_SECONDS,
        ) as publisher,
        CaseReader(connection, statuses) as reader,
    ):
        app = feedback_app(
            name,
            options,
            deliver=publisher.deliver,
            ping=lambda: kafka_answers(connection),
            now=installation_time(settings),
            status_of=statuses.find,
            caught_up=reader.caught_up.is_set,
            stamps=stamps,
        )
        checks = {"kafka_answers": lambda: kafka_answers(connection)}
        with HealthServer(health_host, health_port, checks):
            serve(app, "feedback form", host, port, trusted_proxies)


def _stamps(settings: Settings, name: str) -> Stamps:
    secrets = settings.source_secrets(name) if name in settings.config.sources else {}
    if unknown := sorted(secrets.keys() - {STAMP_KEY}):
        raise UsageError(f"sources.{name}.secrets: {', '.join(unknown)}: there is only {STAMP_KEY}")
    try:
        return Stamps(secrets[STAMP_KEY].encode() if STAMP_KEY in secrets else None)
    except ValueError as error:
        raise UsageError(f"sources.{name}.secrets.{STAMP_KEY}: {error}") from None


def form_source(config: Config, name: str | None) -> tuple[str, FormOptions]:
    """The configured form: its name and options.

    Raises:
        UsageError: there is none of that name, or its options are wrong.
    """
    forms = {key: source for key, source in config.sources.items() if source.kind == KIND}
    if name is None:
        name = next(iter(forms), DEFAULT_SOURCE)
    elif name not in forms:
        raise UsageError(
            f"no source {name} of the kind {KIND} is configured; there are: {', '.join(forms) or 'none'}"
        )
    if name not in forms:
        return name, FormOptions()
    try:
        return name, FormOptions.model_validate(forms[name].options())
    except ValidationError as error:
        raise UsageError(f"sources.{name}: {rejected(error).detail}") from None
