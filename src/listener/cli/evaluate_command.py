"""``listener evaluate``: how right Listener is, as JSON."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from listener.cli.evaluate_match import command as evaluate_match
from listener.domain.contract import Contract
from listener.domain.customer import Customer
from listener.domain.errors import ListenerError, Rejected, UsageError
from listener.domain.mention import read_raw
from listener.domain.response import Response
from listener.evaluation.triage import World, evaluate_triage
from listener.settings import read_text
from listener.simulator.truth import MatterTruth, MentionTruth
from stream.enrichment.taxonomy import read_taxonomy
from stream.ledger.ledger import Recorded
from stream.triage.policy import read_policy

C = TypeVar("C", bound=Contract)


@click.group()
def command() -> None:
    """Compare what Listener finds with what is known to be true.

    \b
    Example:
      listener simulate --customers 2000 --days 60 --seed 1 --out world
      listener evaluate triage --data world
    """


command.add_command(evaluate_match)


@command.command()
@click.option(
    "--data",
    "directory",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="What `listener simulate --out DIR` wrote.",
)
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What decides, YAML [default: policy.yaml of the simulated company].",
)
@click.option(
    "--taxonomy", "taxonomy_file", type=click.Path(path_type=Path), metavar="FILE", help="Root causes, YAML."
)
@click.option("--region", metavar="CC", help="Country of telephone numbers without +, for example GB.")
def triage(directory: Path, policy_file: Path | None, taxonomy_file: Path | None, region: str | None) -> None:
    """Who was failed how often, and what was never answered: found beside true, as JSON.

    The records go through both stages four times, with and without the truth about what was said and about who
    said it: so the errors of enrichment, of matching and of triage itself are told apart.

    \b
    Example:
      listener evaluate triage --data world | jq .as_in_the_stream.failed_contacts
    """
    policy = read_policy(policy_file or directory / "policy.yaml")
    taxonomy = None if taxonomy_file is None else read_taxonomy(read_text(taxonomy_file), str(taxonomy_file))
    click.echo(json.dumps(evaluate_triage(read_world(directory), policy, taxonomy, region), indent=2))


def read_world(directory: Path) -> World:
    """What `listener simulate --out` wrote.

    Raises:
        UsageError: a file is missing or wrong, with file and line.
        ListenerError: there is nothing to compare with.
    """
    recorded: list[Recorded] = []
    for name in ("mentions.jsonl", "deletions.jsonl"):
        recorded.extend(_each(directory / name, read_raw))
    recorded.extend(_each(directory / "responses.jsonl", Response.read))
    mentions = {one.mention_id: one for one in _each(directory / "truth/mentions.jsonl", MentionTruth.read)}
    matters = list(_each(directory / "truth/cases.jsonl", MatterTruth.read))
    if not matters:
        raise ListenerError(f"{directory}: nothing is true of it: nobody said anything in this history")
    return World(recorded, list(_each(directory / "customers.jsonl", Customer.read)), mentions, matters)


def _each(path: Path, read: Callable[[str], C]) -> Iterator[C]:
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        try:
            yield read(line)
        except Rejected as error:
            raise UsageError(f"{path}:{number}: {error}") from None
