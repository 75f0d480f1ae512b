"""`listener webhooks`: serves the endpoint where phone, chat, partners and helpdesks tell what was said."""

import functools
import os
import signal
import threading
from threading import Event

import click

from listener.bootstrap import installation_time
from listener.cli.connect_command import build_connector, run_all
from listener.cli.options import health_options, settings_options
from listener.cli.serving import DELIVERY_SECONDS, serve
from listener.connectors.progress import SourceProgress
from listener.connectors.webhook import KIND, Webhook
from listener.connectors.webhook import build as build_webhook
from listener.connectors.webhook_endpoint import webhook_app
from listener.domain.errors import UsageError
from listener.embedded.ports import require_free_port
from listener.health_server import HealthServer
from listener.kafka.erasures import followed_erasures
from listener.logs import configure_logs
from listener.settings import Settings

STOP_SECONDS = 30.0


@click.command("webhooks")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8092, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@health_options
@settings_options
def command(host: str, port: int, health_host: str, health_port: int | None, settings: Settings) -> None:
    """Serves POST /mentions/SOURCE for each configured source of the kind webhook.

    \b
      sources:
        calls:
          kind: webhook
          channel: phone
          secrets: {key: CALLS_KEY}

    Requests are signed as standardwebhooks.com has it; GET /openapi.json says what is taken. Plain HTTP: put a
    proxy with TLS before it.

    \b
    Example:
      listener webhooks --port 8092
    """
    configure_logs(log_mentions=settings.config.log_mentions)
    now = installation_time(settings)
    sources: dict[str, Webhook] = {
        name: build_connector(settings, name, now, build_webhook)
        for name, source in settings.config.sources.items()
        if source.kind == KIND
    }
    if not sources:
        raise UsageError("no source of the kind webhook is configured; `listener webhooks --help` shows one")
    if port:
        require_free_port(port, "the endpoint of webhook sources", host)
    progress = {name: SourceProgress(name) for name in sources}
    checks = {f"source_{name}": functools.partial(getattr, of, "well") for name, of in progress.items()}
    stop = Event()
    erasures = followed_erasures(settings.kafka, settings.erasure_key, stop)
    app = webhook_app(sources, now=now, stored_within_seconds=DELIVERY_SECONDS)
    failures: list[BaseException] = []

    def publish() -> None:
        try:
            run_all(
                list(sources.values()),
                settings.kafka,
                progress,
                settings.config.sources,
                now=now,
                stop=stop,
                erasures=erasures,
            )
        except Exception as error:  # noqa: BLE001 - raised again below, in the main thread
            failures.append(error)
            os.kill(
                os.getpid(), signal.SIGTERM
            )  # ends the serving, too: whoever looks after it starts it anew

    publishing = threading.Thread(target=publish, name="publishing", daemon=True)
    with HealthServer(health_host, health_port, checks, alive=publishing.is_alive):
        publishing.start()
        serve(app, "endpoint of webhook sources", host, port, None)
        stop.set()
        publishing.join(STOP_SECONDS)
    if failures:
        raise failures[0]
