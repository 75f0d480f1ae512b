"""``listener rematch``: who authors are that were heard before, among the customers that are known by now."""

import time
from collections import Counter

import click

from listener.bootstrap import installation_time, send_rematches
from listener.bootstrap_stages import load_match_rules
from listener.cli.author import AUTHOR
from listener.cli.options import settings_options
from listener.cli.past_matches import Change, changes, put_customers
from listener.cli.tables import FORMATS, format_rows
from listener.cli.words import Words
from listener.domain.command import RematchAuthor
from listener.domain.errors import UsageError
from listener.domain.ids import author_party
from listener.domain.topics import CUSTOMERS, LEDGER_CHANGELOG
from listener.kafka.config_in_force import read_config
from listener.kafka.consume import read_whole
from listener.kafka.erasures import read_erasures
from listener.settings import Settings
from stream.customers import KNOWN_SECONDS
from stream.enrichment.customer_match import CustomerIndex


@click.command("rematch")
@click.argument("authors", nargs=-1, type=AUTHOR)
@click.option("--by", required=True, type=Words(200), metavar="NAME", help="Who looks.")
@click.option("--apply", is_flag=True, help="Do it, rather than tell what would change.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="Of the changes."
)
@settings_options
def command(settings: Settings, authors: tuple[str, ...], by: str, apply: bool, form: str) -> None:
    """Look once more who AUTHORS are; all that were ever heard where none is named.

    An author is matched anew whenever something is heard of them. After new customers or new rules, others may
    be customers now, or no longer; this tells who, and with --apply lets the workers move their contacts, answers
    and cases to the party they belong to. What people confirmed or rejected stays. Restart the workers after new
    rules first; run it once more without --apply to see that nothing is left.

    \b
    Example:
      listener rematch --by "K. Agent"
      listener rematch airline:jane_doe --by "K. Agent" --apply
    """
    rules = load_match_rules(settings)
    in_force = read_config(settings.kafka).get("settings")
    if in_force is not None and in_force.content.get("matching") != rules.version:
        raise UsageError(
            f"the workers match by {in_force.content.get('matching')}, listener.yaml here says {rules.version}: "
            "restart the workers with these rules first"
        )
    index = CustomerIndex(settings.config.default_phone_region, rules)
    erasures = read_erasures(settings.kafka, settings.erasure_key)
    if wrong := put_customers(read_whole(settings.kafka, CUSTOMERS.name), index, erasures):
        click.echo(f"{wrong} records on {CUSTOMERS.name} are no customers and were passed over", err=True)
    read_at = time.monotonic()
    found = changes(read_whole(settings.kafka, LEDGER_CHANGELOG.name), index, frozenset(authors))
    click.echo(format_rows(("author", "is", "would_be", "by", "rests_on"), found, form), nl=False)
    for what, count in Counter(map(_what, found)).most_common():
        click.echo(f"{what}: {count}", err=True)
    if not apply:
        click.echo(f"{len(found)} authors would be somebody else; --apply does it", err=True)
        return
    # whoever is asked has to know the customers that were read here
    time.sleep(max(0.0, read_at + KNOWN_SECONDS - time.monotonic()))
    at = installation_time(settings)()
    send_rematches(
        settings, (RematchAuthor(kind="rematch", author=change.author, by=by, at=at) for change in found)
    )
    click.echo(f"{len(found)} authors are looked at once more", err=True)


def _what(change: Change) -> str:
    alone = author_party(change.author)
    if change.before == alone:
        return "nobody's so far, a customer's now"
    return "nobody's any more" if change.after == alone else "another customer's"
