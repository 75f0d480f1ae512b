"""Rows of `customers`."""

from collections.abc import Sequence

from listener.domain.customer import Customer
from listener.domain.quick_read import quick_batch_reader
from listener.kafka.record import Record
from sinks.clickhouse.rows.row import (
    Columns,
    Rows,
    keys_of,
    milliseconds_or_none,
    or_empty,
    published,
    told_and_withdrawn,
    values_of,
    versions,
)

_read = quick_batch_reader(Customer, Customer.read)


def customer_rows(records: Sequence[Record]) -> list[Rows]:
    """A customer's record. A tombstone: it was removed, and what it held goes with the next merge."""
    told, withdrawn = told_and_withdrawn(records)
    known = _read(values_of(told))
    removed = [Customer.model_construct(customer_id=key) for key in keys_of(withdrawn)]
    return [Rows("customers", _columns(known, told, 0)), Rows("customers", _columns(removed, withdrawn, 1))]


def _columns(customers: Sequence[Customer], records: Sequence[Record], withdrawn: int) -> Columns:
    return {
        "customer_id": [customer.customer_id for customer in customers],
        "names": [customer.names for customer in customers],
        "emails": [customer.emails for customer in customers],
        "phones": [customer.phones for customer in customers],
        "handles": [
            [f"{handle.source_kind}:{handle.handle}" for handle in customer.handles] for customer in customers
        ],
        "segment": or_empty(customer.segment for customer in customers),
        "preferred_channel": or_empty(customer.preferred_channel for customer in customers),
        "consent": [customer.consent for customer in customers],
        "updated_at": milliseconds_or_none([customer.updated_at for customer in customers]),
        "withdrawn": [withdrawn] * len(customers),
        "version": versions(*published(records)),
    }
