"""The cases of a simulated company as they are true, and as labels that err make them."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from listener.domain.enriched import NEVER_OPENS, NO_CAUSE, Enrichment, Need
from listener.domain.ids import customer_party
from listener.domain.mention import Mention, Reach
from listener.evaluation.company_asked import QUEUES, Ask, asked_of
from listener.evaluation.drawn_people import Owners, Records, owners_of
from listener.evaluation.triage import World
from listener.simulator.truth import MatterTruth, MentionTruth
from listener.statistics.interval import Floats, Ints
from stream.enrichment.pipeline import Enricher

NO_CASE: Final = -1
NEEDS: Final[tuple[str, ...]] = get_args(Need)
OUTCOMES: Final = ("csat", "repeat_purchase", "churn")
REACHES: Final = ("not told", "below 100", "100 to 999", "1000 to 9999", "10000 and more")
MARKS: Final = ("not told", "no", "yes")
_BATCH: Final = 1000
_BOUNDS: Final = (100, 1000, 10_000)
"""Followers from which on the next of `REACHES` holds."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Labels:
    """What is true of a company's cases and accounts, or found.

    Attributes:
        cause: place of the root cause's label, one entry a case; `NO_CASE` where there is none.
        need: place of what the first contact wants, in `NEEDS`; severe: whether a contact of it is.
        reach, mark: places in `REACHES` and `MARKS` of the highest that was ever told of an account with what is
            no talk, copy or spam; one entry an account.
    """

    cause: Ints
    need: Ints
    severe: Bools
    reach: Ints
    mark: Ints


@dataclass(frozen=True)
class Asks:
    """What is a contact that asks, in truth or as found; one entry each.

    Attributes:
        asks: whether it is one; of the others the rest is not told.
        queue: its place in `QUEUES`.
        vanished: hours at which it became a black hole; infinite where it never did.
    """

    asks: Bools
    queue: Ints
    vanished: Floats


@dataclass(frozen=True)
class Contacts:
    """What people asked; one entry each.

    Attributes:
        of: where those of each person are.
        account: as in `Owners`; channel: place of its name; asked: hours since the first case.
        true, found: what it is.
    """

    of: Records
    account: Ints
    channel: Ints
    asked: Floats
    true: Asks
    found: Asks


@dataclass(frozen=True)
class Outcomes:
    """What became of customers; one entry each.

    Attributes:
        of: where those of each person are.
        kind: place in `OUTCOMES`; at: hours since the first case; value: a CSAT, or what was bought.
    """

    of: Records
    kind: Ints
    at: Floats
    value: Floats


@dataclass(frozen=True)
class Cases:
    """Cases of a company's people, one entry each.

    Attributes:
        labels, channels: their names.
        owners: whose they are, by the account of the first contact.
        true, found: what they are about, and of accounts what was told.
        channel: place of the first contact's; public: it could be seen.
        asked, answered: hours since the first; infinite where no person answered.
        answered_by: place of the channel of the first answer; -1 where there was none.
        went_public_from: account of its owner from which a public contact came after a failed private one; -1
            where none came.
        until: hours at which history ends.
        segments: their names, the first for none; segment: place of that of each person, one entry a person.
        customer: whether the company knows the person, one entry a person.
        outcomes, contacts: of the same people.
    """

    labels: tuple[str, ...]
    channels: tuple[str, ...]
    owners: Owners
    true: Labels
    found: Labels
    channel: Ints
    public: Bools
    asked: Floats
    answered: Floats
    answered_by: Ints
    went_public_from: Ints
    until: float
    segments: tuple[str, ...]
    segment: Ints
    customer: Bools
    outcomes: Outcomes
    contacts: Contacts


@dataclass(frozen=True)
class _Case:
    first: MentionTruth
    true: str | None
    found: str | None
    need: Need
    severe: bool
    matter: MatterTruth | None = None


def found_in(world: World, enricher: Enricher) -> dict[str, Enrichment]:
    """What enrichment finds of each mention of which the truth is known, by id."""
    mentions = list(
        {
            one.mention_id: one
            for one in world.recorded
            if isinstance(one, Mention) and one.mention_id in world.mentions
        }.values()
    )
    batches = (mentions[start : start + _BATCH] for start in range(0, len(mentions), _BATCH))
    return {
        one.mention_id: words
        for batch in batches
        for one, words in zip(batch, enricher.enrich(batch), strict=True)
    }


