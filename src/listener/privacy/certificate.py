"""The certificate of an erasure: each place, what was done there, and by when it is gone. It names nobody."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from listener.domain.contract import Contract, UtcTime, Versioned, format_utc
from listener.domain.topics import ALL, CHANGELOGS, ERASURES, NOT_ABOUT_PEOPLE, SWEEP_SECONDS, Topic
from listener.privacy.rows import TABLES
from listener.privacy.tables import VIEWS

CHECK_MS = 5 * 60 * 1000
"""How often Kafka looks what it can delete."""
OUTSIDE = (
    "backups of Kafka, of ClickHouse and of data directories: after restoring one, erase again",
    "helpdesks: tickets made from the topic triage; a deleted case is a tombstone there",
    "alerts that were sent (chat, mail, pager, webhooks): they name a case and a queue, nobody's words",
    "files that were imported, exports that were made, reports that were printed",
    "the sources themselves: networks, mailboxes, your customer database",
    "other people's mentions in which the person is named",
    "consumers of your own on Kafka",
)
"""What no command of Listener's reaches."""

Done = Literal["deleted", "retention", "shows", "nothing", "pending"]


class Place(Contract):
    """One place, and what became of what was held there."""

    place: str
    found: int
    """How much was held when the erasure began."""
    done: Done
    """deleted: by a deletion or a tombstone. retention: it ends by itself. shows: a view of other places.
    nothing: nothing about people is held there. pending: not carried out yet."""
    gone_by: UtcTime | None = None
    """By when it is gone from every disk; none where nothing was held, or it is pending."""
    note: str = ""


class Certificate(Versioned):
    """What an erasure did."""

    subjects: tuple[str, ...]
    """Keyed hashes of accounts and customers, as on the topic `erasures`."""
    said_until: UtcTime
    """What was said until then is erased."""
    carried_out_at: UtcTime
    by: str
    complete: bool
    places: tuple[Place, ...] = Field(min_length=1)
    outside: tuple[str, ...] = OUTSIDE


def places(
    found: Mapping[str, int],
    settings: Mapping[str, Mapping[str, str]],
    at: datetime,
    *,
    stages_done: bool,
    tables_done: bool,
    old_parts_seconds: int,
) -> tuple[Place, ...]:
    """All places of an installation.

    Args:
        found: place to how much was held when the erasure began, as `listener.privacy.export` names places.
        settings: Kafka's, by topic.
        at: when the erasure was carried out.
        stages_done: whether the stream workers have carried it out.
        tables_done: whether the tables in ClickHouse have nothing of the person any more.
        old_parts_seconds: how long ClickHouse keeps files of deleted rows.
    """
    made: list[Place] = []
    for topic in (*ALL, *CHANGELOGS):
        name = f"topic {topic.name}"
        made.append(_topic(topic, found.get(name, 0), settings.get(topic.name, {}), at, done=stages_done))
    disk = at + timedelta(seconds=old_parts_seconds + 60)
    for table in TABLES:
        name = f"table {table}"
        done: Done = "deleted" if tables_done else "pending"
        note = "no query finds it since; old files follow" if tables_done else "run the erasure again"
        gone_by = disk if tables_done else None
        made.append(Place(place=name, found=found.get(name, 0), done=done, gone_by=gone_by, note=note))
    made.append(
        Place(place="table dead_letters", found=0, done="nothing", note="places and reasons, no originals")
    )
    made += [
        Place(place=f"view {view}", found=0, done="shows", note=f"shows {tables}")
        for view, tables in VIEWS.items()
    ]
    made.append(
        Place(
            place="tables of the workers (RocksDB)",
            found=0,
            done="deleted" if stages_done else "pending",
            gone_by=at + timedelta(hours=24) if stages_done else None,
            note="of running workers at once; a copy unused for 12 hours is removed at its worker's next start",
        )
    )
    logged = sum(count for place, count in found.items() if place.startswith("log "))
    made.append(
        Place(
            place="logs of this machine",
            found=logged,
            done="deleted",
            gone_by=at,
            note="ids were overwritten",
        )
    )
    return tuple(made)


def readable(certificate: Certificate) -> str:
    """The certificate as text."""
    lines = [
        "Certificate of erasure",
        "",
        f"  carried out     {format_utc(certificate.carried_out_at)} by {certificate.by}",
        f"  what was said   until {format_utc(certificate.said_until)}",
        f"  complete        {'yes' if certificate.complete else 'NO: run it again'}",
        *(f"  subject         {subject}" for subject in certificate.subjects),
        "",
        f"  {'place':<40} {'found':>6}  {'what was done':<14} gone by",
    ]
    for place in certificate.places:
        gone_by = "" if place.gone_by is None else format_utc(place.gone_by)
        note = f"  {place.note}" if place.note else ""
        lines.append(f"  {place.place:<40} {place.found:>6}  {place.done:<14} {gone_by:<24}{note}".rstrip())
    lines += ["", "Not reached by this, and yours to see to:", ""]
    lines += [f"  - {place}" for place in certificate.outside]
    return "\n".join(lines) + "\n"


def _topic(topic: Topic, found: int, settings: Mapping[str, str], at: datetime, *, done: bool) -> Place:
    place = f"topic {topic.name}"
    if topic in NOT_ABOUT_PEOPLE:
        note = "keyed hashes alone" if topic is ERASURES else "nothing about people who speak"
        return Place(place=place, found=0, done="nothing", note=note)

    def after(*names: str) -> datetime:
        return at + timedelta(milliseconds=CHECK_MS + sum(int(settings.get(name, 0)) for name in names))

    if topic.cleanup_policy == "delete":
        if int(settings.get("retention.ms", -1)) < 0:
            return Place(place=place, found=found, done="pending", note="kept without end: set retention.ms")
        return Place(place=place, found=found, done="retention", gone_by=after("retention.ms", "segment.ms"))
    if not done and found:
        return Place(place=place, found=found, done="pending", note="run the erasure again")
    gone_by = after(*["max.compaction.lag.ms"] * 3, "delete.retention.ms") + timedelta(
        seconds=3 * SWEEP_SECONDS
    )
    return Place(place=place, found=found, done="deleted", gone_by=gone_by, note="the keys as well")
