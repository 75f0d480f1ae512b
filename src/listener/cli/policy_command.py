"""``listener policy``: checks a policy file, and shows the policies that ship with Listener."""

from collections.abc import Iterator
from pathlib import Path

import click

from stream.triage.policy import SHIPPED, Policy, read_policy
from stream.triage.regulation import RegulatoryClock


@click.group()
def command() -> None:
    """Check a policy, or show one that ships with Listener to start from.

    \b
    Example:
      listener policy show retail-bank > policy.yaml
      listener policy check policy.yaml
    """


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say whether a policy is valid, and what it comes to; each problem with its line.

    \b
    Example:
      listener policy check policy.yaml
    """
    policy = read_policy(file)
    for line in summary(policy):
        click.echo(line)
    for clock in policy.clocks_in_force:
        for remark in remarks(clock):
            click.echo(f"{file}: regulatory_clocks.{clock.name}: {remark}", err=True)


@command.command()
@click.argument("name", required=False, type=click.Choice(list(SHIPPED)))
def show(name: str | None) -> None:
    """Print a policy that ships with Listener, with its comments; without a name, list them.

    \b
    Example:
      listener policy show
      listener policy show airline > policy.yaml
    """
    if name is not None:
        click.echo(SHIPPED[name].read_text(encoding="utf-8"), nl=False)
        return
    for each, path in SHIPPED.items():
        click.echo(f"{each}\t{_first_words(path)}")


def summary(policy: Policy) -> Iterator[str]:
    """What a policy comes to, in a few lines."""
    yield f"{policy.name}: valid, hash {policy.hash}"
    for queue in policy.queues:
        hours = queue.response_target_hours["default"]
        resolution = queue.resolution_target_hours
        told = f"queue {queue.name}: first response within {hours:g} h"
        if resolution is not None:
            told += f", resolution within {resolution['default']:g} h"
        yield f"{told} ({queue.calendar})"
    for name, rules in policy.calendars.items():
        holidays = rules.holidays
        told = f"calendar {name}: {rules.zone}"
        if holidays is not None:
            told += f", public holidays of {'-'.join(filter(None, (holidays.country, holidays.subdivision)))}"
        yield told
    in_force = set(map(id, policy.clocks_in_force))
    for clock in policy.regulatory_clocks:
        state = (
            "in force" if id(clock) in in_force else f"off: jurisdictions does not name {clock.jurisdiction}"
        )
        yield f"regulatory clock {clock.name}: {state}"


def remarks(clock: RegulatoryClock) -> Iterator[str]:
    """What should be known of a rule that is in force."""
    yield "an example is not legal advice; let somebody who answers for it compare it with its source"
    if clock.checked is None:
        yield f"nobody has compared it with {clock.paragraph} ({clock.url})"
    if clock.note:
        yield clock.note


def _first_words(path: Path) -> str:
    """The first sentence of a file's comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    text = " ".join(line.removeprefix("#").strip() for line in lines[:4])
    return text.partition(". ")[0]
