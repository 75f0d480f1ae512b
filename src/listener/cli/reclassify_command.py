"""``listener reclassify``: a person says what a contact is about, or lets today's models say it of past ones."""

from collections import Counter
from datetime import datetime

import click

from listener.bootstrap import find_targets, installation_time, send_command, send_commands
from listener.bootstrap_stages import load_models, load_taxonomy
from listener.cases.act import command_of, single_contact
from listener.cases.find import Target
from listener.cli.author import AUTHOR
from listener.cli.moment import Moment
from listener.cli.options import settings_options
from listener.cli.past_causes import BY, QUERY, changes
from listener.cli.tables import format_rows
from listener.cli.words import Words
from listener.clickhouse.client import connect, translated
from listener.domain.errors import UsageError
from listener.reports.answer import EARLIEST, LATEST, Window
from listener.settings import Settings
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import Taxonomy, check_cause


@click.command("reclassify")
@click.argument("contact", type=Words(300), required=False)
@click.argument("cause", type=Words(100), required=False)
@click.option("--by", required=True, type=Words(200), metavar="NAME", help="Who says so.")
@click.option("--reason", default="", type=Words(1000, empty=True), metavar="TEXT", help="Why.")
@click.option("--author", type=AUTHOR, help="Who wrote the contact, where no case shows it.")
@click.option("--history", is_flag=True, help="Of past contacts, by the models and the taxonomy in use.")
@click.option("--since", type=Moment(), help="History: said from this time on.")
@click.option("--until", type=Moment(), help="History: said before this time.")
@click.option("--apply", is_flag=True, help="History: do it, rather than tell what would change.")
@settings_options
def command(
    settings: Settings,
    contact: str | None,
    cause: str | None,
    by: str,
    reason: str,
    author: str | None,
    history: bool,
    since: datetime | None,
    until: datetime | None,
    apply: bool,
) -> None:
    """Say that CONTACT is about CAUSE, a root cause of the taxonomy in force, or "unknown" for none of them.

    Cases are grouped anew by it. The case id stands for its contact where it has only one.

    With --history every contact in ClickHouse is judged anew, after a model was trained or the taxonomy changed.
    What a person chose stays.

    \b
    Example:
      listener reclassify chirp:8123 delivery --by "K. Agent"
      listener reclassify --history --since 2026-01-01 --by "K. Agent" --apply
    """
    if history:
        if contact is not None:
            raise UsageError("--history is about all contacts; leave CONTACT and CAUSE out")
        _reclassify_history(
            settings, Window(max(since or EARLIEST, EARLIEST), until or LATEST), by, reason, apply
        )
        return
    if contact is None or cause is None:
        raise UsageError("name CONTACT and CAUSE, or --history")
    taxonomy = load_taxonomy(settings)
    check_cause(cause, taxonomy)
    [target] = find_targets(settings, [contact], [author])
    target = single_contact(target)
    at = installation_time(settings)()
    owner = _owners(taxonomy).get(cause)
    made = command_of("reclassify", [target], by, at, cause=cause, owner=owner, reason=reason)
    send_command(settings, made, contact)
    click.echo(f"{contact} is about {cause}", err=True)


def _reclassify_history(settings: Settings, window: Window, by: str, reason: str, apply: bool) -> None:
    taxonomy = load_taxonomy(settings)
    enricher = Enricher(taxonomy, load_models(settings))
    owners = _owners(taxonomy)
    url = settings.clickhouse_reader_url
    client = connect(url)
    asked = {"since": window.since, "until": window.until, "by": BY}
    try:
        with translated(url):
            found = list(changes(client.execute_iter(QUERY, asked), enricher))
    finally:
        client.disconnect()
    counts = Counter((change.before, change.after) for change in found)
    rows = [(before, after, count) for (before, after), count in counts.most_common()]
    click.echo(format_rows(("is", "would be", "contacts"), rows, "table"), nl=False)
    if not apply:
        click.echo(f"{len(found)} contacts would change; --apply does it", err=True)
        return
    at = installation_time(settings)()
    send_commands(
        settings,
        [
            command_of(
                "reclassify",
                [Target(change.contact, change.contact, change.author)],
                f"{BY}{by}",
                at,
                cause=change.after,
                owner=owners.get(change.after),
                reason=reason or change.version,
            )
            for change in found
        ],
    )
    click.echo(f"{len(found)} contacts changed", err=True)


def _owners(taxonomy: Taxonomy) -> dict[str, str]:
    """Root cause to its process owner."""
    return {node.id: node.owner for node in taxonomy.nodes}
