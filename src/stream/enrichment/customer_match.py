"""Which customer an author is: only by keys that agree exactly, and nobody where they point to two.

A person's confirmation comes before all. Else each verified handle, e-mail address and phone number of the
author is looked up in the customer table (all in the normal forms of `identity`). The author is a customer if
at least one of these keys is that customer's alone, and no other key points to others only. A key that several
customers share (a family's phone) does not tell which of them it is. A customer whom a person rejected is
never matched. Names are never looked at.
"""

from collections.abc import Iterator
from datetime import datetime
from threading import Lock
from typing import Any, Literal, NamedTuple, Self

import orjson

from listener.domain.contract import format_utc
from listener.domain.customer import Customer, Handle
from listener.domain.enriched import Match
from listener.domain.ids import hash64
from stream.enrichment.identity import AuthorIdentity, normal_email, normal_handle, normal_phone
from stream.enrichment.key_table import KeyTable

VERSION = "exact-1"
MAX_CANDIDATES = 10
MAX_FOUND = 10_000
"""Answers that are remembered while no customer changes: most who are heard have been heard before."""
UNKNOWN = Match(status="unknown")

Method = Literal["handle", "email", "phone"]


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
        return f"phone {self.value[:3]}…{self.value[-2:]}"


class CustomerIndex:
    """The customer table, indexed by key; may be read and changed by several threads.

    Records are kept packed and keys as 64-bit hashes, checked against the record on each hit, so that a
    million customers with four keys each take about 400 MiB.

    Args:
        default_region: region of the customers' phone numbers without ``+`` (see `normal_phone`).
    """

    def __init__(self, default_region: str | None = None) -> None:
        self._region = default_region
        self._records: list[bytes | None] = []
        self._free: list[int] = []
        self._ids = KeyTable()
        self._keys = KeyTable()
        self._lock = Lock()
        self._found: dict[tuple[object, ...], Match] = {}

    def __len__(self) -> int:
        return len(self._records) - len(self._free)

    def put(self, customer: Customer) -> None:
        """Adds a customer, or replaces the record with the same id."""
        record = _Record.of(customer)
        with self._lock:
            slot = self._slot(customer.customer_id)
            if slot is None:
                slot = self._new_slot()
                self._ids.add(hash64(customer.customer_id), slot)
            else:
                self._forget_keys(slot)
            self._records[slot] = record.packed()
            for key in self._keys_of(record):
                self._keys.add(key.hash, slot)
            self._found = {}

    def remove(self, customer_id: str) -> None:
        """Removes a customer, if there."""
        with self._lock:
            slot = self._slot(customer_id)
            if slot is None:
                return
            self._forget_keys(slot)
            self._ids.discard(hash64(customer_id), slot)
            self._records[slot] = None
            self._free.append(slot)
            self._found = {}

    def get(self, customer_id: str) -> Customer | None:
        """The customer's record, if there."""
        with self._lock:
            slot = self._slot(customer_id)
            return None if slot is None else self._record(slot).customer()

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
            return Match(status="matched", customer_id=confirmed, method="confirmed", evidence=(evidence,))
        asked = (*_keys_of_author(identity), rejected)
        found = self._found  # if it is replaced meanwhile, the answer is remembered nowhere
        match = found.get(asked)
        if match is None:
            match = self._match(identity, rejected)
            if len(found) >= MAX_FOUND:
                found.clear()
            found[asked] = match
        return match

    def _match(self, identity: AuthorIdentity, rejected: frozenset[str]) -> Match:
        owners = self._owners(identity, rejected)
        if not owners:
            return UNKNOWN
        possible = set[str].intersection(*({c.customer_id for c in held.allowed} for held in owners))
        telling = [held for held in owners if not held.shared and held.allowed[0].customer_id in possible]
        evidence_of_all = tuple(dict.fromkeys(held.in_words() for held in owners))
        if telling:
            return Match(
                status="matched",
                customer_id=telling[0].allowed[0].customer_id,
                method=telling[0].key.method,
                evidence=evidence_of_all,
            )
        candidates = {c.customer_id for held in owners for c in held.allowed}
        return Match(
            status="ambiguous",
            evidence=evidence_of_all,
            candidates=tuple(sorted(candidates)[:MAX_CANDIDATES]),
        )

    def _owners(self, identity: AuthorIdentity, rejected: frozenset[str]) -> list["_Owners"]:
        """Each of the author's keys that customers have, the strongest first."""
        found: list[_Owners] = []
        for key in _keys_of_author(identity):
            with self._lock:
                slots = self._keys.find(key.hash)
                records = [self._record(slot) for slot in slots[: MAX_CANDIDATES + len(rejected)]]
            owners = sorted((r for r in records if key in self._keys_of(r)), key=lambda r: r.customer_id)
            allowed = [record for record in owners if record.customer_id not in rejected]
            if allowed:
                found.append(_Owners(key, allowed, shared=len(owners) > 1))
        return found

    def _keys_of(self, record: "_Record") -> Iterator[Key]:
        for source_kind, handle in record.handles:
            if name := normal_handle(handle):
                yield Key("handle", name, source_kind)
        for text in record.emails:
            if email := normal_email(text):
                yield Key("email", email)
        for text in record.phones:
            if phone := normal_phone(text, self._region):
                yield Key("phone", phone)

    def _slot(self, customer_id: str) -> int | None:
        for slot in self._ids.find(hash64(customer_id)):
            if self._record(slot).customer_id == customer_id:
                return slot
        return None

    def _new_slot(self) -> int:
        if self._free:
            return self._free.pop()
        self._records.append(None)
        return len(self._records) - 1

    def _record(self, slot: int) -> "_Record":
        packed = self._records[slot]
        if packed is None:
            raise LookupError(f"slot {slot} is empty")
        return _Record.unpacked(packed)

    def _forget_keys(self, slot: int) -> None:
        for key in self._keys_of(self._record(slot)):
            self._keys.discard(key.hash, slot)


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

    @classmethod
    def of(cls, customer: Customer) -> Self:
        """The record of a customer."""
        return cls(
            customer.customer_id,
            list(customer.emails),
            list(customer.phones),
            [[handle.source_kind, handle.handle] for handle in customer.handles],
            list(customer.names),
            customer.segment,
            customer.preferred_channel,
            customer.consent or None,
            None if customer.updated_at is None else format_utc(customer.updated_at),
        )

    def packed(self) -> bytes:
        """JSON of the values in their order; what is not there at the end is left out."""
        values: list[Any] = list(self)
        while values[-1] is None:
            values.pop()
        return bytes(memoryview(orjson.dumps(values)))  # a copy: orjson's own keeps kilobytes behind it

    @classmethod
    def unpacked(cls, packed: bytes) -> Self:
        """What was packed."""
        return cls(*orjson.loads(packed))

    def customer(self) -> Customer:
        """The customer as it came."""
        return Customer(
            customer_id=self.customer_id,
            names=tuple(self.names),
            emails=tuple(self.emails),
            phones=tuple(self.phones),
            handles=tuple(Handle(source_kind=kind, handle=handle) for kind, handle in self.handles),
            segment=self.segment,
            preferred_channel=self.preferred_channel,
            consent=self.consent or {},
            updated_at=None if self.updated_at is None else datetime.fromisoformat(self.updated_at),
        )


def _keys_of_author(identity: AuthorIdentity) -> Iterator[Key]:
    for handle in identity.verified_handles:
        yield Key("handle", handle, identity.source_kind)
    for email in identity.emails:
        yield Key("email", email)
    for phone in identity.phones:
        yield Key("phone", phone)


def _named(customer: Customer | _Record | None, customer_id: str) -> str:
    return f"{customer.names[0]} ({customer_id})" if customer and customer.names else customer_id
