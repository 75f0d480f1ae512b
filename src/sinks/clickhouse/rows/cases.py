"""Rows of `cases` and `black_holes`, from triage."""

from collections.abc import Sequence

from listener.domain.case import Case
from listener.domain.quick_read import quick_batch_reader
from listener.kafka.record import Record
from sinks.clickhouse.rows.black_holes import black_hole_rows
from sinks.clickhouse.rows.case_course import courses_of
from sinks.clickhouse.rows.row import (
    Columns,
    Rows,
    milliseconds,
    milliseconds_each,
    milliseconds_or_none,
    or_empty,
    told_and_withdrawn,
    unsigned,
    values_of,
    versions,
)

_read = quick_batch_reader(Case, Case.read)


def case_rows(records: Sequence[Record]) -> list[Rows]:
    """Snapshots of cases. A tombstone has no row: the topic forgets closed cases, ClickHouse does not."""
    told, _ = told_and_withdrawn(records)
    cases = _read(values_of(told))
    customers = [case.customer for case in cases]
    courses = courses_of(cases)
    columns: Columns = {
        "case_id": [case.case_id for case in cases],
        "case_version": [case.version for case in cases],
        "party": [case.party for case in cases],
        "anchor": [case.anchor for case in cases],
        "anchor_author": [case.anchor_author for case in cases],
        "state": [case.state for case in cases],
        "superseded_by": or_empty(case.superseded_by for case in cases),
        "supersedes": [case.supersedes for case in cases],
        "historical": [case.historical for case in cases],
        "queue": [case.queue for case in cases],
        "level": [case.level for case in cases],
        "owner": or_empty(case.owner for case in cases),
        "priority": [case.priority for case in cases],
        "waiting_since": milliseconds_or_none([case.waiting_since for case in cases]),
        "due_at": milliseconds_or_none([case.due_at for case in cases]),
        "reasons": [[reason.rule for reason in case.reasons] for case in cases],
        "root_cause": [case.root_cause for case in cases],
        "root_cause_owner": or_empty(case.root_cause_owner for case in cases),
        "severity": [case.severity for case in cases],
        "needs_response": [case.needs_response for case in cases],
        "customer_id": [customer.customer_id if customer else "" for customer in customers],
        "segment": or_empty(customer.segment if customer else None for customer in customers),
        "authors": [case.authors for case in cases],
        "contacts": [[contact.mention_id for contact in case.contacts] for case in cases],
        "contact_count": unsigned([case.contact_count for case in cases]),
        "failed_contacts": unsigned([case.failed_contacts for case in cases]),
        "failed_levels": [case.failed_levels for case in cases],
        "response_count": unsigned([case.response_count for case in cases]),
        "goodwill_amounts": [[given.amount for given in case.goodwill] for case in cases],
        "goodwill_currencies": [[given.currency for given in case.goodwill] for case in cases],
        "clock_kinds": [[clock.kind for clock in case.clocks] for case in cases],
        "clock_states": [[clock.state for clock in case.clocks] for case in cases],
        "clock_due_at": milliseconds_each([[clock.due_at for clock in case.clocks] for case in cases]),
        "clock_families": [[clock.family for clock in case.clocks] for case in cases],
        "clock_jurisdictions": [[clock.jurisdiction or "" for clock in case.clocks] for case in cases],
        "asked_at": milliseconds_or_none([course.asked_at for course in courses]),
        "channel": or_empty(course.channel for course in courses),
        "need": or_empty(course.need for course in courses),
        "visibility": or_empty(course.visibility for course in courses),
        "source": or_empty(course.source for course in courses),
        "first_answer_at": milliseconds_or_none([course.first_answer_at for course in courses]),
        "first_answer_channel": or_empty(course.first_answer_channel for course in courses),
        "first_answer_level": or_empty(course.first_answer_level for course in courses),
        "ended_at": milliseconds_or_none([course.ended_at for course in courses]),
        "private_attempts": [course.private_attempts for course in courses],
        "went_public_at": milliseconds_or_none([course.went_public_at for course in courses]),
        "executive_answers": [course.executive_answers for course in courses],
        "opened_at": milliseconds([case.opened_at for case in cases]),
        "last_at": milliseconds([case.last_at for case in cases]),
        "policy_hash": [case.policy_hash for case in cases],
        "snapshot_partition": [record.partition for record in told],
        "snapshot_offset": [record.offset for record in told],
        "version": versions(
            ([case.version for case in cases], 64), ([record.timestamp for record in told], 64)
        ),
    }
    return [Rows("cases", columns), black_hole_rows(cases, columns["version"])]
