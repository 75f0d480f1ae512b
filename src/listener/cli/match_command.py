"""`listener match`: mentions in, whose they are out, without Kafka."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click
import orjson

from listener.bootstrap_stages import load_match_rules
from listener.cli.enrich_command import Problems, load_customers, mention_of_line
from listener.cli.evaluate_match import write_weights
from listener.cli.options import settings_options
from listener.domain.errors import ListenerError, Rejected, UsageError
from listener.settings import Settings
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.identity import AuthorIdentity
from stream.enrichment.linkage.estimate import TooLittle, estimate
from stream.enrichment.linkage.weights import Weights
from stream.enrichment.match_rules import MatchRules
from stream.enrichment.references import References
from stream.enrichment.weighed_match import Comparer


@click.command(
    "match",
    epilog="""\b
    Example:
      listener match mentions.jsonl --customers customers.csv
      listener match mentions.jsonl --customers customers.csv --estimate weights.yaml > /dev/null

    \b
    Each line is a mention as on the topic mentions.raw, or an object with a text and any of its fields.
    Lines that are neither are told on standard error; then the exit code is 1.
    """,
)
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--customers",
    "customers_file",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV or JSON lines, as for `listener customers import`.",
)
@click.option("--exact", is_flag=True, help="By exact keys alone, as with matching.mode: exact.")
@click.option(
    "--estimate",
    "weights_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also estimate weights from these authors and customers, and write them for matching.weights.",
)
@settings_options
def command(
    settings: Settings, file: BinaryIO, customers_file: Path, exact: bool, weights_file: Path | None
) -> None:
    """Say which customer wrote each mention, and on what that rests, with the very same code as the stream.

    What is told of an author adds up from line to line, as in the stream. The rules are those of `matching` in
    listener.yaml; numbers without + are of default_phone_region.
    """
    region = settings.config.default_phone_region
    rules = load_match_rules(settings)
    index = CustomerIndex(region, MatchRules(mode="exact", weights=rules.weights) if exact else rules)
    references = References(settings.config.matching.references)
    if weights_file is not None and (exact or rules.mode == "exact"):
        raise UsageError("--estimate: where only exact keys count, there is nothing to weigh")
    problems = Problems()
    load_customers(index, customers_file, problems)
    known: dict[str, AuthorIdentity] = {}
    out = click.get_binary_stream("stdout")
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            mention = mention_of_line(line, number, lambda: datetime.now(UTC))
        except Rejected as error:
            problems.tell(f"{getattr(file, 'name', '<stdin>')}:{number}: {error}")
            continue
        told = AuthorIdentity.of(mention, region, references)
        known[told.author] = told if told.author not in known else known[told.author].merged(told)
        match = index.match(known[told.author])
        found = {
            "mention_id": mention.mention_id,
            "author": told.author,
            "match": orjson.Fragment(match.to_json()),
        }
        out.write(orjson.dumps(found) + b"\n")
    out.flush()
    if weights_file is not None:
        estimate_weights(rules.weights, known.values(), index, weights_file)
    if problems.count:
        raise ListenerError(f"{problems.count} line{'s' if problems.count > 1 else ''} could not be used")


def estimate_weights(
    weights: Weights, authors: Iterable[AuthorIdentity], customers: CustomerIndex, out: Path
) -> None:
    """Writes what each agreement is worth among these authors and customers, as far as they show it.

    Args:
        weights: fields, and where the search begins.

    Raises:
        UsageError: they show too little, or the file cannot be written.
    """
    comparer = Comparer(weights)
    ours, theirs = [comparer.author_record(author) for author in authors], customers.comparable()
    try:
        found = estimate(weights, ours, theirs)
    except TooLittle as error:
        raise UsageError(f"--estimate: {error}") from None
    write_weights(out, found.weights, f"{len(ours):,} authors and {len(theirs):,} customers")
