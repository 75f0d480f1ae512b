"""The cases of a simulated company as they are true, and as labels that err make them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from listener.domain.enriched import NO_CAUSE, Enrichment
from listener.domain.ids import customer_party
from listener.domain.mention import Mention
from listener.evaluation.drawn_people import Owners, owners_of
from listener.evaluation.triage import World
from listener.simulator.truth import MatterTruth, MentionTruth
from listener.statistics.interval import Floats, Ints
from stream.enrichment.pipeline import Enricher

NO_CASE: Final = -1
_BATCH: Final = 1000

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Cases:
    """Cases of a company's people, one entry each.

    Attributes:
        labels, channels: their names.
        owners: whose they are, by the account of the first contact.
        true, found: place of the root cause's label; `NO_CASE` where there is none in truth, or as labels err.
        channel: place of the first contact's; public: it could be seen.
        asked, answered: hours since the first; infinite where no person answered.
        answered_by: place of the channel of the first answer; -1 where there was none.
        went_public_from: account of its owner from which a public contact came after a failed private one; -1
            where none came.
        until: hours at which history ends.
        segments: their names, the first for none; segment: place of that of the customer behind the case.
    """

    labels: tuple[str, ...]
    channels: tuple[str, ...]
    owners: Owners
    true: Ints
    found: Ints
    channel: Ints
    public: Bools
    asked: Floats
    answered: Floats
    answered_by: Ints
    went_public_from: Ints
    until: float
    segments: tuple[str, ...]
    segment: Ints


@dataclass(frozen=True)
class _Case:
    first: MentionTruth
    true: str | None
    found: str | None
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
        _Case(truth, None, first_cause(words))
        for name, words in found.items()
        if (truth := world.mentions[name]).matter_id is None and words.needs_response
    )
    cases = [case for case in cases if case.true is not None or case.found is not None]
    labels = tuple(sorted({name for case in cases for name in (case.true, case.found) if name is not None}))
    answers = [case.matter.first_answer_channel if case.matter else None for case in cases]
    answered_at = [case.matter.first_answer_at if case.matter else None for case in cases]
    channels = tuple(sorted({*(case.first.channel for case in cases), *(name for name in answers if name)}))
    accounts = [(case.first.party, case.first.author) for case in cases]
    loud = [_went_public_from(world, case.matter) for case in cases]
    accounts.extend((case.first.party, name) for case, name in zip(cases, loud, strict=True) if name)
    owners = owners_of(*zip(*accounts, strict=True))
    went_public_from = np.full(len(cases), -1)
    went_public_from[[name is not None for name in loud]] = owners.account[len(cases) :]
    segment_of = {customer_party(one.customer_id): one.segment or "none" for one in world.customers}
    begin = min(case.first.occurred_at for case in cases)
    return Cases(
        labels,
        channels,
        replace(owners, person=owners.person[: len(cases)], account=owners.account[: len(cases)]),
        _places([case.true for case in cases], labels),
        _places([case.found for case in cases], labels),
        _places([case.first.channel for case in cases], channels),
        np.array([case.first.visibility == "public" for case in cases]),
        np.array([_hours(case.first.occurred_at, begin) for case in cases]),
        np.array([_hours(at, begin) for at in answered_at]),
        _places(answers, channels),
        went_public_from,
        _hours(world.as_of, begin),
        segments := ("none", *sorted({one.segment for one in world.customers if one.segment})),
        _places([segment_of.get(case.first.party, "none") for case in cases], segments),
    )


def _of_matter(world: World, matter: MatterTruth, found: Mapping[str, Enrichment]) -> _Case:
    words = [found[name] for name in matter.contacts if name in found]
    causes = (cause for one in words if (cause := first_cause(one)) != NO_CAUSE)
    seen = any(one.needs_response for one in words)
    first = world.mentions[matter.contacts[0]]
    return _Case(first, matter.root_cause, next(causes, NO_CAUSE) if seen else None, matter)


def first_cause(words: Enrichment) -> str:
    """The root cause that is found first and foremost."""
    return words.root_causes[0].node if words.root_causes else NO_CAUSE


def _went_public_from(world: World, matter: MatterTruth | None) -> str | None:
    if matter is None or matter.went_public_at is None:
        return None
    contacts = (world.mentions[name] for name in matter.contacts)
    return next(one.author for one in contacts if one.occurred_at == matter.went_public_at)


def _places(names: Sequence[str | None], all_names: tuple[str, ...]) -> Ints:
    place = {name: number for number, name in enumerate(all_names)}
    return np.array([NO_CASE if name is None else place[name] for name in names], dtype=np.int64)


def _hours(at: datetime | None, begin: datetime) -> float:
    return float("inf") if at is None else (at - begin).total_seconds() / 3600
