"""`listener triage`: recorded mentions and answers in, cases out; the same code as the stream, without Kafka."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click
from pydantic_core import to_json
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from listener.bootstrap_stages import load_match_rules, load_policy, load_taxonomy
from listener.cli.options import models_option, settings_options
from listener.cli.tables import FORMATS, format_rows
from listener.domain.case import Case
from listener.domain.command import CaseCommand
from listener.domain.contract import json_object
from listener.domain.customer import Customer, IdentityLink
from listener.domain.errors import ListenerError, Rejected, UsageError
from listener.domain.mention import Mention, MentionDeleted
from listener.domain.response import Response
from listener.domain.topics import BACKFILL, COMMANDS, CUSTOMERS, LINKS, RAW, RESPONSES
from listener.models.in_use import ModelsInUse
from listener.settings import Settings, read_text
from stream import offline
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher
from stream.enrichment.references import References
from stream.enrichment.taxonomy import read_taxonomy
from stream.ledger.ledger import Ledger, Recorded, complete
from stream.triage.comparison import Row, compare
from stream.triage.policy import Policy, read_policy
from stream.triage.triage import Triage

Line = Recorded | Customer
_BY_FIELD: tuple[tuple[str, type[Line]], ...] = (
    ("response_id", Response),
    ("command_id", CaseCommand),
    ("decisions", IdentityLink),
    ("mention_id", Mention),
    ("customer_id", Customer),
)
"""Which field tells what a line is, where it does not name its topic; the first that is there."""
_BY_TOPIC: dict[str, type[Line]] = {
    RESPONSES.name: Response,
    COMMANDS.name: CaseCommand,
    LINKS.name: IdentityLink,
    RAW.name: Mention,
    BACKFILL.name: Mention,
    CUSTOMERS.name: Customer,
}


@click.command(
    epilog="""\b
    Examples:
      listener triage --policy policy.yaml mentions.jsonl responses.jsonl > cases.jsonl
      listener triage --until 2026-11-01T00:00:00Z < recorded.jsonl
      listener triage --policy now.yaml --compare new.yaml --format csv recorded.jsonl

    \b
    Each line is a record as on its topic: a mention, a deletion, a response, an identity link, a case
    command, or a customer; or {"topic": "responses", "value": {...}}. In any order. Lines that are none
    of these are told on standard error; the others count all the same.
    """
)
@click.argument("files", nargs=-1, type=click.File("rb"))
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What decides, YAML [default: as configured].",
)
@click.option(
    "--until",
    metavar="TIME",
    help="Stand at this time, and leave out what happened later: 2026-11-01T00:00:00Z [default: now].",
)
@click.option(
    "--taxonomy",
    "taxonomy_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Root causes, YAML [default: as configured].",
)
@models_option
@click.option(
    "--region",
    metavar="CC",
    help="Country of telephone numbers without +, for example GB [default: as configured].",
)
@click.option(
    "--compare",
    "compared_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Tell what this policy (b) would change against the other (a), by queue, level and owner.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="Of the comparison [default: table].")
@settings_options
def command(
    settings: Settings,
    files: Sequence[BinaryIO],
    policy_file: Path | None,
    until: str | None,
    taxonomy_file: Path | None,
    models: ModelsInUse | None,
    region: str | None,
    compared_file: Path | None,
    form: str | None,
) -> None:
    """Try a policy on recorded mentions and answers: JSON lines in, the newest snapshot of each case out.

    What no option names is as listener.yaml says, or as it ships: the policy, the taxonomy, and `matching`.
    """
    if form is not None and compared_file is None:
        raise UsageError("--format belongs to --compare; cases are JSON lines")
    policy = load_policy(settings) if policy_file is None else read_policy(policy_file)
    compared = None if compared_file is None else read_policy(compared_file)
    taxonomy = (
        load_taxonomy(settings)
        if taxonomy_file is None
        else read_taxonomy(read_text(taxonomy_file), str(taxonomy_file))
    )
    now = datetime.now(UTC) if until is None else _moment(until)
    region = region or settings.config.default_phone_region
    references = References(settings.config.matching.references)
    customers = CustomerIndex(region, load_match_rules(settings))
    problems = _Problems()
    recorded: list[Recorded] = []
    named = [(file.name, file) for file in files] or [("standard input", click.get_binary_stream("stdin"))]
    for name, file in named:
        for value in _lines(name, file, problems):
            if isinstance(value, Customer):
                customers.put(value)
            elif (known := known_at(value, now)) is not None:
                recorded.append(known)

    def cases_under(policy: Policy) -> list[Case]:
        words = taxonomy.with_severity_words(policy.severity_words)
        ledger = Ledger(Enricher(words, models), customers, region, references=references)
        with _progress() as advance:
            stages = offline.run(recorded, ledger, Triage(policy, customers), now, advance)
            return list(stages.cases.values())

    cases = cases_under(policy)
    if compared is None:
        out = click.get_binary_stream("stdout")
        for case in sorted(cases, key=lambda case: (case.opened_at, case.case_id)):
            out.write(case.to_json() + b"\n")
        out.flush()
    else:
        rows = compare(cases, cases_under(compared), now)
        click.echo(format_rows(Row._fields, rows, form or "table"), nl=False)
    if problems.count:
        raise ListenerError(f"{problems.count} line{'s' if problems.count > 1 else ''} could not be used")


def known_at(value: Recorded, now: datetime) -> Recorded | None:
    """What of a record had happened by then."""
    if isinstance(value, IdentityLink):
        decided = tuple(decision for decision in value.decisions if decision.at <= now)
        return value.model_copy(update={"decisions": decided}) if decided else None
    if isinstance(value, CaseCommand):
        happened = value.at
    else:
        happened = value.deleted_at if isinstance(value, MentionDeleted) else value.occurred_at
    return value if happened <= now else None


def read_line(line: bytes) -> Line | None:
    """The record that a line is; None for one of `listener rematch`: here customers are known from the start.

    Raises:
        Rejected: not JSON, or none of the records; the detail names the field.
    """
    given = json_object(line)
    if set(given) == {"topic", "value"}:
        model = _BY_TOPIC.get(str(given["topic"]))
        if model is None:
            raise Rejected("invalid", f"topic: one of {', '.join(_BY_TOPIC)} is expected")
        if not isinstance(given["value"], dict):
            raise Rejected("invalid", "value: a JSON object is expected")
        given = given["value"]
    else:
        model = next((model for field, model in _BY_FIELD if field in given), Mention)
    if given.get("kind") == "rematch":
        return None
    if model is Mention and given.get("kind") == "deleted":
        model = MentionDeleted
    read: Line = model.read_at_edge(to_json(given))
    return complete(read) if isinstance(read, CaseCommand) else read


class _Problems:
    """Tells what is wrong with a line, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def tell(self, text: str) -> None:
        self.count += 1
        click.echo(text, err=True)


def _lines(name: str, file: BinaryIO, problems: _Problems) -> Iterator[Line]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            if (read := read_line(line)) is not None:
                yield read
        except Rejected as error:
            problems.tell(f"{name}:{number}: {error}")


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Counts records on a terminal, unless the results go there too."""
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed}"))
    shown = sys.stderr.isatty() and not sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown) as bar:
        task = bar.add_task("records processed", total=None)
        yield lambda records: bar.advance(task, records)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--until: {text} is not a time such as 2026-11-01T00:00:00Z") from None
    if moment.tzinfo is None:
        raise UsageError(f"--until: {text} needs its zone, for example {text}Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"--until: {text} is out of range") from None