def cases_of(world: World, found: Mapping[str, Enrichment]) -> Cases:
    """Every matter is a case, of the first root cause that enrichment finds in its contacts.

    With found labels it is none if enrichment finds of none of its contacts that it wants an answer; and what
    truly is praise, talk or spam is one if enrichment finds that it does.
    """
    cases = [_of_matter(world, matter, found) for matter in world.matters]
    cases.extend(
        _Case(truth, None, first_cause(words), words.need, bool(words.severity))
        for name, words in found.items()
        if (truth := world.mentions[name]).matter_id is None and words.needs_response
    )
    cases = [case for case in cases if case.true is not None or case.found is not None]
    labels = tuple(sorted({name for case in cases for name in (case.true, case.found) if name is not None}))
    asked = asked_of(world, found)
    loud = [_went_public_from(world, case.matter) for case in cases]
    accounts = [(case.first.party, case.first.author) for case in cases]
    accounts.extend((case.first.party, name) for case, name in zip(cases, loud, strict=True) if name)
    others = len(accounts)
    accounts.extend((one.contact.party, one.contact.author) for one in asked)
    people = {name: place for place, name in enumerate(dict.fromkeys(name for name, _ in accounts))}
    told = _told_by_author(world)
    accounts.extend((one.party, one.author) for one, _ in told if one.party in people)
    owners = owners_of(*zip(*accounts, strict=True))
    went_public_from = np.full(len(cases), -1)
    went_public_from[[name is not None for name in loud]] = owners.account[len(cases) : others]
    begin = min(case.first.occurred_at for case in cases)
    answers = [case.matter.first_answer_channel if case.matter else None for case in cases]
    answered_at = [case.matter.first_answer_at if case.matter else None for case in cases]
    used = {*(case.first.channel for case in cases), *(one.contact.channel for one in asked)}
    channels = tuple(sorted({*used, *(name for name in answers if name)}))
    segment_of = {customer_party(one.customer_id): one.segment or "none" for one in world.customers}
    return Cases(
        labels,
        channels,
        Owners(owners.person[: len(cases)], owners.account[: len(cases)], owners.accounts),
        Labels(
            _places([case.true for case in cases], labels),
            _places([case.first.need for case in cases], NEEDS),
            np.array([bool(case.matter and case.matter.severity) for case in cases]),
            *_traits(told, accounts, owners, {name: truth.need for name, truth in world.mentions.items()}),
        ),
        Labels(
            _places([case.found for case in cases], labels),
            _places([case.need for case in cases], NEEDS),
            np.array([case.severe for case in cases]),
            *_traits(told, accounts, owners, {name: words.need for name, words in found.items()}),
        ),
        _places([case.first.channel for case in cases], channels),
        np.array([case.first.visibility == "public" for case in cases]),
        np.array([_hours(case.first.occurred_at, begin) for case in cases]),
        np.array([_hours(at, begin) for at in answered_at]),
        _places(answers, channels),
        went_public_from,
        _hours(world.as_of, begin),
        segments := ("none", *sorted({one.segment for one in world.customers if one.segment})),
        _places([segment_of.get(name, "none") for name in people], segments),
        np.array([name in segment_of for name in people]),
        _outcomes(world, people, begin),
        Contacts(
            Records(owners.person[others : others + len(asked)], len(people)),
            owners.account[others : others + len(asked)],
            _places([one.contact.channel for one in asked], channels),
            np.array([_hours(one.contact.occurred_at, begin) for one in asked]),
            _asks([one.true for one in asked], begin),
            _asks([one.found for one in asked], begin),
        ),
    )


def _of_matter(world: World, matter: MatterTruth, found: Mapping[str, Enrichment]) -> _Case:
    words = [found[name] for name in matter.contacts if name in found]
    asking = [one for one in words if one.needs_response]
    causes = (cause for one in words if (cause := first_cause(one)) != NO_CAUSE)
    first = world.mentions[matter.contacts[0]]
    return _Case(
        first,
        matter.root_cause,
        next(causes, NO_CAUSE) if asking else None,
        asking[0].need if asking else first.need,
        any(one.severity for one in words),
        matter,
    )


def first_cause(words: Enrichment) -> str:
    """The root cause that is found first and foremost."""
    return words.root_causes[0].node if words.root_causes else NO_CAUSE


def _went_public_from(world: World, matter: MatterTruth | None) -> str | None:
    if matter is None or matter.went_public_at is None:
        return None
    contacts = (world.mentions[name] for name in matter.contacts)
    return next(one.author for one in contacts if one.occurred_at == matter.went_public_at)


def _told_by_author(world: World) -> list[tuple[MentionTruth, Reach]]:
    """What was told of accounts' reach, and by what they said then."""
    return [
        (world.mentions[one.mention_id], one.reach)
        for one in world.recorded
        if isinstance(one, Mention) and one.reach and one.mention_id in world.mentions
    ]


def _traits(
    told: Sequence[tuple[MentionTruth, Reach]],
    accounts: Sequence[tuple[str, str]],
    owners: Owners,
    needs: Mapping[str, str],
) -> tuple[Ints, Ints]:
    """The highest reach and mark of each account, as `Labels` has them; `needs` are those of what was said."""
    place = dict(zip(accounts, owners.first_account[owners.person] + owners.account, strict=True))
    traits = np.zeros((2, int(owners.accounts.sum())), dtype=np.int64)
    for said, reach in told:
        account = place.get((said.party, said.author))
        if account is not None and needs[said.mention_id] not in NEVER_OPENS:
            traits[:, account] = np.maximum(traits[:, account], _trait(reach))
    return traits[0], traits[1]


def _trait(reach: Reach) -> tuple[int, int]:
    band = 0 if reach.followers is None else 1 + bisect_right(_BOUNDS, reach.followers)
    return band, 0 if reach.verified is None else 1 + reach.verified


def _outcomes(world: World, people: Mapping[str, int], begin: datetime) -> Outcomes:
    person = [people.get(customer_party(one.customer_id)) for one in world.outcomes]
    known = [(place, one) for place, one in zip(person, world.outcomes, strict=True) if place is not None]
    return Outcomes(
        Records(np.array([place for place, _ in known], dtype=np.int64), len(people)),
        _places([one.kind for _, one in known], OUTCOMES),
        np.array([_hours(one.occurred_at, begin) for _, one in known]),
        np.array([one.value for _, one in known]),
    )


def _asks(asks: Sequence[Ask | None], begin: datetime) -> Asks:
    return Asks(
        np.array([one is not None for one in asks]),
        _places([one.queue if one else None for one in asks], QUEUES),
        np.array([_hours(one.vanished_at if one else None, begin) for one in asks]),
    )


def _places(names: Sequence[str | None], all_names: tuple[str, ...]) -> Ints:
    place = {name: number for number, name in enumerate(all_names)}
    return np.array([NO_CASE if name is None else place[name] for name in names], dtype=np.int64)


def _hours(at: datetime | None, begin: datetime) -> float:
    return float("inf") if at is None else (at - begin).total_seconds() / 3600
