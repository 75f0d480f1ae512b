"""`listener enrich`: mentions in, enriched mentions out, without Kafka."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, get_args

import click
from pydantic_core import to_json
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from listener.bootstrap_stages import load_match_rules, load_taxonomy
from listener.cli.options import models_option, settings_options
from listener.connectors.customers_file import BadRow, read_customers
from listener.domain.contract import json_object
from listener.domain.enriched import NO_CAUSE, EnrichedMention, Enrichment
from listener.domain.errors import ListenerError, Rejected
from listener.domain.ids import anonymous_author, author_party, customer_party, mention_id
from listener.domain.mention import Channel, Mention, usual_visibility
from listener.models.in_use import ModelsInUse
from listener.settings import Settings, read_text
from stream.enrichment.copies import Copy, CopyIndex
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.identity import AuthorIdentity
from stream.enrichment.pipeline import Enricher
from stream.enrichment.references import References
from stream.enrichment.taxonomy import read_taxonomy

BATCH = 64
"""Lines enriched together."""
NOTED_KIND = "text"
"""Source and kind of a line that gives a text without saying where it is from."""


@click.command(
    epilog="""\b
    Examples:
      listener enrich mentions.jsonl > enriched.jsonl
      echo '{"text": "Still waiting for my refund!"}' | listener enrich
      listener enrich --models models mentions.jsonl > enriched.jsonl

    \b
    Each line is a mention as on the topic mentions.raw, or an object with a text and any of its
    fields. Lines that are neither are told on standard error; the others are enriched all the same.
    """
)
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--customers",
    "customers_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV or JSON lines.",
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
@settings_options
def command(
    settings: Settings,
    file: BinaryIO,
    customers_file: Path | None,
    taxonomy_file: Path | None,
    models: ModelsInUse | None,
    region: str | None,
) -> None:
    """Enrich mentions: JSON lines in, JSON lines out, with the very same code as the stream.

    Each mention is seen alone: the customer is found by what it tells itself, without the author's
    earlier mentions and without what people confirmed. Only copies are told by what came before:
    nearly the same words have the copy_of of those that came first, as in the view `copies`.
    The rules of the match are those of `matching` in listener.yaml.
    """
    taxonomy = (
        load_taxonomy(settings)
        if taxonomy_file is None
        else read_taxonomy(read_text(taxonomy_file), str(taxonomy_file))
    )
    enricher = Enricher(taxonomy, models)
    problems = Problems()
    region = region or settings.config.default_phone_region
    references = References(settings.config.matching.references)
    customers = CustomerIndex(region, load_match_rules(settings))
    if customers_file is not None:
        load_customers(customers, customers_file, problems)
    copies = CopyIndex()
    out = click.get_binary_stream("stdout")
    name = getattr(file, "name", "<stdin>")
    mentions = _mentions(file, name, problems)
    with _progress(name) as advance:
        while batch := list(islice(mentions, BATCH)):
            for mention, found in zip(batch, enricher.enrich(batch), strict=True):
                joined = _joined_to_the_first(found, copies)
                out.write(enriched(mention, joined, customers, region, references).to_json() + b"\n")
            out.flush()
            advance(len(batch))
    if problems.count:
        raise ListenerError(f"{problems.count} line{'s' if problems.count > 1 else ''} could not be used")


class Problems:
    """Tells what is wrong with a line, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def tell(self, text: str) -> None:
        """One more."""
        self.count += 1
        click.echo(text, err=True)


def _mentions(file: BinaryIO, name: str, problems: Problems) -> Iterator[Mention]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            yield mention_of_line(line, number, lambda: datetime.now(UTC))
        except Rejected as error:
            problems.tell(f"{name}:{number}: {error}")


def mention_of_line(line: bytes, number: int, now: Callable[[], datetime]) -> Mention:
    """The mention that a line gives, what it does not say filled in.

    Args:
        line: a JSON object.
        number: its place, which identifies a text without an id.
        now: the time of a text without one.

    Raises:
        Rejected: not JSON, or no mention; the detail names the field.
    """
    given = json_object(line)
    if "mention_id" in given:
        return Mention.read_at_edge(line)
    if "text" not in given:
        raise Rejected("invalid", "text: Field required")
    kind = str(given.get("source_kind", NOTED_KIND))
    native_id = str(given.get("native_id", number))
    moment = now().isoformat()
    filled: dict[str, Any] = {
        "mention_id": mention_id(kind, native_id),
        "source": kind,
        "source_kind": kind,
        "native_id": native_id,
        "author": anonymous_author(kind, native_id),
        "channel": "web_feedback",
        "occurred_at": given.get("received_at", moment),
        "received_at": moment,
    } | given
    known = filled["channel"] in get_args(Channel)
    filled.setdefault("visibility", usual_visibility(filled["channel"]) if known else "private")
    return Mention.read_at_edge(to_json(filled))


def _joined_to_the_first(found: Enrichment, copies: CopyIndex) -> Enrichment:
    if found.copy_of is None:
        return found
    first = copies.copy_of(Copy(found.copy_of, found.copy_marks))
    return found if first == found.copy_of else found.model_copy(update={"copy_of": first})


def enriched(
    mention: Mention,
    found: Enrichment,
    customers: CustomerIndex,
    region: str | None = None,
    references: References | None = None,
) -> EnrichedMention:
    """The mention as it would stand on `mentions.enriched`, had its author said nothing else."""
    match = customers.match(AuthorIdentity.of(mention, region, references))
    customer = match.customer_id
    return EnrichedMention(
        party=author_party(mention.key) if customer is None else customer_party(customer),
        epoch=1,
        author=mention.key,
        mention=mention,
        enrichment=found,
        match=match,
        grouping_cause=found.root_causes[0].node if found.root_causes else NO_CAUSE,
        grouping_revision=mention.revision,
    )


def load_customers(customers: CustomerIndex, path: Path, problems: Problems) -> None:
    """Reads a file of customers into the index; rows that are none are told."""
    with _progress(path.name) as advance:
        for row in read_customers(path):
            if isinstance(row, BadRow):
                problems.tell(f"{row.origin}: {row.detail}")
            else:
                customers.put(row)
            advance(1)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int], None]]:
    """Counts lines on a terminal, unless the results go there too."""
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed} lines"))
    shown = sys.stderr.isatty() and not sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown) as bar:
        task = bar.add_task(name, total=None)
        yield lambda lines: bar.advance(task, lines)
