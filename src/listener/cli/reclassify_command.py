"""``listener reclassify``: a person says what a contact is about."""

from difflib import get_close_matches

import click

from listener.bootstrap import find_targets, installation_time, send_command
from listener.bootstrap_stages import load_taxonomy
from listener.cases.act import command_of, single_contact
from listener.cli.author import AUTHOR
from listener.cli.options import settings_options
from listener.cli.words import Words
from listener.domain.enriched import NO_CAUSE
from listener.domain.errors import UsageError
from listener.settings import Settings
from stream.enrichment.taxonomy import Taxonomy


@click.command("reclassify")
@click.argument("contact", type=Words(300))
@click.argument("cause", type=Words(100))
@click.option("--by", required=True, type=Words(200), metavar="NAME", help="Who says so.")
@click.option("--reason", default="", type=Words(1000, empty=True), metavar="TEXT", help="Why.")
@click.option("--author", type=AUTHOR, help="Who wrote the contact, where no case shows it.")
@settings_options
def command(settings: Settings, contact: str, cause: str, by: str, reason: str, author: str | None) -> None:
    """Say that CONTACT is about CAUSE, a root cause of the taxonomy in force, or "unknown" for none of them.

    Cases are grouped anew by it. The case id stands for its contact where it has only one.

    \b
    Example:
      listener reclassify chirp:8123 delivery --by "K. Agent"
    """
    check_cause(cause, load_taxonomy(settings))
    [target] = find_targets(settings, [contact], [author])
    target = single_contact(target)
    at = installation_time(settings)()
    made = command_of("reclassify", [target], by, at, cause=cause, reason=reason)
    send_command(settings, made, contact)
    click.echo(f"{contact} is about {cause}", err=True)


def check_cause(cause: str, taxonomy: Taxonomy) -> None:
    """Looks whether there is such a root cause.

    Raises:
        UsageError: there is none; the message names those that are like it.
    """
    ids = [node.id for node in taxonomy.nodes]
    if cause in ids or cause == NO_CAUSE:
        return
    by_word = {word.lower(): node.id for node in taxonomy.nodes for word in (node.id, node.name)}
    near = [by_word[word] for word in get_close_matches(cause.lower(), by_word, n=5, cutoff=0.5)]
    told = f"did you mean {', '.join(dict.fromkeys(near))}?" if near else f"there are: {', '.join(ids)}"
    raise UsageError(f"{cause}: the taxonomy in force has no such root cause; {told}")
