"""How right the customer match is, on records of which it is known who is who.

Two ways. *Linkage*: records of one side are customers, those of the other are authors, who are looked up in
the very index of the stream; once with all of them among the customers, once with a random half of the
people left out: then every link of those is false. All records of who is left out are looked up, and the half
is drawn as often as wanted, since so rare an error shows in many lookups only. *Clusters*: one table in
which people occur several times is put together by mean weight. The weights are estimated from the
records, without their labels.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, exp, lgamma, log, log1p, log2, sqrt
from random import Random
from typing import Any, NamedTuple

from listener.domain.customer import Customer, Detail
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.identity import AuthorIdentity
from stream.enrichment.linkage.blocking import Blocking
from stream.enrichment.linkage.clusters import cluster
from stream.enrichment.linkage.estimate import candidate_pairs, estimate
from stream.enrichment.linkage.usual import usual_field
from stream.enrichment.linkage.values import Kind, Record, normal_values
from stream.enrichment.linkage.weights import Comparison, FieldWeights, Scorer, Weights
from stream.enrichment.match_rules import MatchRules

_Z = 1.959964
"""Of an interval of 95 %."""
KINDS: Mapping[str, Kind] = {
    "given_name": "given",
    "first_name": "given",
    "forename": "given",
    "surname": "surname",
    "last_name": "surname",
    "family_name": "surname",
    "street_number": "choice",
    "address_1": "text",
    "address_2": "text",
    "address": "text",
    "street": "text",
    "suburb": "place",
    "city": "place",
    "town": "place",
    "place": "place",
    "postcode": "code",
    "zip": "code",
    "state": "choice",
    "date_of_birth": "date",
    "dob": "date",
    "soc_sec_id": "code",
    "phone": "code",
    "email": "email",
}
"""Usual names of columns to how they are compared."""
_OWN: Mapping[Kind, str] = {"given": "given", "surname": "surname"}


@dataclass(frozen=True)
class Person:
    """A record.

    Attributes:
        name: of the record.
        person: who it truly is about.
        known: whether it is a customer's record; else what an author tells.
        fields: by column, as written.
    """

    name: str
    person: str
    known: bool
    fields: Mapping[str, str]


def weights_of(kinds: Mapping[str, Kind]) -> Weights:
    """What ships for columns of these kinds; postcodes and the like are shared, and make keys with another
    field."""
    fields: dict[str, FieldWeights] = {}
    for column, kind in kinds.items():
        shared = column in ("postcode", "zip")
        usual = usual_field(kind)
        name = _OWN.get(kind, column)
        fields[name] = usual.model_copy(update={"block": "paired"}) if shared else usual
    return Weights(fields=fields)


def interval(hits: int, of: int) -> list[float] | None:
    """Wilson's interval of a share, 95 % (Wilson 1927); None of nothing."""
    if of == 0:
        return None
    share, square = hits / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return [round(max(0.0, middle - half), 6), round(min(1.0, middle + half), 6)]


def _share(hits: int, of: int) -> dict[str, Any]:
    return {
        "value": round(hits / of, 6) if of else None,
        "interval": interval(hits, of),
        "hits": hits,
        "of": of,
    }


def upper_bound(hits: int, of: int) -> float | None:
    """The largest share that so few hits do not speak against at 95 %, from one side (Clopper & Pearson 1934).

    Without hits it is about 3 in `of`. None of nothing.
    """
    if of == 0:
        return None
    if hits == of:
        return 1.0
    low, high = 0.0, 1.0
    chosen = [lgamma(of + 1) - lgamma(few + 1) - lgamma(of - few + 1) for few in range(hits + 1)]
    for _ in range(60):
        middle = (low + high) / 2
        so_few = sum(
            exp(ways + few * log(middle) + (of - few) * log1p(-middle)) for few, ways in enumerate(chosen)
        )
        low, high = (middle, high) if so_few > 0.05 else (low, middle)
    return high


class Evaluation(NamedTuple):
    """What was found.

    Attributes:
        figures: for JSON.
        weights: as estimated from all records.
    """

    figures: dict[str, Any]
    weights: Weights


