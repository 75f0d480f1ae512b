"""``listener privacy``: what is held about a person, given out or erased."""

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import click

from listener.bootstrap import installation_time
from listener.bootstrap_privacy import erase_person, export_lines, held_lines, whole_person
from listener.cli.author import AUTHOR
from listener.cli.moment import Moment
from listener.cli.options import settings_options
from listener.cli.tables import format_rows
from listener.cli.words import Words
from listener.domain.contract import format_utc
from listener.domain.errors import ListenerError, UsageError
from listener.privacy.certificate import readable
from listener.privacy.export import counted
from listener.privacy.person import Person
from listener.settings import Settings

COLUMNS = ("place", "found")


def _person_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--author`` and ``--customer``, and calls the command with ``named``."""

    @click.option("--author", "authors", multiple=True, type=AUTHOR, help="An account; may be repeated.")
    @click.option(
        "--customer",
        "customers",
        multiple=True,
        type=Words(200),
        help="A customer record, with all accounts that belong to it; may be repeated.",
    )
    @functools.wraps(command)
    def with_person(*args: Any, authors: tuple[str, ...], customers: tuple[str, ...], **kwargs: Any) -> Any:
        if not authors and not customers:
            raise UsageError("say whose data: --author source-kind:native-id, or --customer ID")
        return command(*args, named=Person(frozenset(authors), frozenset(customers)), **kwargs)

    return with_person


@click.group()
def command() -> None:
    """Give out, or erase, what is held about a person.

    \b
    Example:
      listener privacy export --customer C-1001 --preview
      listener privacy export --customer C-1001 --out C-1001.jsonl
      listener privacy erase --customer C-1001
      listener privacy erase --customer C-1001 --by "K. Agent" --yes --certificate C-1001.json
    """


@command.command()
@_person_options
@click.option("--preview", is_flag=True, help="Only say in which places how much is held.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, for your eyes only; standard output where not given.",
)
@settings_options
def export(settings: Settings, named: Person, preview: bool, out: Path | None) -> None:
    """Write everything that is held about a person as JSON lines: topics, changelogs, tables, logs.

    docs/privacy.md has the schema of a line, and what lies outside.

    \b
    Example:
      listener privacy export --author airline:jane_doe --out jane.jsonl
    """
    if not preview:
        _check_writable(out)
    person = _found(settings, named)
    if preview:
        _tell(counted(held_lines(settings, person)))
        return
    with _written(out) as file:
        count = 0
        for line in export_lines(settings, person):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    click.echo(f"{count - 1} things are held", err=True)


@command.command()
@_person_options
@click.option(
    "--by", type=Words(200), metavar="NAME", help="Who does this; goes to the audit and the certificate."
)
@click.option("--yes", is_flag=True, help="Do it; without, only what would be erased is told.")
@click.option(
    "--certificate",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the certificate as JSON here, too.",
)
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(1),
    default=300.0,
    show_default=True,
    metavar="S",
    help="How long to wait for the stream workers and the sink.",
)
@click.option(
    "--until",
    type=Moment(),
    help="What was said until then [default: now]. To carry out to its end an erasure that was broken off.",
)
@settings_options
def erase(
    settings: Settings,
    named: Person,
    by: str | None,
    yes: bool,
    path: Path | None,
    wait_seconds: float,
    until: datetime | None,
) -> None:
    """Erase a person: all that was said by or to them until now, their customer records, their cases.

    Prints a certificate, with the date by which each place has nothing left. Exit code 1 where something is not
    carried out yet, for example since no worker runs: run it again as it says. What was said does not come back,
    however often it is read again; what they say from now on is heard anew. This cannot be taken back.

    \b
    Example:
      listener privacy erase --author airline:jane_doe --by "K. Agent" --yes
    """
    if yes and not by:
        raise UsageError("--by must be given: it goes to the audit and the certificate")
    if yes:
        _check_writable(path)
    person = _found(settings, named)
    found = counted(held_lines(settings, person))
    if not yes or not by:
        _tell(found)
        click.echo("nothing was erased: --yes does it", err=True)
        return
    now = installation_time(settings)()
    if until is not None and until > now:
        raise UsageError("--until is a time to come: nobody can know what will be said until then")
    certificate = erase_person(settings, person, dict(found), by, wait_seconds, until or now)
    click.echo(readable(certificate), nl=False)
    if path is not None:
        with _written(path) as file:
            file.write(json.dumps(json.loads(certificate.to_json()), indent=2, ensure_ascii=False) + "\n")
    if not certificate.complete:
        raise ListenerError(
            "not everything was carried out: see what is pending, and run the same again with --until "
            f"{format_utc(certificate.said_until)}"
        )


def _found(settings: Settings, named: Person) -> Person:
    """Who was named, with all accounts that belong to them."""
    person, others = whole_person(settings, named)
    click.echo(f"accounts: {', '.join(sorted(person.authors)) or 'none'}", err=True)
    for customer in others:
        click.echo(
            f"an account that you named belongs to the customer {customer}: --customer takes all of it",
            err=True,
        )
    return person


def _tell(found: list[tuple[str, int]]) -> None:
    click.echo(format_rows(COLUMNS, found, "table"), nl=False)
    click.echo(f"{sum(count for _, count in found)} things are held", err=True)


def _check_writable(path: Path | None) -> None:
    """Before anything is done that cannot be told afterwards.

    Raises:
        UsageError: there can be no such file.
    """
    try:
        if path is not None:
            path.touch(mode=0o600)
            path.open("a").close()
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def _written(path: Path | None) -> Iterator[TextIO]:
    """Where to write; a file is for its owner's eyes only."""
    if path is None:
        yield click.get_text_stream("stdout", encoding="utf-8")
        return
    path.touch(mode=0o600)
    path.chmod(0o600)
    with path.open("w", encoding="utf-8") as file:
        yield file
