"""`listener import`: publishes a file of mentions."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import get_args

import click
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from listener.bootstrap import installation_time
from listener.cli.options import settings_options
from listener.connectors.connector import Source
from listener.connectors.file_mapping import FIELDS
from listener.connectors.import_file import ImportResult, Progress, import_file, plan_import
from listener.domain.errors import ListenerError, NotReady, ServiceError, UsageError
from listener.domain.ids import is_kind
from listener.kafka.erasures import read_erasures
from listener.logs import configure_logs
from listener.settings import Settings
from listener.times import DateOrder, parse_zone

_FIELDS_HELP = "\n".join(f"      {name:<16} {meaning}" for name, meaning in FIELDS.items())


@click.command(
    epilog=f"""\b
    Examples:
      listener import tweets.csv --source airline --map id=tweet_id --map text=text \\
          --map author=name --map occurred_at=tweet_created
      listener import support.csv --source support --kind twitter --map id=tweet_id --map text=text \\
          --map author=author_id --map occurred_at=created_at --map inbound=inbound \\
          --map reply_to=in_response_to_tweet_id
      listener import reviews.jsonl --source shop --set channel=review --map id=id --map text=body \\
          --map author=user.id --map occurred_at=created --zone Europe/Berlin \\
          --map rating=stars:1=0,2=0.25,3=0.5,4=0.75,5=1

    \b
    Fields:
{_FIELDS_HELP}

    \b
    Rows that cannot be used go to the topic mentions.dead with file and line. A row with the id of
    an earlier row (and the same edit time) is a repeat and not published again. Answers of the
    company are published under the customer whom they answer; those whose original is not in the
    file (nor in an earlier import of the same kind) are counted as unlinked.
    rows = published + rejected + repeats + erased (of people who were erased since).
    """
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", required=True, metavar="NAME", help="Name of the source.")
@click.option("--kind", metavar="K", help="Kind of the source: begins all ids [default: the source's name].")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="FIELD=COLUMN[:VALUE=MEANING,...]",
    help="Which column is a field; with what its values mean where they are not Listener's words, as in "
    "direction=kind:tweet=inbound,reply=outbound. JSON objects within objects: user.id.",
)
@click.option(
    "--set", "constants", multiple=True, metavar="FIELD=VALUE", help="The same value of a field for all rows."
)
@click.option("--zone", metavar="Z", help="Time zone of times without one: Europe/Berlin, UTC, +02:00.")
@click.option(
    "--dates",
    "order",
    type=click.Choice(get_args(DateOrder)),
    help="What comes first in dates like 02/03/2015.",
)
@click.option("--live", is_flag=True, help="Treat as heard now, not as history: cases are to be acted on.")
@settings_options
def command(
    file: Path,
    source: str,
    kind: str | None,
    maps: tuple[str, ...],
    constants: tuple[str, ...],
    zone: str | None,
    order: DateOrder | None,
    live: bool,
    settings: Settings,
) -> None:
    """Publishes a CSV or JSON-lines FILE of mentions (UTF-8, also with gzip).

    Stopped or killed, the same command goes on where it was; once finished, it publishes all again. Mentions
    are historical unless --live is given: they count, and set no timer.
    """
    kind = kind or source
    if not is_kind(kind):
        raise UsageError(
            f"{kind!r} cannot be the kind of a source (lower case letters, digits, - and _): give --kind"
        )
    where = Source(source, kind, zone=parse_zone(zone) if zone else None, historical=not live)
    if settings.config.log_mentions:  # otherwise a person reads, to whom a log says nothing
        configure_logs(log_mentions=True)
    plan = plan_import(file, where, maps=maps, constants=constants, order=order)
    with _stopped_by_signals() as stop, _progress(file.name) as progress:
        try:
            result = import_file(
                plan,
                settings.kafka,
                now=installation_time(settings),
                stop=stop,
                progress=progress,
                erasures=read_erasures(settings.kafka, settings.erasure_key),
            )
        except NotReady:
            raise
        except ServiceError as error:
            raise ServiceError(f"{error}\nThe same command goes on after what was acknowledged.") from error
    _tell(result)


def _tell(result: ImportResult) -> None:
    counts = result.counts
    if not result.finished:
        raise ListenerError(
            f"stopped after row {max(counts.items, result.resumed_rows)}; the same command goes on from there"
        )
    if result.resumed_rows:
        click.echo(f"went on after row {result.resumed_rows} of an import that was interrupted", err=True)
    if counts.differing:
        click.echo(
            f"{counts.differing} of the repeats have another text, author or time than the row that came first, "
            "which is the one that was published",
            err=True,
        )
    if counts.rejected:
        click.echo(
            f"{counts.rejected} rows are in the topic mentions.dead, each with its line and why", err=True
        )
    if counts.erased:
        click.echo(f"{counts.erased} rows are of people who were erased, and were passed over", err=True)
    click.echo(
        f"rows={counts.items} published={counts.published} rejected={counts.rejected} "
        f"repeats={counts.repeats} unlinked={counts.unlinked}"
        + (f" erased={counts.erased}" if counts.erased else "")
    )


@contextmanager
def _stopped_by_signals() -> Iterator[Event]:
    """An event that Ctrl-C and SIGTERM set, so that the batch under way is finished and the cursor saved."""
    stop = Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[Progress], None]]:
    """Shows how far it is, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)

        def show(progress: Progress) -> None:
            doing = f"{name}: {progress.rows} rows" + ("" if progress.publishing else " read again")
            bar.update(task, description=doing, completed=progress.bytes_read, total=progress.size)

        yield show
