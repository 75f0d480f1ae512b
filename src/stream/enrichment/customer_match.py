"""Which customer an author is: by keys that agree exactly, else by several weak agreements weighed together.

A person's confirmation comes before all. Else each verified handle, e-mail address, phone number and order
number of the author is looked up in the customer table (all in the normal forms of `identity`). The author
is a customer if at least one of these keys is that customer's alone, and no other key points to others only.
A key that several customers share (a family's phone) does not tell which of them it is. A customer whom a
person rejected is never matched. Where no key tells, `weighed_match` is asked, unless the rules limit matching
to exact keys: these never look at names.
"""

from collections.abc import Iterator
from datetime import datetime
from threading import Lock
from typing import Any, Literal, NamedTuple, Self

import orjson

from listener.domain.contract import format_utc
from listener.domain.customer import Customer, Detail, Handle
from listener.domain.enriched import Match
from listener.domain.ids import hash64
from listener.domain.quick_read import maker
from stream.enrichment.identity import AuthorIdentity, normal_email, normal_handle, normal_phone
from stream.enrichment.key_table import KeyTable
from stream.enrichment.linkage.values import Record
from stream.enrichment.linkage.weights import Fields
from stream.enrichment.match_rules import MatchRules
from stream.enrichment.occurrences import Occurrences
from stream.enrichment.record_store import RecordStore
from stream.enrichment.references import normal_reference
from stream.enrichment.weighed_match import (
    MOST_COMPARED,
    MOST_IN_BLOCK,
    Comparer,
    Verdict,
    chance_in_words,
    details_by_field,
)

MAX_CANDIDATES = 10
MAX_FOUND = 10_000
"""Answers that are remembered while no customer changes: most who are heard have been heard before."""

Method = Literal["handle", "email", "phone", "reference"]
_make_match = maker(Match)
_make_customer, _make_handle, _make_detail = maker(Customer), maker(Handle), maker(Detail)


class Key(NamedTuple):
    """Something by which a customer can be told; handles belong to a kind of source."""

    method: Method
    value: str
    source_kind: str = ""

    @property
    def hash(self) -> int:
        """The number under which it is kept."""
        return hash64("\0".join(self))

    def __str__(self) -> str:
        """In words for a person, without giving the whole of what is private."""
        if self.method == "handle":
            return f"account {self.value} on {self.source_kind}"
        if self.method == "email":
            local, _, domain = self.value.partition("@")
            return f"e-mail {local[0]}…@{domain}"
        if self.method == "reference":
            return f"number {self.value[:2]}…{self.value[-2:]}"
        return f"phone {self.value[:3]}…{self.value[-2:]}"


