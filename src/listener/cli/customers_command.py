"""`listener customers`: the company's customer records."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from listener.cli.options import settings_options
from listener.connectors.customers_file import BadRow, read_customers
from listener.domain.errors import ListenerError
from listener.domain.topics import CUSTOMERS
from listener.kafka.erasures import read_erasures
from listener.kafka.publish import Publisher
from listener.settings import Settings

MAX_TOLD = 20


@click.group("customers")
def command() -> None:
    """Customer records, with which authors are matched."""


@command.command(
    "import",
    epilog="""\b
    Example:
      listener customers import customers.csv

    \b
    Columns: customer_id (required), names, emails, phones, handles, segment, preferred_channel,
    consent, updated_at. Several in one cell are separated by semicolons:
      customer_id,names,emails,phones,handles
      C-1,Ann Smith;A. Smith,ann@example.org,+44 20 7946 0018,twitter:annsmith;mastodon:ann@example.social
    In JSON lines they may be lists.
    """,
)
@click.argument("file", type=click.Path(path_type=Path))
@settings_options
def import_(file: Path, settings: Settings) -> None:
    """Publishes customer records from a CSV or JSON-lines FILE.

    A customer that exists already is replaced as a whole. Bad rows are named and passed over; the exit code
    is 1 if there were any.
    """
    published, bad, erased = 0, 0, 0
    erasures = read_erasures(settings.kafka, settings.erasure_key)
    customers = read_customers(file)
    first = list(islice(customers, 1))  # a file that cannot be read is told before Kafka is asked for
    with (
        Publisher(settings.kafka, client_id="listener-customers") as publisher,
        _progress(file.name) as advance,
    ):
        for customer in chain(first, customers):
            advance()
            if isinstance(customer, BadRow):
                bad += 1
                if bad <= MAX_TOLD:
                    click.echo(f"{customer.origin}: {customer.detail}", err=True)
            elif erasures.covers("customer", customer.customer_id, customer.updated_at):
                erased += 1
            else:
                publisher.publish(CUSTOMERS.name, customer.customer_id, customer.to_json())
                published += 1
        publisher.flush()
    if erased:
        click.echo(
            f"{erased} customers were erased, and were passed over; one who has come back has an updated_at later "
            "than that",
            err=True,
        )
    click.echo(
        f"rows={published + bad + erased} published={published} rejected={bad}"
        + (f" erased={erased}" if erased else "")
    )
    if bad:
        raise ListenerError(
            f"{bad} rows are not customers" + (f", {MAX_TOLD} of them named above" if bad > MAX_TOLD else "")
        )


@contextmanager
def _progress(name: str) -> Iterator[Callable[[], None]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed} rows"))
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task(name, total=None)
        yield lambda: bar.advance(task)
