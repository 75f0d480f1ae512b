"""`listener answers`: serves the endpoint where helpdesks tell what was answered."""

import click

from listener.answers.case_index import CaseIndex, CaseReader
from listener.answers.service import answers_app
from listener.bootstrap import installation_time
from listener.cli.options import health_options, settings_options
from listener.cli.serving import DELIVERY_SECONDS, kafka_answers, serve
from listener.embedded.ports import require_free_port
from listener.health_server import HealthServer
from listener.kafka.publish import Publisher
from listener.logs import configure_logs
from listener.settings import Settings
from listener.signature import Keyring


@click.command("answers")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8091, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@health_options
@settings_options
def command(host: str, port: int, health_host: str, health_port: int | None, settings: Settings) -> None:
    """Serves POST /responses, where helpdesks tell what the company answered.

    Who may do so, and with which keys, stands under `answers` in the configuration. Requests are signed as
    standardwebhooks.com has it; GET /openapi.json says what is taken. Plain HTTP: put a proxy with TLS before it.

    \b
    Example:
      listener answers --port 8091
    """
    configure_logs(log_mentions=settings.config.log_mentions)
    keyring = Keyring(settings.answers_keys)
    if port:
        require_free_port(port, "the endpoint for answers", host)
    connection = settings.kafka
    index = CaseIndex()
    with (
        Publisher(
            connection,
            client_id="listener-answers",
            delivery_timeout_seconds=DELIVERY_SECONDS,
            topic_timeout_seconds=DELIVERY_SECONDS,
        ) as publisher,
        CaseReader(connection, index) as reader,
    ):
        app = answers_app(
            keyring,
            index,
            deliver=publisher.deliver,
            caught_up=reader.caught_up.is_set,
            now=installation_time(settings),
        )
        checks = {
            "kafka_answers": lambda: kafka_answers(connection),
            "cases_are_known": reader.caught_up.is_set,
        }
        with HealthServer(health_host, health_port, checks):
            serve(app, "endpoint for answers", host, port, None)
