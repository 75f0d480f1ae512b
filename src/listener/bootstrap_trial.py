"""Another policy tried on what was said lately: what `listener triage --compare` computes, from the topics."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from listener.bootstrap_stages import load_match_rules, load_models, load_taxonomy
from listener.console.policy import Change, Decision, Moved, Trial
from listener.domain.case import Case
from listener.domain.command import CaseCommand
from listener.domain.contract import Contract
from listener.domain.customer import Customer, IdentityLink
from listener.domain.document import read_document
from listener.domain.errors import Rejected, UsageError
from listener.domain.mention import read_raw
from listener.domain.response import Response
from listener.domain.topics import BACKFILL, COMMANDS, CUSTOMERS, LINKS, RAW, RESPONSES, Topic
from listener.kafka.config_in_force import read_config
from listener.kafka.consume import read_whole
from listener.kafka.erasures import read_erasures
from listener.kafka.read_last import read_last
from listener.settings import Settings
from stream import offline
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher
from stream.enrichment.references import References
from stream.ledger.ledger import Ledger, Recorded
from stream.triage.comparison import Changed, Decided, changed, compare
from stream.triage.policy import Policy, policy_of
from stream.triage.triage import Triage

MOST_RECORDS = 5_000
"""Of each topic, the newest; more would let a person wait for minutes."""
MOST_CHANGES = 500
V = TypeVar("V", bound=Contract)


def try_policy(settings: Settings, text: str, now: datetime) -> Trial:
    """What this policy would have decided otherwise than the one in force, on what was said lately.

    Both run over the same records: the newest `MOST_RECORDS` mentions, answers and acts that the topics hold, with
    all customers and links.

    Args:
        text: the policy, YAML.
        now: when both stand still.

    Raises:
        UsageError: every problem of the policy on a line of its own, as ``policy:line: field: what``; or no policy
            is in force yet.
        ServiceError: Kafka is not there.
    """
    other = read_document(Policy, text, "policy")
    config = read_config(settings.kafka).get("policy")
    if config is None:
        raise UsageError(
            "no policy is in force yet that this one could be compared with: start a stream worker"
        )
    region = settings.config.default_phone_region
    customers = CustomerIndex(region, load_match_rules(settings))
    for customer in _newest(settings, CUSTOMERS, Customer):
        customers.put(customer)
    taxonomy, models = load_taxonomy(settings), load_models(settings)
    erasures = read_erasures(settings.kafka, settings.erasure_key)
    references = References(settings.config.matching.references)

    def ledger_under(policy: Policy) -> Ledger:
        words = taxonomy.with_severity_words(policy.severity_words)
        return Ledger(Enricher(words, models), customers, region, erasures, references)

    def triage_under(policy: Policy) -> Triage:
        return Triage(policy, customers, erasures)

    return trial_of(
        list(_recorded(settings)), policy_of(config.content), other, ledger_under, triage_under, now
    )


def trial_of(
    recorded: Sequence[Recorded],
    ours: Policy,
    other: Policy,
    ledger_under: Callable[[Policy], Ledger],
    triage_under: Callable[[Policy], Triage],
    now: datetime,
) -> Trial:
    """The same on these records."""

    def cases_under(policy: Policy) -> list[Case]:
        stages = offline.run(recorded, ledger_under(policy), triage_under(policy), now)
        return list(stages.cases.values())

    before, after = cases_under(ours), cases_under(other)
    differ = changed(before, after)
    rows = compare(before, after, now)
    return Trial(
        name=other.name,
        hash=other.hash,
        against=ours.name,
        against_hash=ours.hash,
        records=len(recorded),
        cases=sum(case.state != "superseded" for case in before),
        changed=len(differ),
        changes=[_change(one) for one in differ[:MOST_CHANGES]],
        moved=[Moved(row.name, row.cases_a) for row in rows if row.what == "moved"],
        groups=[row._asdict() for row in rows if row.what != "moved"],
    )


def _recorded(settings: Settings) -> Iterator[Recorded]:
    """The newest records of each topic that the ledger reads; what is none of ours is left out."""
    yield from _newest(settings, LINKS, IdentityLink)
    for topic in (BACKFILL, RAW, RESPONSES, COMMANDS):
        for record in read_last(settings.kafka, topic.name, MOST_RECORDS):
            value = record.value or b""
            try:
                if topic is RESPONSES:
                    yield Response.read(value)
                elif topic is COMMANDS:
                    yield CaseCommand.read(value)
                else:
                    yield read_raw(value)
            except Rejected:
                continue


def _newest(settings: Settings, topic: Topic, model: type[V]) -> Iterator[V]:
    """The values that hold on a compacted topic."""
    newest: dict[bytes | None, bytes | None] = {}
    for record in read_whole(settings.kafka, topic.name):
        newest[record.key] = record.value
    for value in newest.values():
        if value is not None:
            try:
                yield model.read(value)
            except Rejected:
                continue


def _change(one: Changed) -> Change:
    return Change(one.case_id, _decision(one.before), _decision(one.after))


def _decision(decided: Decided | None) -> Decision | None:
    return None if decided is None else Decision(*decided)
