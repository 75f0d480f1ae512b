"""Publishing a CSV or JSON-lines file of mentions, so that it can be killed at any moment and goes on.

The file itself is what a resumed import remembers with: rows before the cursor are read again without being
published, which restores the ids seen, the figures, and the answers that still wait for their original.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

from listener.connectors.connector import Item, Source, Unreadable
from listener.connectors.cursor import last_cursor
from listener.connectors.file_mapping import FieldMap, parse_field_map, to_item
from listener.connectors.file_rows import Row, RowFile
from listener.connectors.index import Index, read_index
from listener.connectors.intake import Counts, Intake
from listener.connectors.parked import Parked
from listener.connectors.seen import Seen
from listener.domain.connector_state import Cursor
from listener.domain.erasure import Erasures
from listener.domain.errors import Rejected, UsageError
from listener.domain.ids import digest
from listener.domain.topics import CURSORS, INDEX
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Outlet, Publisher
from listener.times import DateOrder

BATCH_ROWS = 1000
PREVIEW_ROWS = 100


@dataclass(frozen=True)
class ImportPlan:
    """A file that was looked at and can be imported.

    Attributes:
        fields: how its rows become items.
        key: of the cursor: another content, source or mapping is another import.
    """

    path: Path
    source: Source
    fields: FieldMap
    key: str


@dataclass(frozen=True)
class ImportResult:
    """What became of a file.

    Attributes:
        finished: False where it was stopped; the same import goes on from there.
        resumed_rows: rows that an earlier run had published already.
    """

    counts: Counts
    finished: bool
    resumed_rows: int


@dataclass(frozen=True)
class Progress:
    """How far an import is; `publishing` is False while it only reads what was published earlier."""

    bytes_read: int
    size: int
    rows: int
    publishing: bool


def plan_import(
    path: Path,
    source: Source,
    *,
    maps: Sequence[str] = (),
    constants: Sequence[str] = (),
    order: DateOrder | None = None,
) -> ImportPlan:
    """Looks at a file and at what the user says about it, before anything is published.

    Raises:
        UsageError: file, columns, mapping or times cannot work; the message says what to change.
    """
    with RowFile(path) as rows:
        if rows.format == "csv":
            fields = parse_field_map(maps, constants, rows.columns, order)
            preview = list(islice(rows, PREVIEW_ROWS))
        else:
            preview = []
            fields = parse_field_map(maps, constants, _json_columns(rows, maps, preview), order)
    _refuse_unclear_times(path, preview, fields, source)
    settings = digest(
        source.kind, source.channel, str(source.zone), str(source.historical), *fields.fingerprint()
    )
    return ImportPlan(path, source, fields, f"{source.name} import {_content_hash(path)[:16]}{settings[:16]}")


def import_file(
    plan: ImportPlan,
    connection: KafkaConnection,
    *,
    now: Callable[[], datetime],
    stop: Event,
    progress: Callable[[Progress], None] = lambda _: None,
    erasures: Erasures | None = None,
) -> ImportResult:
    """Publishes a file, from where an unfinished import of the same file stopped, or from its beginning.

    Returns once the broker has acknowledged everything, or after the batch in which `stop` was set.

    Raises:
        ServiceError: Kafka does not take it; what was acknowledged is not published again the next time.
        ListenerError: the file is damaged from some line on.
    """
    cursor = last_cursor(read_whole(connection, CURSORS.name), plan.key)
    known = read_index(read_whole(connection, INDEX.name), plan.source.kind)
    with Publisher(connection, client_id="listener-import") as publisher:
        return publish_rows(
            plan, publisher, cursor, known, now=now, stop=stop, progress=progress, erasures=erasures
        )


def publish_rows(
    plan: ImportPlan,
    outlet: Outlet,
    cursor: Cursor | None,
    known: Index,
    *,
    now: Callable[[], datetime],
    stop: Event,
    progress: Callable[[Progress], None] = lambda _: None,
    erasures: Erasures | None = None,
) -> ImportResult:
    """As `import_file`, with what Kafka knows at the start already read.

    Args:
        cursor: the last one of this import.
        known: the index of this kind of source.
        erasures: who must not come back; nobody where None.
    """
    done = 0 if cursor is None or cursor.position["finished"] else int(cursor.position["rows"])
    with RowFile(plan.path) as rows:
        # Rows that were published are read with an index of their own: whatever waited for its original when
        # the cursor was written then waits again, though later entries may have reached the broker since.
        intake = Intake(
            plan.source,
            outlet,
            Index() if done else known,
            Parked(),
            now,
            cursor_key=plan.key,
            stage="import",
            seen=Seen(),
            store_parked=False,
            replaying=done > 0,
            erasures=erasures,
        )
        items = _items(rows, plan)

        def report(publishing: bool) -> None:
            progress(Progress(rows.bytes_read, rows.size, intake.counts.items, publishing))

        while intake.counts.items < done and not stop.is_set():
            intake.take(islice(items, min(BATCH_ROWS, done - intake.counts.items)))
            report(publishing=False)
        if done:
            intake.go_live(known)
        while not stop.is_set():
            before = intake.counts.items
            intake.take(islice(items, BATCH_ROWS))
            if intake.counts.items == before:
                intake.release()
                intake.commit(_position(intake.counts, finished=True))
                return ImportResult(intake.counts, True, done)
            intake.commit(_position(intake.counts, finished=False))
            report(publishing=True)
        return ImportResult(intake.counts, False, done)


def _items(rows: RowFile, plan: ImportPlan) -> Iterator[Item]:
    for row in rows:
        origin = f"{plan.path}:{row.line}"
        try:
            yield to_item(row, plan.fields, plan.source, origin)
        except Rejected as error:
            yield Unreadable(reason=error.reason, detail=error.detail, origin=origin, original=row.original)


def _position(counts: Counts, finished: bool) -> Mapping[str, Any]:
    return {"rows": counts.items, "finished": finished, "counts": asdict(counts)}


def _json_columns(rows: Iterable[Row], maps: Sequence[str], preview: list[Row]) -> list[str]:
    """The names that objects of the file have; reads on until every mapped one has occurred.

    Names within objects are given with dots. Keeps the first rows in `preview`.
    """
    wanted = {option.partition("=")[2] for option in maps}
    columns: dict[str, None] = {}
    for row in rows:
        if len(preview) < PREVIEW_ROWS:
            preview.append(row)
        columns |= dict.fromkeys(_names(row.values))
        wanted = {
            name
            for name in wanted
            if name not in columns and not any(name.startswith(f"{c}:") for c in columns)
        }
        if not wanted and len(preview) == PREVIEW_ROWS:
            break
    return list(columns)


def _names(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield prefix + name
        if isinstance(value, Mapping):
            yield from _names(value, f"{prefix}{name}.")


def _refuse_unclear_times(path: Path, preview: Iterable[Row], fields: FieldMap, source: Source) -> None:
    """Says at once what would make a dead letter of every row."""
    first: UsageError | None = None
    for row in preview:
        try:
            to_item(row, fields, source, "")
        except Rejected as error:
            if first is None and error.reason in {"naive-time", "ambiguous-date"}:
                first = UsageError(f"{path}:{row.line}: {error.detail}")
        else:
            return
    if first is not None:
        raise first


def _content_hash(path: Path) -> str:
    hasher = blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(1024 * 1024):
            hasher.update(chunk)
    return hasher.hexdigest()