class CustomerIndex:
    """The customer table, indexed by key; may be read and changed by several threads.

    Records are kept packed, end to end, and keys as hashes that are checked against the record on each hit: a
    million customers are to fit beside all else that a worker needs (`bench matcher`).

    Args:
        default_region: region of the customers' phone numbers without ``+`` (see `normal_phone`).
        rules: how authors are matched; those that ship where None.
    """

    def __init__(self, default_region: str | None = None, rules: MatchRules | None = None) -> None:
        self._region = default_region
        self._rules = rules or MatchRules()
        self._comparer = None if self._rules.mode == "exact" else Comparer(self._rules.weights)
        self._occurrences = Occurrences()
        self.version = self._rules.version
        self._unknown = Match(status="unknown", version=self.version)
        self._records = RecordStore()
        self._ids = KeyTable()
        self._keys = KeyTable()
        self._lock = Lock()
        self._found: dict[tuple[object, ...], Match] = {}

    def __len__(self) -> int:
        return len(self._records)

    def put(self, customer: Customer) -> None:
        """Adds a customer, or replaces the record with the same id."""
        record = _Record.of(customer, self._region)
        with self._lock:
            slot = self._slot(customer.customer_id)
            if slot is None:
                slot = self._records.add(record.packed())
                self._ids.add(hash64(customer.customer_id), slot)
            else:
                self._forget_keys(slot)
                self._records.replace(slot, record.packed())
            for key in record.own_keys():
                self._keys.add(key.hash, slot)
            comparable = self._comparable(record)
            self._count(comparable, 1)
            for hashed in self._weak_keys(comparable):
                self._keys.add(hashed, slot)
            self._found = {}

    def remove(self, customer_id: str) -> None:
        """Removes a customer, if there."""
        with self._lock:
            slot = self._slot(customer_id)
            if slot is None:
                return
            self._forget_keys(slot)
            self._ids.discard(hash64(customer_id), slot)
            self._records.remove(slot)
            self._found = {}

    def get(self, customer_id: str) -> Customer | None:
        """The customer's record, if there."""
        with self._lock:
            slot = self._slot(customer_id)
            return None if slot is None else self._record(slot).customer()

    def comparable(self) -> list[Record]:
        """All customers as they are weighed; without anything to weigh where only exact keys count."""
        with self._lock:
            return [self._comparable(_Record.unpacked(packed)) for packed in self._records]

    def match(
        self, identity: AuthorIdentity, confirmed: str | None = None, rejected: frozenset[str] = frozenset()
    ) -> Match:
        """Which customer the author is.

        Args:
            identity: what is known of the author.
            confirmed: the customer that a person said it is, in the table or not.
            rejected: customers that a person said it is not.
        """
        if confirmed is not None:
            named = _named(self.get(confirmed), confirmed)
            evidence = f"a person confirmed that {identity.author} is {named}"
            return Match(
                status="matched",
                customer_id=confirmed,
                method="confirmed",
                evidence=(evidence,),
                version=self.version,
            )
        keys = _keys_of_author(identity)
        asked = self._asked(identity, keys, rejected)
        found = self._found  # if it is replaced meanwhile, the answer is remembered nowhere
        match = found.get(asked)
        if match is None:
            match = self._match(identity, keys, rejected)
            if len(found) >= MAX_FOUND:
                found.clear()
            found[asked] = match
        return match

    def _match(self, identity: AuthorIdentity, keys: "list[Key]", rejected: frozenset[str]) -> Match:
        hashed = [key.hash for key in keys]
        owners = self._owners(keys, hashed, rejected)
        if not owners:
            return self._weighed(identity, hashed, rejected, None) or self._unknown
        possible = {record.customer_id for record in owners[0].allowed}
        for held in owners[1:]:
            possible &= {record.customer_id for record in held.allowed}
        telling = [held for held in owners if not held.shared and held.allowed[0].customer_id in possible]
        evidence_of_all = tuple(dict.fromkeys(held.in_words() for held in owners))
        if telling:
            return _make_match(
                status="matched",
                customer_id=telling[0].allowed[0].customer_id,
                method=telling[0].key.method,
                evidence=evidence_of_all,
                version=self.version,
            )
        found = self._weighed(identity, hashed, rejected, possible) if possible else None
        if found is not None and found.status == "matched":
            return found.model_copy(update={"evidence": (*evidence_of_all, *found.evidence)})
        candidates = {c.customer_id for held in owners for c in held.allowed}
        return _make_match(
            status="ambiguous",
            evidence=evidence_of_all,
            candidates=tuple(sorted(candidates)[:MAX_CANDIDATES]),
            version=self.version,
        )

    def _asked(
        self, identity: AuthorIdentity, keys: "list[Key]", rejected: frozenset[str]
    ) -> tuple[object, ...]:
        """What an answer depends on while no customer changes."""
        exact = (*keys, rejected)
        if self._comparer is None:
            return exact
        return (*exact, identity.names, identity.handles, identity.places, identity.details)

    def _weighed(
        self,
        identity: AuthorIdentity,
        exact: list[int],
        rejected: frozenset[str],
        possible: set[str] | None,
    ) -> Match | None:
        """What weak agreements say; None where they say nothing.

        Args:
            exact: hashes of the author's keys.
            possible: whom the exact keys leave; None where there are none.
        """
        comparer = self._comparer
        if comparer is None:
            return None
        ours = comparer.author_record(identity)
        with self._lock:
            records, unseen = self._candidates(exact, ours)
            if not records:
                return None
            count = len(self)
            occurrences = self._occurring
            weighed = comparer.weigh(
                ours,
                ((record.customer_id, self._comparable(record)) for record in records),
                occurrences,
                count,
            )
            verdict = comparer.verdict(weighed, rejected, unseen, count)
            if verdict.best is not None and possible is not None and verdict.best.customer_id not in possible:
                return None
            return self._of_verdict(comparer, verdict, {r.customer_id: r for r in records}, count)

    def _candidates(self, exact: list[int], ours: Record) -> tuple[list["_Record"], float]:
        """Customers who share a key with the author, and the most bits that others in a crowd could have."""
        comparer = self._comparer
        if comparer is None:
            return [], 0.0
        keys: list[tuple[Fields, int]] = [((), hashed) for hashed in exact]
        keys += [(fields, hash64(f"weak\0{key}")) for fields, key in comparer.blocking.keys(ours)]
        count = self._keys.count
        shared = [(size, fields, hashed) for fields, hashed in keys if (size := count(hashed))]
        slots: set[int] = set()
        crowded = set[Fields]()
        for size, fields, hashed in sorted(shared):
            if size > MOST_IN_BLOCK or len(slots) + size > MOST_COMPARED:
                crowded.add(fields)
            else:
                slots.update(self._keys.find(hashed))
        unseen = float("-inf")
        if crowded and slots:
            looked_through = {fields for fields, _ in keys} - crowded - {()}
            unseen = comparer.scorer.most(ours, looked_through, self._occurring, len(self))
        return [self._record(slot) for slot in sorted(slots)], unseen

    def _of_verdict(
        self, comparer: Comparer, verdict: Verdict, records: dict[str, "_Record"], count: int
    ) -> Match | None:
        best = verdict.best
        if best is not None:
            next_best = (
                "nobody else is like it"
                if verdict.ahead > 60
                else f"the next best is {verdict.ahead:.1f} bits behind"
            )
            chance = f"the chance that it is somebody else is {chance_in_words(verdict.odds)}, {next_best}"
            evidence = (
                *comparer.in_words(best, self._occurring, count),
                f"together {_named(records[best.customer_id], best.customer_id)}: " + chance,
            )
            return _make_match(
                status="matched",
                customer_id=best.customer_id,
                method="weighed",
                evidence=evidence,
                version=self.version,
            )
        if not verdict.close:
            return None
        ids = [one.customer_id for one in verdict.close]
        whose = " and ".join(_named(records[customer_id], customer_id) for customer_id in ids[:3])
        return _make_match(
            status="ambiguous",
            evidence=(
                f"{whose}: which of them it is cannot be told from what agrees, or somebody else like them",
            ),
            candidates=tuple(sorted(ids)[:MAX_CANDIDATES]),
            version=self.version,
        )

    def _occurring(self, field: str, value: str) -> int:
        return self._occurrences.count(f"{field}\0{value}")

    def _comparable(self, record: "_Record") -> Record:
        """A customer's record as it is weighed."""
        if self._comparer is None:
            return {}
        return self._comparer.record(
            record.names,
            (*(handle for _, handle in record.handles), *record.emails),
            record.normal_phones,
            record.places or (),
            details_by_field(record.details or ()),
        )

    def _weak_keys(self, comparable: Record) -> Iterator[int]:
        if self._comparer is not None:
            for _, key in self._comparer.blocking.keys(comparable):
                yield hash64(f"weak\0{key}")

    def _count(self, comparable: Record, count: int) -> None:
        for field, values in comparable.items():
            for value in values:
                self._occurrences.add(f"{field}\0{value}", count)

    def _owners(self, keys: "list[Key]", hashed: list[int], rejected: frozenset[str]) -> list["_Owners"]:
        """Each of the author's keys that customers have, the strongest first."""
        with self._lock:
            held = [
                (key, [self._record(slot) for slot in slots[: MAX_CANDIDATES + len(rejected)]])
                for key, number in zip(keys, hashed, strict=True)
                if (slots := self._keys.find(number))
            ]
        found: list[_Owners] = []
        for key, records in held:
            owners = [record for record in records if record.has(key)]
            if len(owners) > 1:
                owners.sort(key=lambda record: record.customer_id)
            allowed = [record for record in owners if record.customer_id not in rejected]
            if allowed:
                found.append(_Owners(key, allowed, shared=len(owners) > 1))
        return found

    def _slot(self, customer_id: str) -> int | None:
        for slot in self._ids.find(hash64(customer_id)):
            if self._record(slot).customer_id == customer_id:
                return slot
        return None

    def _record(self, slot: int) -> "_Record":
        return _Record.unpacked(self._records.get(slot))

    def _forget_keys(self, slot: int) -> None:
        record = self._record(slot)
        for key in record.own_keys():
            self._keys.discard(key.hash, slot)
        comparable = self._comparable(record)
        self._count(comparable, -1)
        for hashed in self._weak_keys(comparable):
            self._keys.discard(hashed, slot)


