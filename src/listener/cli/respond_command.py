"""``listener respond``: a person says what the company answered."""

from datetime import datetime
from typing import get_args

import click

from listener.answers.answer import Refused, check_not_before, read_answer, response_id, response_of
from listener.bootstrap import find_targets, installation_time, send_response
from listener.cli.author import AUTHOR
from listener.cli.goodwill import GoodwillWords
from listener.cli.moment import Moment
from listener.cli.options import settings_options
from listener.cli.words import Words
from listener.domain.contract import format_utc
from listener.domain.errors import UsageError
from listener.domain.ids import is_case_id
from listener.domain.mention import Channel
from listener.domain.response import LEVELS, Goodwill, ResponseKind
from listener.settings import Settings


@click.command("respond")
@click.argument("case", required=False, type=Words(300))
@click.option(
    "--contact", type=Words(300), metavar="ID", help="The contact that was answered, instead of CASE."
)
@click.option("--author", type=AUTHOR, help="Who wrote the contact, where no case shows it.")
@click.option("--kind", required=True, type=click.Choice(get_args(ResponseKind)), help="What the answer was.")
@click.option("--by", required=True, type=Words(300), metavar="NAME", help="Who answered.")
@click.option(
    "--channel", required=True, type=click.Choice(get_args(Channel)), help="How; a call may answer a tweet."
)
@click.option(
    "--level", type=click.Choice(LEVELS), default="front_line", show_default=True, help="Of who answered."
)
@click.option(
    "--text", default="", type=Words(20_000, empty=True), help="What was said; 280 characters are kept."
)
@click.option("--reason", type=Words(1000), help="Why it was declined.")
@click.option("--goodwill", type=GoodwillWords(), metavar="GIFT", help="Such as '25 EUR: late parcel'.")
@click.option("--at", type=Moment(), help="When; now if left out. UTC where no zone is given.")
@click.option(
    "--overrides",
    type=Words(300),
    metavar="ID",
    help="Our own mention that this describes: replaces what was concluded from it.",
)
@settings_options
def command(
    settings: Settings,
    case: str | None,
    contact: str | None,
    author: str | None,
    kind: str,
    by: str,
    channel: str,
    level: str,
    text: str,
    reason: str | None,
    goodwill: Goodwill | None,
    at: datetime | None,
    overrides: str | None,
) -> None:
    """Say what was answered to CASE, or to one contact.

    acknowledged answers nothing, answered waits for the customer, resolved settles the matter, declined is a no
    and needs --reason. Prints the id of the response.

    \b
    Example:
      listener respond K-ABCDEFGHJKMN2 --kind resolved --by "K. Agent" --channel phone --goodwill "25 EUR: late"
      listener respond --contact chirp:8123 --kind declined --by "K. Agent" --channel email --reason "too late"
    """
    name = case or contact
    if name is None or (case and contact):
        raise UsageError("name either CASE or --contact ID")
    if (case and not is_case_id(case)) or (contact and is_case_id(contact)):
        raise UsageError(f"{name}: a case is K- and 13 letters or digits, a contact is named with --contact")
    if case and author:
        raise UsageError("--author belongs to --contact; whose a case is, is known")
    [target] = find_targets(settings, [name], [author])
    now = installation_time(settings)()
    told = {
        "contact": target.contact,
        "author": target.author,
        "kind": kind,
        "by": by,
        "channel": channel,
        "level": level,
        "reason": reason,
        "excerpt": text,
        "goodwill": goodwill,
        "occurred_at": at,
        "overrides": overrides,
    }
    try:
        answer = read_answer(told, now)
        if target.case is not None:
            check_not_before(answer, target.case.opened_at)
    except Refused as error:
        raise UsageError(str(error)) from None
    key = response_id("command-line", f"{target.contact} {kind} {by} {format_utc(now)}")
    response = response_of(answer, key, target.contact, target.author, now)
    send_response(settings, response, name)
    click.echo(response.response_id)
    click.echo(f"{kind}: {target.contact} of {target.author}, by {by}", err=True)
