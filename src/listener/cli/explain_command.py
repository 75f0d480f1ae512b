"""``listener explain``: tells the story of a case."""

import json

import click

from listener.bootstrap import installation_time, read_case, read_parties
from listener.cases.explain import explain
from listener.cli.options import settings_options
from listener.cli.words import Words
from listener.dead_letters.readable import neutral
from listener.domain.errors import UsageError
from listener.domain.ids import is_case_id
from listener.settings import Settings


@click.command("explain")
@click.argument("case", type=Words(300))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@settings_options
def command(settings: Settings, case: str, form: str) -> None:
    """Tell the story of CASE.

    Who it is, what they tried, what we did or did not do and when, what is due, why it is where it is. Of a case
    that is superseded, its successor's story follows. Times are UTC. Shows what customers said.

    \b
    Example:
      listener explain K-ABCDEFGHJKMN2
    """
    if not is_case_id(case):
        raise UsageError(f"{case}: a case is K- and 13 letters or digits")
    chain = read_case(settings, case)
    parties = read_parties(settings, {author for each in chain for author in each.authors})
    now = installation_time(settings)()
    stories = [explain(each, parties, now) for each in chain]
    if form == "json":
        click.echo(json.dumps([story.model_dump() for story in stories], ensure_ascii=False, indent=2))
        return
    for story in stories:
        for section in story.sections:
            click.echo(section.title)
            for line in section.lines:
                click.echo(f"  {neutral(line)}")
            click.echo()