class _Owners(NamedTuple):
    """A key of the author's, and the customers who have it and were not rejected."""

    key: Key
    allowed: "list[_Record]"
    shared: bool
    """Several customers have it, rejected ones counted: a person's no to one is not a yes to another."""

    def in_words(self) -> str:
        whose = " and ".join(_named(record, record.customer_id) for record in self.allowed[:3])
        others = " and others" if len(self.allowed) > 3 else ""
        return f"{self.key} belongs to {whose}{others} in the customer table"


class _Record(NamedTuple):
    """A customer as the index keeps it: lists and texts, which are packed small and read fast."""

    customer_id: str
    emails: list[str]
    phones: list[str]
    handles: list[list[str]]
    """[source kind, handle]."""
    names: list[str]
    segment: str | None = None
    preferred_channel: str | None = None
    consent: dict[str, bool] | None = None
    updated_at: str | None = None
    places: list[str] | None = None
    references: list[str] | None = None
    details: list[list[str]] | None = None
    """[field, value]."""
    numbers: list[str] | None = None
    """The phones in normal form, where that is not as they are: to find it takes longer than all else."""

    @property
    def normal_phones(self) -> list[str]:
        """The phones in normal form; what is none is left out."""
        return self.phones if self.numbers is None else self.numbers

    def own_keys(self) -> Iterator[Key]:
        """By what the customer can be told."""
        for source_kind, handle in self.handles:
            if name := normal_handle(handle):
                yield Key("handle", name, source_kind)
        for text in self.emails:
            if email := normal_email(text):
                yield Key("email", email)
        for phone in self.normal_phones:
            yield Key("phone", phone)
        for text in self.references or ():
            if number := normal_reference(text):
                yield Key("reference", number)

    def has(self, key: Key) -> bool:
        """Whether a key is among its own."""
        match key.method:
            case "handle":
                return any(
                    kind == key.source_kind and normal_handle(handle) == key.value
                    for kind, handle in self.handles
                )
            case "email":
                return any(normal_email(text) == key.value for text in self.emails)
            case "phone":
                return key.value in self.normal_phones
            case _:
                return any(normal_reference(text) == key.value for text in self.references or ())

    @classmethod
    def of(cls, customer: Customer, region: str | None) -> Self:
        """The record of a customer.

        Args:
            region: as for `normal_phone`.
        """
        phones = list(customer.phones)
        numbers = [phone for text in phones if (phone := normal_phone(text, region))]
        return cls(
            customer.customer_id,
            list(customer.emails),
            phones,
            [[handle.source_kind, handle.handle] for handle in customer.handles],
            list(customer.names),
            customer.segment,
            customer.preferred_channel,
            customer.consent or None,
            None if customer.updated_at is None else format_utc(customer.updated_at),
            list(customer.places) or None,
            list(customer.references) or None,
            [[told.field, told.value] for told in customer.details] or None,
            None if numbers == phones else numbers,
        )

    def packed(self) -> bytes:
        """JSON of the values in their order; what is not there at the end is left out."""
        values: list[Any] = list(self)
        while values[-1] is None:
            values.pop()
        return orjson.dumps(values)

    @classmethod
    def unpacked(cls, packed: bytes) -> Self:
        """What was packed."""
        return cls(*orjson.loads(packed))

    def customer(self) -> Customer:
        """The customer as it came."""
        return _make_customer(
            customer_id=self.customer_id,
            names=tuple(self.names),
            emails=tuple(self.emails),
            phones=tuple(self.phones),
            handles=tuple([_make_handle(source_kind=kind, handle=handle) for kind, handle in self.handles]),
            segment=self.segment,
            preferred_channel=self.preferred_channel,
            consent=self.consent or {},
            updated_at=None if self.updated_at is None else datetime.fromisoformat(self.updated_at),
            places=tuple(self.places or ()),
            references=tuple(self.references or ()),
            details=tuple([_make_detail(field=field, value=value) for field, value in self.details or ()]),
        )


def _keys_of_author(identity: AuthorIdentity) -> list[Key]:
    """The strongest first."""
    keys = [Key("handle", handle, identity.source_kind) for handle in identity.verified_handles]
    if identity.emails:
        keys += [Key("email", email) for email in identity.emails]
    if identity.phones:
        keys += [Key("phone", phone) for phone in identity.phones]
    if identity.references:
        keys += [Key("reference", number) for number in identity.references]
    return keys


def _named(customer: Customer | _Record | None, customer_id: str) -> str:
    return f"{customer.names[0]} ({customer_id})" if customer and customer.names else customer_id
