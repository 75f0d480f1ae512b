"""``listener link``: a person says who an author is, or is not."""

from typing import Literal

import click

from listener.bootstrap import decide_link, installation_time, read_link
from listener.cli.author import AUTHOR
from listener.cli.options import settings_options
from listener.cli.words import Words
from listener.domain.customer import LinkDecision
from listener.settings import Settings


@click.group()
def command() -> None:
    """Say who an author is.

    \b
    Example:
      listener link confirm airline:jane_doe C-1001 --by "K. Agent" --evidence "called back on the number on file"
    """


def _decision(verdict: Literal["confirmed", "rejected"], help_text: str) -> click.Command:
    @click.command(name=verdict.removesuffix("ed"), help=help_text)
    @click.argument("author", type=AUTHOR)
    @click.argument("customer", type=Words(200))
    @click.option("--by", required=True, type=Words(200), metavar="NAME", help="Who decides.")
    @click.option(
        "--evidence",
        default="",
        type=Words(10_000, empty=True),
        metavar="TEXT",
        help="What it rests on, in words.",
    )
    @settings_options
    def decide(settings: Settings, author: str, customer: str, by: str, evidence: str) -> None:
        decision = LinkDecision(
            customer_id=customer,
            verdict=verdict,
            by=by,
            at=installation_time(settings)(),
            evidence=evidence,
        )
        decide_link(settings, author, decision)
        click.echo(
            f"{verdict}: {author} {'is' if verdict == 'confirmed' else 'is not'} customer {customer}",
            err=True,
        )

    return decide


command.add_command(_decision("confirmed", "AUTHOR is CUSTOMER: their cases become one history."))
command.add_command(_decision("rejected", "AUTHOR is not CUSTOMER, whatever the evidence says."))


@command.command()
@click.argument("author", type=AUTHOR)
@settings_options
def show(settings: Settings, author: str) -> None:
    """Print what people decided about AUTHOR, as JSON."""
    click.echo(read_link(settings, author).to_json().decode())
