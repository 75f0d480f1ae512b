"""Small made-up worlds for all stages, and what must be equal however their records arrived."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from listener.domain.case import OPEN_STATES, Case
from listener.domain.command import CaseCommand
from listener.domain.customer import Customer, IdentityLink, LinkDecision
from listener.domain.enriched import Complaint, Enrichment, Language, Need, RootCause, Severity
from listener.domain.erasure import EraseAuthor, Erasures
from listener.domain.mention import Contactable, Mention, MentionDeleted
from listener.domain.party import PartyOf
from listener.domain.response import Goodwill, Response
from listener.domain.topics import ERASE, PARTIES
from stream.enrichment.customer_match import CustomerIndex
from stream.ledger.ledger import Ledger, Recorded, key_of
from stream.levels import LevelState
from stream.moments import BEFORE_ALL, to_ms
from stream.offline import AllStages, Queue, topic_of
from stream.stage import Output
from stream.triage.policy import Policy, default_policy
from stream.triage.triage import Triage

START = datetime(2026, 11, 1, tzinfo=UTC)
NOW = START + timedelta(days=60)
POLICY = default_policy()
NEEDS: tuple[Need, ...] = ("complaint", "question", "request", "praise", "unsure", "mention", "copy", "spam")
SEVERITIES: tuple[Severity, ...] = ("safety", "legal_threat", "vulnerable")
ASKING = {"complaint", "question", "request", "unsure"}


def at(hours: float) -> datetime:
    """So many hours after the start."""
    return START + timedelta(hours=hours)


class TaggedTexts:
    """An enricher for texts that say what they are: ``complaint delay safety``."""

    def enrich(self, mentions: Sequence[Mention]) -> list[Enrichment]:
        return [self.enrichment(mention.text) for mention in mentions]

    @staticmethod
    def enrichment(text: str) -> Enrichment:
        words = text.split()
        need: Need = next((need for need in NEEDS if need in words), "mention")
        causes = [word for word in words if word.startswith("cause-")]
        return Enrichment(
            language=Language(code="en", probability=1.0),
            complaint=Complaint(probability=0.9 if need == "complaint" else 0.1),
            need=need,
            needs_response=need in ASKING,
            severity=tuple(word for word in SEVERITIES if word in words),
            root_causes=tuple(
                RootCause(node=cause, owner=f"owner of {cause}", score=1.0) for cause in causes
            ),
        )


def customers() -> CustomerIndex:
    """Two customers with an address each."""
    index = CustomerIndex()
    index.put(Customer(customer_id="1", names=("Ann One",), emails=("one@example.org",), segment="gold"))
    index.put(Customer(customer_id="2", names=("Bob Two",), emails=("two@example.org",)))
    return index


def mention(
    name: str,
    text: str,
    hours: float,
    author: str = "x:a",
    *,
    heard_after: float = 0.0,
    email: str | None = None,
    **fields: Any,
) -> Mention:
    """An inbound mention ``x:<name>``."""
    return Mention(
        mention_id=f"x:{name}",
        native_id=name,
        source="x",
        source_kind="x",
        author=author,
        channel=fields.pop("channel", "social"),
        visibility=fields.pop("visibility", "public"),
        text=text,
        occurred_at=at(hours),
        received_at=at(hours + heard_after),
        contactable=Contactable(email=email) if email else None,
        **fields,
    )


def outbound(name: str, text: str, hours: float, answers: str, author: str, **fields: Any) -> Mention:
    """The company's words ``x:<name>`` in answer to a mention."""
    return mention(
        name,
        text,
        hours,
        "x:company",
        direction="outbound",
        answers=f"x:{answers}",
        answers_author=author,
        reply_to=f"x:{answers}",
        **fields,
    )


def deletion(name: str, author: str, hours: float) -> MentionDeleted:
    """The mention ``x:<name>`` is gone."""
    return MentionDeleted(
        mention_id=f"x:{name}",
        native_id=name,
        source="x",
        source_kind="x",
        author=author,
        deleted_at=at(hours),
        received_at=at(hours),
    )


def response(name: str, contact: str | None, author: str, hours: float, **fields: Any) -> Response:
    """An explicit answer."""
    return Response(
        response_id=name,
        contact=None if contact is None else f"x:{contact}",
        author=author,
        channel=fields.pop("channel", "email"),
        by=fields.pop("by", "agent"),
        kind=fields.pop("kind", "answered"),
        occurred_at=at(hours),
        received_at=at(hours),
        **fields,
    )


