"""What one client has in the engine: its rights, database, settings, external tables, and its statements."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

from listener.embedded.clickhouse import statements
from listener.embedded.clickhouse.accounts import (
    check_reader_settings,
    check_reader_statement,
    confine_to_reading,
)
from listener.embedded.clickhouse.blocks import UnknownType, empty_block, skip_block, with_types
from listener.embedded.clickhouse.engine import (
    READER,
    Chunk,
    Engine,
    EngineError,
    EngineSession,
    identifier,
    literal,
    tag_session,
)
from listener.embedded.clickhouse.inserts import IN_MEMORY_BYTES, Spool
from listener.embedded.clickhouse.protocol import Setting
from listener.embedded.clickhouse.reading import Reader
from listener.embedded.clickhouse.statements import Insert

Columns = Sequence[tuple[str, str]]

_SYNTAX_ERROR: Final = 62
_UNKNOWN_SETTING: Final = 115
_NO_SUCH_COLUMN: Final = 16
_NOT_ENOUGH_SPACE: Final = 243

_NOT_INSERTED = ("MATERIALIZED", "ALIAS", "EPHEMERAL")
_ONE_PART_BYTES = 1 << 30

_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_TEMPORARY = re.compile(r"\bCREATE\b.*\bTEMPORARY\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class ExternalTable:
    """Rows that a client sends along with a query, to be used in it as a table."""

    name: str
    columns: Columns
    rows: Spool


class ClientSession:
    """A client's session. It is used by one thread at a time; all methods raise EngineError.

    Args:
        engine: where statements run.
        role: `WRITER` or `READER`.
        database: where unqualified names are looked up first.
        tag: marks everything that the session runs, for `Engine.kill`.
    """

    def __init__(self, engine: Engine, role: str, database: str, tag: str) -> None:
        self._engine = engine
        self._role = role
        self._database = database
        self._tag = tag
        self._has_temporary_tables = False
        self._session = self._open()
        self._confine(self._session)

    def _open(self) -> EngineSession:
        session = self._engine.session()
        try:
            tag_session(session, self._tag)
            session.query(f"USE {identifier(self._database)}")
        except BaseException:
            session.close()
            raise
        return session

    def _confine(self, session: EngineSession) -> None:
        if self._role == READER:
            try:
                confine_to_reading(session)
            except BaseException:
                session.close()
                raise

    def close(self) -> None:
        """Ends it."""
        self._session.close()

    def check(self, sql: str, settings: Sequence[Setting]) -> None:
        """Refuses what this client may not do, and several statements at once."""
        if self._role == READER:
            check_reader_settings(setting.name for setting in settings)
            check_reader_statement(self._session, sql)
        elif self._session.statement_count(sql) > 1:
            raise EngineError(
                _SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)"
            )

    @contextmanager
    def given(self, settings: Sequence[Setting], tables: Sequence[ExternalTable]) -> Iterator[None]:
        """While this lasts, statements see these settings and tables."""
        with ExitStack() as stack:
            if tables:
                stack.enter_context(self._external(tables))
            if settings:
                stack.enter_context(self._settings(settings))
            yield

    @contextmanager
    def _external(self, tables: Sequence[ExternalTable]) -> Iterator[None]:
        # In a session of its own: the reader's may not create tables any more.
        usual, had_temporary_tables = self._session, self._has_temporary_tables
        if self._role == READER:
            self._session = self._open()
        created = []
        try:
            for table in tables:
                columns = ", ".join(
                    f"{identifier(name)} {kind}" for name, kind in usual.checked_types(table.columns)
                )
                self._session.query(f"CREATE TEMPORARY TABLE {identifier(table.name)} ({columns})")
                created.append(table.name)
                self.insert(Insert(identifier(table.name), None, ""), table.rows)
            self._confine(self._session)
            self._has_temporary_tables = True
            yield
        finally:
            self._has_temporary_tables = had_temporary_tables
            if self._session is not usual:
                self._session.close()
                self._session = usual
            else:
                for name in created:
                    with suppress(EngineError):
                        self._session.query(f"DROP TEMPORARY TABLE {identifier(name)}")

    @contextmanager
    def _settings(self, settings: Sequence[Setting]) -> Iterator[None]:
        before: dict[str, str] = {}
        session = self._session
        try:
            for setting in settings:
                if not _SETTING_NAME.fullmatch(setting.name):
                    raise EngineError(_UNKNOWN_SETTING, f"Unknown setting {setting.name}. (UNKNOWN_SETTING)")
                try:
                    name = literal(setting.name)
                    [[value]] = session.rows(f"SELECT toString(getSetting({name}))")
                    session.query(f"SET {setting.name} = {literal(setting.value)}")
                    before[setting.name] = value
                except EngineError as unknown:
                    if unknown.code != _UNKNOWN_SETTING or setting.important:
                        raise
            yield
        finally:
            self._restore(session, before)

    def _restore(self, session: EngineSession, before: dict[str, str]) -> None:
        try:
            for name, value in before.items():
                session.query(f"SET {name} = {literal(value)}")
        except EngineError:  # such as after readonly = 1: then a new session; temporary tables are lost
            if session is self._session:
                session.close()
                self._session = self._open()
                self._confine(self._session)
                self._has_temporary_tables = False

    def run(self, sql: str) -> Iterator[Chunk]:
        """Runs a statement and yields its result: a block without rows that names its columns, then its blocks."""
        sql = statements.without_format(sql)
        has_result = statements.returns_rows(sql)
        types: Mapping[str, str] | None = None
        if has_result and self._has_temporary_tables:
            types = _with_zones(_described(self._session, sql))  # another session would not know the tables
        first = True
        for chunk in self._session.stream(sql):
            if first:
                first = False
                try:
                    columns: Columns = skip_block(Reader(chunk.data)).columns
                    if types is None and any(kind == "DateTime" for _, kind in columns):
                        types = _with_zones(self._described_elsewhere(sql))
                except UnknownType:  # such as an aggregate state: then the block is passed on as it is
                    columns, types = self._described_elsewhere(sql), {}
                yield Chunk(with_types(empty_block(columns), types or {}), 0, 0, 0)
            yield replace(chunk, data=with_types(chunk.data, types)) if types else chunk
        if has_result and first:
            yield Chunk(empty_block(_described(self._session, sql)), 0, 0, 0)
        if _TEMPORARY.search(sql):
            self._has_temporary_tables = True
        if statements.first_word(sql) == "USE":
            [[self._database]] = self._session.rows("SELECT currentDatabase()")

    def _described_elsewhere(self, sql: str) -> Columns:
        """As `_described`, while a query streams on this session."""
        session = self._open()
        try:
            self._confine(session)
            return _described(session, sql)
        finally:
            session.close()

    def parse_insert(self, sql: str) -> Insert | None:
        """Takes apart an INSERT whose rows the client sends; None if it is something else."""
        return statements.parse_insert(self._session.canonical(sql))

    def insert_columns(self, insert: Insert) -> Columns:
        """The columns that an INSERT fills, in its order."""
        names = insert.column_names
        if insert.columns is not None and names is None:
            # Both are the parser's own formatting of what the client, who may do so, has asked for.
            return self._session.columns(f"SELECT {insert.columns} FROM {insert.target}")  # noqa: S608
        rows = self._session.describe(f"TABLE {insert.target.removeprefix('FUNCTION ')}")
        if names is None:
            return [(name, kind) for name, kind, default, *_ in rows if default not in _NOT_INSERTED]
        known = {name: kind for name, kind, *_ in rows}
        columns = []
        for name in names:
            # A Nested column may be named as a whole.
            found = [column for column in known if column == name or column.startswith(f"{name}.")]
            if not found:
                raise EngineError(_NO_SUCH_COLUMN, f"No such column {name} in table {insert.target}.")
            columns += [(column, known[column]) for column in found]
        return columns

    def insert(self, insert: Insert, rows: Spool) -> None:
        """Inserts what was collected; on return it is stored. In one part (for each partition), unless large."""
        if rows.failure is not None:
            why = os.strerror(rows.failure.errno or 0)
            raise EngineError(
                _NOT_ENOUGH_SPACE, f"Cannot keep the rows of an insert: {why}. (NOT_ENOUGH_SPACE)"
            ) from rows.failure
        if not rows.rows:
            return
        if rows.size_bytes <= IN_MEMORY_BYTES and "min_insert_block_size" not in insert.settings:
            one_part = (
                f"min_insert_block_size_rows = {rows.rows}, min_insert_block_size_bytes = {_ONE_PART_BYTES}"
            )
            settings = f"{insert.settings}, {one_part}" if insert.settings else f" SETTINGS {one_part}"
            insert = replace(insert, settings=settings)
        self._session.query(insert.from_file(rows.path))


def _described(session: EngineSession, sql: str) -> Columns:
    try:
        return session.columns(sql)
    except EngineError:  # it cannot be described, such as SHOW, or names a table of another session
        return []


def _with_zones(columns: Columns) -> dict[str, str]:
    """Columns of type DateTime with a time zone: in its Native output the engine leaves the zone out."""
    return {name: kind for name, kind in columns if kind.startswith("DateTime(")}
