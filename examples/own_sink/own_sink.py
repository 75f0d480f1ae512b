"""A sink of your own: keeps the newest state of every case in an SQLite file, for a wallboard or a spreadsheet."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing

from pydantic import Field

from listener.domain.case import Case
from listener.domain.document import Document
from listener.domain.errors import Busy, Rejected, ServiceError
from listener.kafka.record import Record
from sinks.own import SinkSetup
from sinks.sink import Prepared, Refused

CREATE = "CREATE TABLE IF NOT EXISTS cases (case_id PRIMARY KEY, version, state, queue, opened_at)"
DELETE = "DELETE FROM cases WHERE case_id = ?"
PUT = (  # a repeat changes nothing, and an older version never wins
    "INSERT INTO cases VALUES (?, ?, ?, ?, ?) ON CONFLICT (case_id) DO UPDATE SET version = excluded.version, "
    "state = excluded.state, queue = excluded.queue WHERE excluded.version > version"
)
Statement = tuple[str, tuple[object, ...]]


class Options(Document):
    """What stands in listener.yaml beside `kind` and `secrets`; anything else there is refused."""

    file: str = Field(min_length=1)


class CaseBook:
    """See `sinks.sink.Sink` for what the methods owe to each other."""

    topics = ("triage",)

    def __init__(self, setup: SinkSetup) -> None:
        self.name = setup.name
        self._file = Options.model_validate(setup.options).file

    def ping(self) -> None:
        try:
            self._run([(CREATE, ())])
        except sqlite3.Error as error:
            raise ServiceError(f"{self._file}: {error}") from None

    def prepare(self, batch: Sequence[Record]) -> Prepared[list[Statement]]:
        statements: list[Statement] = []
        refused = []
        for record in batch:
            try:
                statements.append(statement(record))
            except Rejected as why:  # a dead letter, and on with the next
                refused.append(Refused(record, why))
        return Prepared(statements, refused)

    def store(self, content: list[Statement]) -> None:
        try:
            self._run(content)
        except sqlite3.OperationalError as error:  # locked, or the disk is full: the same batch comes again
            raise Busy(str(error), retry_after_seconds=5) from None

    def housekeeping(self) -> None:
        """Nothing is due between batches."""

    def close(self) -> None:
        """Nothing stays open."""

    def _run(self, statements: Iterable[Statement]) -> None:
        with closing(sqlite3.connect(self._file, timeout=5)) as database, database:  # all of it or nothing
            for text, values in statements:
                database.execute(text, values)


def statement(record: Record) -> Statement:
    """A case without value is to be forgotten: its time has passed, or somebody was erased."""
    if record.value is None:
        return DELETE, ((record.key or b"").decode(),)
    case = Case.read(record.value)
    return PUT, (case.case_id, case.version, case.state, case.queue, case.opened_at.isoformat())