def command(
    name: str, action: Any, author: str, contacts: Sequence[str], hours: float, **fields: Any
) -> CaseCommand:
    """What a person does."""
    return CaseCommand(
        command_id=name,
        action=action,
        author=author,
        contacts=tuple(f"x:{contact}" for contact in contacts),
        by=fields.pop("by", "person"),
        at=at(hours),
        **fields,
    )


def link(author: str, *decisions: tuple[str, Any, float]) -> IdentityLink:
    """What people decided: (customer, verdict, hours)."""
    return IdentityLink(
        author=author,
        decisions=tuple(
            LinkDecision(customer_id=customer, verdict=verdict, by="person", at=at(hours))
            for customer, verdict, hours in decisions
        ),
    )


class Time:
    """What time it is; may stand still, repeat and go back."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def stages(
    policy: Policy = POLICY,
    now: datetime | Callable[[], datetime] = NOW,
    *,
    wire: bool = False,
    erasures: Erasures | None = None,
) -> AllStages:
    """All stages with tagged texts and the two customers."""
    index = customers()
    erasures = Erasures(b"sixteen bytes at least") if erasures is None else erasures
    time = Time(now) if isinstance(now, datetime) else now
    ledger = Ledger(TaggedTexts(), index, erasures=erasures)
    return AllStages(ledger, Triage(policy, index, erasures), time, wire=wire)


def put_all(both: AllStages, values: Sequence[Recorded | EraseAuthor]) -> AllStages:
    """Puts records under their topics and keys."""
    for value in values:
        both.put(ERASE.name if isinstance(value, EraseAuthor) else topic_of(value), key_of(value), value)
    return both


def erase(author: str, hours: float) -> EraseAuthor:
    """What an author said until then is erased."""
    return EraseAuthor(kind="erase", author=author, at=at(hours))


def straight(
    values: Sequence[Recorded | EraseAuthor], end: datetime = NOW, policy: Policy = POLICY
) -> AllStages:
    """Everything in the order given, one record at a time, at the end of time, without incident."""
    both = stages(policy, end)
    for value in values:
        put_all(both, [value]).drain()
    return both


def rough(
    values: Sequence[Recorded | EraseAuthor], seed: int, end: datetime = NOW, policy: Policy = POLICY
) -> AllStages:
    """The same with duplicates, any order of the queues, batches of any size, and crashes after each step.

    Some queues are served seldom, so that records meet others from much later. Time jumps to and fro until it
    comes to its end, and timers fire at any moment, some of them twice.
    """
    chance = random.Random(seed)
    twice = [value for value in values if chance.random() < 0.3]
    time = Time(end)
    both = put_all(stages(policy, time, wire=chance.random() < 0.2), [*values, *twice])
    weights: dict[Queue, float] = {}
    while waiting := both.waiting():
        for queue in waiting:
            weights.setdefault(queue, chance.choice([1.0, 1.0, 0.02]))
        name, key, chosen = chance.choices(waiting, [weights[queue] for queue in waiting])[0]
        topics = [topic for stage, other, topic in waiting if (stage, other) == (name, key)]
        take = [(chosen, chance.randint(1, 4))]
        take += [(chance.choice(topics), chance.randint(1, 4)) for _ in range(chance.randint(0, 2))]
        crash = chance.random() < 0.3
        if chance.random() < 0.5:
            time.now = end - timedelta(hours=chance.choice([0, 0, 1, 30, 700, 1400]))
            time.now = time.now if chance.random() < 0.8 else BEFORE_ALL
        both.turn(name, key, take, landing=partial(_landing, chance=chance, some=crash), crash=crash)
        if chance.random() < 0.2:
            _fire(both, time.now, chance)
    time.now = end
    pass_time(both, end)
    return both


def _fire(both: AllStages, now: datetime, chance: random.Random) -> None:
    """What is due or held back; perhaps by a worker that has just started, and perhaps again and again."""
    if chance.random() < 0.3:
        both.restart_timers()
    due = both.timers.due(to_ms(now))
    due += [(party, to_ms(now)) for party in both.timers.held()]
    for party, due_ms in due:
        for _ in range(chance.choice([1, 1, 2])):
            both.fire(party.decode(), due_ms)


def pass_time(both: AllStages, until: datetime) -> None:
    """Fires what is due by then, until nothing is."""
    both.drain()
    while due := both.timers.due(to_ms(until)):
        for party, due_ms in due:
            both.fire(party.decode(), due_ms)
        both.drain()


def look_again(both: AllStages) -> None:
    """Brings up every party, also those that only have what was imported."""
    for party in sorted({case.party for case in both.cases.values()}):
        both.fire(party, to_ms(NOW))
    both.drain()


def standing(both: AllStages) -> dict[str, dict[str, Any]]:
    """Alerts that were not withdrawn."""
    return {name: alert.model_dump() for name, alert in both.alerts.items() if not alert.withdrawn}


def _landing(outputs: Sequence[Output], chance: random.Random, some: bool) -> list[Output]:
    """Outputs as a broker may come to have them: only those of one key on one topic keep their order.

    Args:
        some: the producer died before all were sent.
    """
    queues: dict[tuple[str, str], list[Output]] = {}
    for output in outputs:
        queues.setdefault((output.topic, output.key), []).append(output)
    landed = []
    for _ in range(chance.randint(0, len(outputs)) if some else len(outputs)):
        queue = chance.choice([queue for queue in queues.values() if queue])
        landed.append(queue.pop(0))
    return landed


def canonical(both: AllStages, *, live_only: bool = False) -> dict[str, dict[str, Any]]:
    """What must not depend on the order of arrival: every case but for versions and former ids."""
    return {
        name: case.model_dump(exclude={"version", "supersedes", "responses", "contacts"})
        | {"contacts": [contact.model_dump() for contact in case.contacts]}
        | {"responses": [answer.model_dump() for answer in case.responses]}
        for name, case in both.cases.items()
        if case.state != "superseded" and not (live_only and case.historical)
    }


def identities(both: AllStages) -> dict[str, PartyOf]:
    """The truth about each author, as the topic of identity has it in the end."""
    newest: dict[str, PartyOf] = {}
    for output in both.published:
        if output.topic == PARTIES.name and isinstance(output.value, PartyOf):
            before = newest.get(output.key)
            if before is None or output.value.epoch >= before.epoch:
                newest[output.key] = output.value
    return newest


def parties(both: AllStages) -> dict[str, str]:
    """Author to party in the end."""
    return {author: found.party for author, found in identities(both).items()}


def assert_consistent(both: AllStages) -> None:
    """Every id has its last word from the party of its anchor's author; former ids lead to the contact's case."""
    cases, truth = both.cases, identities(both)
    home = {
        contact.mention_id: case.case_id
        for case in cases.values()
        if case.state != "superseded"
        for contact in case.contacts
    }
    for case in cases.values():
        author = truth[case.anchor_author]
        assert case.party == author.party
        assert case.version >> 32 == author.epoch
        if case.state != "superseded":
            assert case.case_id not in case.supersedes
            continue
        assert case.superseded_by == home.get(case.anchor)
        if case.superseded_by is not None:
            assert case.case_id in cases[case.superseded_by].supersedes


def assert_within_capacity(both: AllStages, policy: Policy) -> None:
    """Each level has the claims of the cases that there are; the first of them stand there, the others below."""
    cases = {case.case_id: case for case in live(both)}
    for level in policy.levels:
        state = both.state("levels", level)
        memory = LevelState() if state is None else LevelState.unpacked(state)
        full = f"levels.{level}.capacity"
        spilled = [
            case.case_id for case in cases.values() if full in [reason.rule for reason in case.reasons]
        ]
        admitted = memory.in_order()[: policy.capacity(level)]
        assert sorted(memory.in_order()) == sorted([*admitted, *spilled])
        assert all(cases[name].level == level for name in admitted)
        for name, claim in memory.claims.items():
            assert claim.party == cases[name].party
            assert cases[name].state in OPEN_STATES


def goodwill(amount: float) -> Goodwill:
    """Something given."""
    return Goodwill(amount=amount, currency="EUR", reason="sorry")


def live(both: AllStages) -> list[Case]:
    """Cases that are not superseded, the earliest first."""
    found = [case for case in both.cases.values() if case.state != "superseded"]
    return sorted(found, key=lambda case: (case.opened_at, case.case_id))
