"""What the console tells those who run Listener, from ClickHouse: queues, alerts, sources, the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clickhouse_driver import Client

from listener.console.audit_log import AuditFilter
from listener.console.now import AlertNow, Alerts, QueueNow
from listener.domain.governance import AuditEntry

WAITING = ("new", "waiting_for_us", "reopened")
"""States of a case in which the company has to do something."""
_QUEUES = """
SELECT
    queue,
    count() AS waiting,
    countIf(due_at < toDateTime64(%(now)s, 0, 'UTC')) AS overdue,
    minIf(waiting_since, needs_response) AS oldest_since,
    argMinIf(case_id, waiting_since, needs_response) AS oldest_case
FROM cases FINAL
WHERE state IN %(waiting)s AND NOT historical
GROUP BY queue
ORDER BY overdue DESC, waiting DESC, queue
"""
_COUNTED_ALERTS = "SELECT count(), countIf(kind = 'silent_source') FROM current_alerts WHERE NOT withdrawn"
_GRAVEST = """
SELECT kind, severity, subject, due_at, text
FROM current_alerts
WHERE NOT withdrawn
ORDER BY indexOf(['critical', 'warning', 'info'], severity), due_at DESC
LIMIT %(most)s
"""
_STANDING = """
SELECT subject, kind, text
FROM current_alerts
WHERE NOT withdrawn AND kind IN ('silent_source', 'dead_letters')
"""
_HEARD = """
SELECT
    source,
    any(source_kind),
    max(received_at),
    countIf(received_at > toDateTime64(%(now)s, 0, 'UTC') - INTERVAL 1 HOUR),
    countIf(received_at > toDateTime64(%(now)s, 0, 'UTC') - INTERVAL 1 DAY),
    count()
FROM mentions
GROUP BY source
ORDER BY source
"""
_AUDIT = """
SELECT entry_id, actor, action, subject, at, detail
FROM current_audit
WHERE (%(actor)s = '' OR actor = %(actor)s)
    AND startsWith(action, %(action)s)
    AND (%(subject)s = '' OR subject = %(subject)s)
    AND (NOT %(paged)s OR (toUnixTimestamp64Milli(at), entry_id) < (%(at)s, %(entry_id)s))
ORDER BY at DESC, entry_id DESC
LIMIT %(most)s
"""


@dataclass(frozen=True)
class Heard:
    """What was received from a source; `total` counts every revision of a mention."""

    kind: str
    last_at: datetime
    last_hour: int
    last_day: int
    total: int


def queues(client: Client, now: datetime) -> list[QueueNow]:
    """What waits for us in each queue; the case that waits longest is among those that need an answer."""
    told = {"now": _told(now), "waiting": WAITING}
    return [
        QueueNow(queue, count, overdue, _known(since), case if _known(since) else "")
        for queue, count, overdue, since, case in client.execute(_QUEUES, told)
    ]


def alerts(client: Client, most: int) -> Alerts:
    """The alerts that stand."""
    [(count, silent)] = client.execute(_COUNTED_ALERTS)
    rows = client.execute(_GRAVEST, {"most": most})
    return Alerts(
        count,
        silent,
        [
            AlertNow(kind, severity, subject, _utc(due_at), text)
            for kind, severity, subject, due_at, text in rows
        ],
    )


def standing_of_sources(client: Client) -> dict[tuple[str, str], str]:
    """Source and kind of the alerts about sources that stand, to what they say."""
    return {(subject, kind): text for subject, kind, text in client.execute(_STANDING)}


def heard(client: Client, now: datetime) -> Mapping[str, Heard]:
    """What was received, by source."""
    return {
        source: Heard(kind, _utc(last_at), hour, day, total)
        for source, kind, last_at, hour, day, total in client.execute(_HEARD, {"now": _told(now)})
    }


def audit_entries(client: Client, wanted: AuditFilter, most: int) -> Sequence[AuditEntry]:
    """That many entries of those that a filter holds for, the newest first."""
    at, entry_id = wanted.after or (0, "")
    told: dict[str, Any] = {
        "actor": wanted.actor,
        "action": wanted.action,
        "subject": wanted.subject,
        "paged": wanted.after is not None,
        "at": at,
        "entry_id": entry_id,
        "most": most,
    }
    names = ("entry_id", "actor", "action", "subject", "at", "detail")
    return [
        AuditEntry.model_validate(dict(zip(names, row, strict=True)) | {"at": _utc(row[4])})
        for row in client.execute(_AUDIT, told)
    ]


def _told(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _known(moment: datetime | None) -> datetime | None:
    return None if moment is None or moment.year <= 1970 else _utc(moment)
