"""`listener simulate`: a simulated company, with what is true of it."""

import signal
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from listener.bootstrap import wall_clock
from listener.cli.options import settings_options
from listener.domain.errors import UsageError
from listener.domain.mention import Mention
from listener.logs import configure_logs
from listener.settings import Settings
from listener.simulator import SimulatedCompany, SimulationSettings
from listener.simulator.feed import feed
from listener.simulator.files import write_simulation

ENDS_AT = "2026-01-01T00:00:00Z"


@click.command()
@click.option("--customers", required=True, type=int, help="Customers in the company's database.")
@click.option("--days", required=True, type=int, help="Length of the history.")
@click.option("--seed", required=True, type=int, help="Any integer; the same settings make the same output.")
@click.option("--ends-at", default=ENDS_AT, show_default=True, help="End of the history, with its zone.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Directory for all files, with the truth."
)
@click.option("--activity", default=1.0, show_default=True, help="Factor on how often anybody says anything.")
@click.option(
    "--without-keyword",
    default=SimulationSettings.without_keyword,
    show_default=True,
    help="Share of complaints without a word that names their cause.",
)
@click.option(
    "--wrong-cause",
    default=SimulationSettings.wrong_cause,
    show_default=True,
    help="Share of complaints that mention another cause in passing.",
)
@click.option("--typos", default=1.0, show_default=True, help="Factor on the rate of typing errors.")
@click.option(
    "--publish",
    is_flag=True,
    help="Speak into Kafka instead: the history up to now, then live, until stopped.",
)
@settings_options
def command(settings: Settings, out: Path | None, ends_at: str, publish: bool, **figures: Any) -> None:
    """Writes mentions, customers, responses, outcomes and the truth of a simulated company.

    Without --out, the mentions go to standard output as JSON lines.

    \b
    Example:
      listener simulate --customers 2000 --days 60 --seed 1 --out world
      listener simulate --customers 500 --days 7 --seed 1 | listener enrich
    """
    if publish:
        _publish(settings, figures)
        return
    company = SimulationSettings(ends_at=_moment(ends_at), **figures)
    if out is None:
        for event in SimulatedCompany(company).history():
            if isinstance(event.value, Mention):
                sys.stdout.buffer.write(event.value.to_json() + b"\n")
        sys.stdout.buffer.flush()
        return
    with _bar() as bar:
        task = bar.add_task("simulating", total=1.0) if bar else TaskID(0)
        counts = write_simulation(
            company, out, lambda share: bar.update(task, completed=share) if bar else None
        )
    for name, lines in counts.items():
        click.echo(f"{lines:>10,}  {out / name}", err=True)


def _publish(settings: Settings, figures: Mapping[str, Any]) -> None:
    configure_logs(log_mentions=settings.config.log_mentions)
    if settings.config.time != "wall":
        raise UsageError("--publish: the company goes on in wall time, and the setting `time` says otherwise")
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    feed(settings.kafka, figures, now=wall_clock, stop=stop)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--ends-at: a time such as {ENDS_AT}, not {text!r}") from None


def _bar() -> AbstractContextManager[Progress | None]:
    console = Console(stderr=True)
    return Progress(console=console, transient=True) if console.is_terminal else nullcontext()
