"""`listener desk-answers`: brings in what people answered at a helpdesk."""

import signal
from contextlib import closing
from threading import Event

import click

from listener.answers.case_index import CaseIndex, CaseReader
from listener.bootstrap_desks import answering_desk, desk_answers_loop
from listener.cli.options import health_options, settings_options
from listener.health_server import HealthServer, Pulse
from listener.kafka.publish import Publisher
from listener.logs import configure_logs
from listener.settings import Settings


@click.command("desk-answers")
@click.argument("name")
@click.option(
    "--every-seconds",
    type=click.FloatRange(0.1, 3600),
    default=10.0,
    show_default=True,
    help="How often the desk is asked.",
)
@health_options
@settings_options
def command(
    name: str, every_seconds: float, health_host: str, health_port: int | None, settings: Settings
) -> None:
    """Brings in what people answered at a helpdesk, until it is stopped.

    NAME is one of `desks` that can be asked. What people write to the customer there is an answer, and closing the
    ticket resolves or declines the case, or says that it needs no response. Run one process for each desk.

    \b
    Example:
      listener desk-answers support --health-port 8105
    """
    configure_logs(log_mentions=settings.config.log_mentions)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    desk, counted = answering_desk(settings, name)
    index, pulse = CaseIndex(), Pulse()
    with (
        closing(desk),
        Publisher(settings.kafka, client_id=f"listener-desk-answers-{name}") as publisher,
        CaseReader(settings.kafka, index) as reader,
    ):
        loop = desk_answers_loop(settings, name, desk, counted, index, publisher)
        checks = {"desk_answers": lambda: loop.well, "cases_are_known": reader.caught_up.is_set}
        with HealthServer(health_host, health_port, checks, alive=pulse.alive):
            while not reader.caught_up.wait(1.0) and not stop.is_set():
                pulse.beat()
            click.echo(f"desk-answers {name}: asking {desk.place}", err=True)
            loop.run(every_seconds, stop, pulse.beat)
    click.echo(f"desk-answers {name}: stopped", err=True)
