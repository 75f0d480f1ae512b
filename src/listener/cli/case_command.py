"""``listener case``: what a person does to a case."""

from collections.abc import Callable
from typing import Any

import click

from listener.bootstrap import find_targets, installation_time, read_parties, send_command
from listener.cases.act import check_one_party, command_of, single_contact
from listener.cli.author import AUTHOR
from listener.cli.options import settings_options
from listener.cli.words import Words
from listener.settings import Settings

NAME = Words(300)
_BY = click.option("--by", required=True, type=Words(200), metavar="NAME", help="Who does this.")
_REASON = click.option("--reason", default="", type=Words(1000, empty=True), metavar="TEXT", help="Why.")
_AUTHOR = click.option(
    "--author",
    type=AUTHOR,
    help="Who wrote the contact, where no case shows it (beyond its first and last 50).",
)


def _act_on(metavar: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds the argument and the options of an act on one case or contact.

    Args:
        metavar: CASE or CONTACT.
    """
    options = (click.argument("name", metavar=metavar, type=NAME), _BY, _REASON, _AUTHOR, settings_options)

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return with_options


@click.group()
def command() -> None:
    """Assign, join, part, close or reopen cases, mark a contact as failed, or say whether it needs a response.

    Cases are named by their ids (K-...), contacts by theirs. Of two acts about the same thing the newest holds.

    \b
    Example:
      listener case assign K-ABCDEFGHJKMN2 "M. Manager" --by "K. Agent"
      listener case together K-ABCDEFGHJKMN2 chirp:8123 --by "K. Agent"
      listener case mark-failed chirp:8123 --by "K. Agent" --reason "promised a call that never came"
      listener case close K-ABCDEFGHJKMN2 --by "K. Agent" --reason "settled in the shop"
    """


@command.command()
@_act_on("CASE")
@click.argument("owner", type=Words(200))
def assign(settings: Settings, name: str, owner: str, by: str, reason: str, author: str | None) -> None:
    """Give CASE to OWNER.

    \b
    Example:
      listener case assign K-ABCDEFGHJKMN2 "M. Manager" --by "K. Agent"
    """
    _act(settings, "assign", name, author, by=by, reason=reason, owner=owner)
    click.echo(f"{name} is {owner}'s", err=True)


@command.command("mark-failed")
@_act_on("CONTACT")
def mark_failed(settings: Settings, name: str, by: str, reason: str, author: str | None) -> None:
    """Say that the company failed the customer at CONTACT (or at a case of one contact).

    \b
    Example:
      listener case mark-failed chirp:8123 --by "K. Agent" --reason "promised a call that never came"
    """
    _act(settings, "mark_failed", name, author, by=by, reason=reason, one_contact=True)
    click.echo(f"{name} is marked as failed", err=True)


@command.command("needs-no-response")
@_act_on("CONTACT")
def needs_no_response(settings: Settings, name: str, by: str, reason: str, author: str | None) -> None:
    """Say that CONTACT (or a case of one contact) needs no response, whatever was found in its words.

    A case in which nothing else asks for an answer is over, and reports count no wait of it.

    \b
    Example:
      listener case needs-no-response chirp:8123 --by "K. Agent" --reason "it is meant kindly"
    """
    _act(settings, "needs_no_response", name, author, by=by, reason=reason, one_contact=True)
    click.echo(f"{name} needs no response", err=True)


@command.command("needs-response")
@_act_on("CONTACT")
def needs_response(settings: Settings, name: str, by: str, reason: str, author: str | None) -> None:
    """Say that CONTACT needs a response, whatever was found in its words.

    \b
    Example:
      listener case needs-response chirp:8123 --by "K. Agent" --author chirp:anna
    """
    _act(settings, "needs_response", name, author, by=by, reason=reason, one_contact=True)
    click.echo(f"{name} needs a response", err=True)


@command.command()
@_act_on("CASE")
def close(settings: Settings, name: str, by: str, reason: str, author: str | None) -> None:
    """Close CASE: nothing in it waits for us any more.

    \b
    Example:
      listener case close K-ABCDEFGHJKMN2 --by "K. Agent" --reason "settled in the shop"
    """
    _act(settings, "close", name, author, by=by, reason=reason)
    click.echo(f"{name} is closed", err=True)


@command.command()
@_act_on("CASE")
def reopen(settings: Settings, name: str, by: str, reason: str, author: str | None) -> None:
    """Open CASE again: it waits for us.

    \b
    Example:
      listener case reopen K-ABCDEFGHJKMN2 --by "K. Agent" --reason "the refund did not arrive"
    """
    _act(settings, "reopen", name, author, by=by, reason=reason)
    click.echo(f"{name} is open again", err=True)


_OTHER_AUTHOR = click.option("--other-author", type=AUTHOR, help="The same of the second contact.")


@command.command()
@click.argument("one", type=NAME)
@click.argument("other", type=NAME)
@_BY
@_REASON
@_AUTHOR
@_OTHER_AUTHOR
@settings_options
def together(
    settings: Settings,
    one: str,
    other: str,
    by: str,
    reason: str,
    author: str | None,
    other_author: str | None,
) -> None:
    """Say that ONE and OTHER, cases or contacts, are the same matter of the same customer.

    \b
    Example:
      listener case together K-ABCDEFGHJKMN2 chirp:8123 --by "K. Agent"
    """
    _edge(settings, "together", (one, other), (author, other_author), by, reason)
    click.echo(f"{one} and {other} are one case", err=True)


@command.command()
@click.argument("one", type=NAME)
@click.argument("other", type=NAME)
@_BY
@_REASON
@_AUTHOR
@_OTHER_AUTHOR
@settings_options
def apart(
    settings: Settings,
    one: str,
    other: str,
    by: str,
    reason: str,
    author: str | None,
    other_author: str | None,
) -> None:
    """Say that ONE and OTHER, contacts (or cases), are different matters.

    \b
    Example:
      listener case apart chirp:8123 mail:77 --by "K. Agent"
    """
    _edge(settings, "apart", (one, other), (author, other_author), by, reason)
    click.echo(f"{one} and {other} are kept apart", err=True)


def _act(
    settings: Settings,
    action: str,
    name: str,
    author: str | None,
    *,
    one_contact: bool = False,
    **fields: Any,
) -> None:
    [target] = find_targets(settings, [name], [author])
    if one_contact:
        target = single_contact(target)
    at = installation_time(settings)()
    send_command(settings, command_of(action, [target], at=at, **fields), name)


def _edge(
    settings: Settings,
    action: str,
    names: tuple[str, str],
    authors: tuple[str | None, str | None],
    by: str,
    reason: str,
) -> None:
    one, other = find_targets(settings, names, authors)
    check_one_party(one, other, read_parties(settings, {one.author, other.author}))
    at = installation_time(settings)()
    send_command(settings, command_of(action, [one, other], by=by, at=at, reason=reason), " ".join(names))