def evaluate_linkage(
    people: Sequence[Person], kinds: Mapping[str, Kind], seed: int = 1, splits: int = 1
) -> Evaluation:
    """Looks authors up among customers.

    Args:
        seed: of the halves that are left out.
        splits: how many are drawn.

    Returns:
        Precision and recall with all people among the customers, and in the open set over all halves.
    """
    everyone = sorted({one.person for one in people if one.known})
    closed, weights = _linked(people, kinds, frozenset(everyone))
    chance = Random(seed)  # noqa: S311  # a sample, no secret
    counted: Counter[str] = Counter()
    for _ in range(splits):
        chosen = list(everyone)
        chance.shuffle(chosen)
        counted += _linked(people, kinds, frozenset(chosen[: len(chosen) // 2]))[0]
    return Evaluation({"closed": _figures(closed), "open": _figures(counted) | {"splits": splits}}, weights)


def _figures(counted: Counter[str]) -> dict[str, Any]:
    absent = _share(counted["false"], counted["absent"])
    if counted["absent"]:
        absent["at_most"] = upper_bound(counted["false"], counted["absent"])
    return {
        "customers": counted["customers"],
        "authors": counted["present"] + counted["absent"],
        "precision": _share(counted["right"], counted["linked"]),
        "recall": _share(counted["right"], counted["present"]),
        "false_links_of_absent": absent,
    }


def _linked(
    people: Sequence[Person], kinds: Mapping[str, Kind], present: frozenset[str]
) -> tuple[Counter[str], Weights]:
    customers = [one for one in people if one.known and one.person in present]
    authors = [one for one in people if not one.known or one.person not in present]
    weights = weights_of(kinds)
    weights = estimate(
        weights, [_record(one, kinds) for one in authors], [_record(one, kinds) for one in customers]
    ).weights
    index = CustomerIndex(rules=MatchRules(weights=weights))
    for one in customers:
        details = tuple(Detail(field=field, value=value) for field, value in _told(one, kinds))
        index.put(Customer(customer_id=one.name, details=details))
    person_of = {one.name: one.person for one in customers}
    counted: Counter[str] = Counter()
    for one in authors:
        told = tuple(f"{field}={value}" for field, value in _told(one, kinds))
        match = index.match(AuthorIdentity(author=f"file:{one.name}", source_kind="file", details=told))
        linked = person_of.get(match.customer_id or "")
        counted["present" if one.person in present else "absent"] += 1
        if linked is not None:
            counted["linked"] += 1
            counted["right"] += linked == one.person
            counted["false"] += one.person not in present
    counted["customers"] = len(customers)
    return counted, weights


def _told(one: Person, kinds: Mapping[str, Kind]) -> list[tuple[str, str]]:
    return [
        (_OWN.get(kind, column), value)
        for column, kind in kinds.items()
        if (value := one.fields.get(column, "").strip())
    ]


def _record(one: Person, kinds: Mapping[str, Kind]) -> Record:
    return {
        _OWN.get(kind, column): values
        for column, kind in kinds.items()
        if (values := normal_values(kind, [one.fields.get(column, "")]))
    }


def evaluate_clusters(people: Sequence[Person], kinds: Mapping[str, Kind]) -> Evaluation:
    """Puts a table together.

    Returns:
        Precision and recall over pairs of records.
    """
    records = [_record(one, kinds) for one in people]
    found = estimate(weights_of(kinds), records)
    scorer = Scorer(found.weights)
    pairs = candidate_pairs(records, None, Blocking(found.weights))
    counts = Counter(
        (field, value) for record in records for field, values in record.items() for value in values
    )
    prior = log2(max(found.matches, 1.0) / comb(len(records), 2))
    beside: dict[int, Comparison] = {}

    def odds(one: int, other: int) -> float:
        first = min(one, other)
        if first not in beside:
            beside[first] = scorer.beside(
                records[first], lambda field, value: counts[field, value], len(records)
            )
        return prior + sum(agreed.bits for agreed in beside[first].agreements(records[max(one, other)]))

    clusters = cluster(len(records), pairs, odds)
    joined = [pair for members in clusters for pair in combinations(members, 2)]
    right = sum(people[one].person == people[other].person for one, other in joined)
    true = sum(comb(size, 2) for size in Counter(one.person for one in people).values())
    figures = {
        "records": len(records),
        "clusters": len(clusters),
        "precision": _share(right, len(joined)),
        "recall": _share(right, true),
    }
    return Evaluation({"clusters": figures}, found.weights)
