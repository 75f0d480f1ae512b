"""How right the customer match is, on records of which it is known who is who.

Two ways. *Linkage*: records of one side are customers, those of the other are authors, who are looked up in
the very index of the stream; once with all of them among the customers, once with a random half of the
people left out: then every link of those is false. *Clusters*: one table in which people occur several times
is put together by mean weight. The weights are estimated from the records, without their labels.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, log2, sqrt
from random import Random
from typing import Any

from listener.domain.customer import Customer, Detail
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.identity import AuthorIdentity
from stream.enrichment.linkage.blocking import Blocking
from stream.enrichment.linkage.clusters import cluster
from stream.enrichment.linkage.estimate import candidate_pairs, estimate
from stream.enrichment.linkage.usual import usual_field
from stream.enrichment.linkage.values import Kind, Record, normal_values
from stream.enrichment.linkage.weights import FieldWeights, Scorer, Weights
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


def evaluate_linkage(people: Sequence[Person], kinds: Mapping[str, Kind], seed: int = 1) -> dict[str, Any]:
    """Looks authors up among customers.

    Returns:
        For JSON: precision and recall with all people among the customers, and in the open set.
    """
    everyone = sorted({one.person for one in people if one.known})
    chosen = list(everyone)
    Random(seed).shuffle(chosen)  # noqa: S311  # a sample, no secret
    return {
        "closed": _linked(people, kinds, frozenset(everyone)),
        "open": _linked(people, kinds, frozenset(chosen[: len(chosen) // 2])),
    }


def _linked(people: Sequence[Person], kinds: Mapping[str, Kind], present: frozenset[str]) -> dict[str, Any]:
    customers = [one for one in people if one.known and one.person in present]
    authors = [one for one in people if not one.known]
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
    return {
        "customers": len(customers),
        "authors": len(authors),
        "precision": _share(counted["right"], counted["linked"]),
        "recall": _share(counted["right"], counted["present"]),
        "false_links_of_absent": _share(counted["false"], counted["absent"]),
    }


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


def evaluate_clusters(people: Sequence[Person], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Puts a table together.

    Returns:
        For JSON: precision and recall over pairs of records.
    """
    records = [_record(one, kinds) for one in people]
    found = estimate(weights_of(kinds), records)
    scorer = Scorer(found.weights)
    pairs = candidate_pairs(records, None, Blocking(found.weights))
    counts = Counter(
        (field, value) for record in records for field, values in record.items() for value in values
    )
    prior = log2(max(found.matches, 1.0) / comb(len(records), 2))

    def odds(one: int, other: int) -> float:
        told = scorer.compare(
            records[min(one, other)],
            records[max(one, other)],
            lambda field, value: counts[field, value],
            len(records),
        )
        return prior + sum(agreed.bits for agreed in told)

    clusters = cluster(len(records), pairs, odds)
    joined = [pair for members in clusters for pair in combinations(members, 2)]
    right = sum(people[one].person == people[other].person for one, other in joined)
    true = sum(comb(size, 2) for size in Counter(one.person for one in people).values())
    return {
        "records": len(records),
        "clusters": len(clusters),
        "precision": _share(right, len(joined)),
        "recall": _share(right, true),
    }
