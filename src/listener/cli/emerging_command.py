"""`listener emerging`: what customers complain of that no root cause explains."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import click

from listener.bootstrap import installation_time
from listener.bootstrap_stages import load_taxonomy
from listener.cli.moment import Moment
from listener.cli.options import settings_options
from listener.cli.taxonomy_text import with_node
from listener.cli.words import Words
from listener.clickhouse.client import connect, translated
from listener.domain.contract import format_utc
from listener.domain.errors import UsageError
from listener.reports.answer import EARLIEST, LATEST, Window
from listener.reports.emerging import emerging
from listener.settings import Settings, read_text
from listener.statistics.emerging import LEAST_PARTIES, EmergingMatter
from stream.enrichment.taxonomy import read_taxonomy

USUAL_DAYS = 30
MOST_EXAMPLE = 1000
"""Characters of an example in a taxonomy."""


@click.command("emerging")
@click.option("--since", type=Moment(), help="Said from this time on [default: 30 days ago].")
@click.option("--until", type=Moment(), help="Said before this time.")
@click.option(
    "--least",
    type=click.IntRange(2),
    default=LEAST_PARTIES,
    show_default=True,
    help="People that a group needs.",
)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option(
    "--accept", type=Words(200), metavar="NAME", help="Make the group of this suggested name a root cause."
)
@click.option("--node", metavar="ID", help="Accept: id of the new root cause.")
@click.option("--owner", type=Words(100), metavar="OWNER", help="Accept: who owns the process behind it.")
@click.option("--title", type=Words(100), metavar="TEXT", help="Accept: its name [default: NAME].")
@click.option(
    "--keyword",
    "keywords",
    multiple=True,
    metavar="PHRASE",
    help="Accept: instead of the suggested keywords.",
)
@settings_options
def command(
    since: datetime | None,
    until: datetime | None,
    least: int,
    form: str,
    accept: str | None,
    node: str | None,
    owner: str | None,
    title: str | None,
    keywords: tuple[str, ...],
    settings: Settings,
) -> None:
    """Groups the complaints that no root cause explains, each with a suggested name and examples.

    With --accept a group becomes a root cause: its keywords and examples are written into the taxonomy of
    listener.yaml, at the end of its nodes; everything else there stays as it is, comments too. Examples are what
    people wrote: look at them before you share the file.

    \b
    Example:
      listener emerging
      listener emerging --accept "heated, seat" --node heated-seat --owner Production --keyword "heated seat*"
    """
    if accept is not None and (node is None or owner is None):
        raise UsageError("--accept needs --node and --owner")
    if accept is None and (node or owner or title or keywords):
        raise UsageError("--node, --owner, --title and --keyword belong to --accept")
    taxonomy_file = None if accept is None else _taxonomy_file(settings)
    begin = since or installation_time(settings)() - timedelta(days=USUAL_DAYS)
    found = _found(settings, Window(max(begin, EARLIEST), min(until or LATEST, LATEST)), least)
    if accept is None or taxonomy_file is None:
        click.echo(_as_json(found) if form == "json" else _as_text(found), nl=False)
        if not found:
            click.echo(f"No {least} people complain of the same that no root cause explains.", err=True)
        return
    chosen = next((matter for matter in found if matter.name == accept), None)
    if chosen is None:
        known = "; ".join(matter.name for matter in found) or "none"
        raise UsageError(f"there is no group {accept!r} in this time; there are: {known}")
    words = list(keywords or chosen.terms)
    new = {
        "id": node,
        "name": (title or chosen.name)[:100],
        "owner": owner,
        "keywords": words,
        "examples": [text[:MOST_EXAMPLE] for text in chosen.examples],
    }
    _write(taxonomy_file, new)
    click.echo(f"{node}: written into {taxonomy_file}, to be found by {', '.join(words)}", err=True)
    click.echo(
        "The stream workers use it when they are started anew. What was heard before is called so by\n"
        f"  listener reclassify --history --since {format_utc(begin)} --by NAME\n"
        "which shows what would change, and does it with --apply.",
        err=True,
    )


def _taxonomy_file(settings: Settings) -> Path:
    named = settings.config.taxonomy
    if named is None:
        raise UsageError(
            "listener.yaml names no taxonomy, and the shipped one is not to be changed: copy it, name the copy "
            "as `taxonomy` in listener.yaml, and accept then (docs/enrichment.md)"
        )
    load_taxonomy(settings)
    return settings.path(named)


def _found(settings: Settings, window: Window, least: int) -> tuple[EmergingMatter, ...]:
    url = settings.clickhouse_reader_url
    client = connect(url)
    try:
        with translated(url):
            return emerging(client, window, least)
    finally:
        client.disconnect()


def _write(path: Path, new: Mapping[str, object]) -> None:
    """Adds the node, all at once or not at all.

    Raises:
        UsageError: it is no node, its id is there, or the file is not laid out in blocks.
    """
    before = read_text(path)
    after = with_node(before, new)
    nodes = read_taxonomy(after, str(path)).nodes
    if nodes[-1].id != new["id"] or nodes[:-1] != read_taxonomy(before, str(path)).nodes:
        raise UsageError(f"{path}: nodes is not a block of items with dashes; add the root cause by hand")
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(after, encoding="utf-8")
    unfinished.chmod(path.stat().st_mode)
    unfinished.replace(path)


def _as_json(found: tuple[EmergingMatter, ...]) -> str:
    rows = [
        {
            "name": matter.name,
            "keywords": matter.terms,
            "parties": matter.parties,
            "mentions": matter.mentions,
            "mention_ids": matter.mention_ids,
            "examples": matter.examples,
        }
        for matter in found
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _as_text(found: tuple[EmergingMatter, ...]) -> str:
    parts = []
    for matter in found:
        shown = "".join(f"    {' '.join(text.split())[:200]}\n" for text in matter.examples)
        parts.append(f"{matter.name}: {matter.parties} people, {matter.mentions} complaints\n{shown}")
    return "\n".join(parts)
