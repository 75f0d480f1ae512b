"""The trail of the mentions that a sink has stored; see `listener.trail`."""

from collections.abc import Iterable

from listener.domain.case import Case
from listener.domain.enriched import EnrichedDeletion, read_enriched
from listener.domain.topics import ENRICHED, TRIAGE
from listener.kafka.record import Record
from listener.trail import followed, passed, tell


def tell_stored(sink: str, records: Iterable[Record]) -> None:
    """A line for each mention, and for each snapshot of a case, which names the case's earliest mention.

    Args:
        records: that are stored, so that they have been read before without complaint.
    """
    if not followed():
        return
    for record in records:
        if record.value is None:
            continue
        if record.topic == ENRICHED.name:
            value = read_enriched(record.value)
            said = value.deletion if isinstance(value, EnrichedDeletion) else value.mention
            passed(sink, said, topic=record.topic)
        elif record.topic == TRIAGE.name:
            case = Case.read(record.value)
            tell(sink, case.anchor, topic=record.topic, case_id=case.case_id, version=case.version)
