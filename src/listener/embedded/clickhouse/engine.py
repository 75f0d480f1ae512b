"""The ClickHouse engine in this process, its configuration, and sessions on it.

Facts about chdb-core that this rests on: several connections to one path share one engine; a connection
runs one statement at a time; one fetch of a streamed query is one block; the engine honours roles, grants
and the default profile of its configuration file, but not its other users.
"""

import json
import os
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from listener.embedded.clickhouse.blocks import split_blocks
from listener.embedded.clickhouse.full_disk import KEPT_FREE_BYTES

DATABASE = "listener"
WRITER, READER = "writer", "reader"
"""The roles."""

UNKNOWN_EXCEPTION: Final = 1002
CANNOT_OPEN: Final = 36

# The engine's only user has both roles; a session that takes on one has the rights of that alone.
_USERS = """<clickhouse>
  <profiles><default>
    <readonly>0</readonly>
    <max_threads>{threads}</max_threads>
    <max_memory_usage>{query_bytes}</max_memory_usage>
    <{mixed_arrays}>0</{mixed_arrays}>
    <constraints><max_memory_usage><min>1</min><max>{query_bytes}</max></max_memory_usage></constraints>
  </default></profiles>
  <quotas><default/></quotas>
  <roles>
    <writer><grants><query>GRANT ALL ON *.* WITH GRANT OPTION</query></grants></writer>
    <reader><grants>
      <query>GRANT SELECT ON {database}.*</query>
      <query>GRANT SHOW ON {database}.*</query>
      <query>GRANT dictGet ON {database}.*</query>
    </grants></reader>
  </roles>
  <users><default>
    <no_password/>
    <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
    <grants><query>GRANT writer, reader</query></grants>
  </default></users>
</clickhouse>
"""
_CONFIG = """<clickhouse>
  <users_config>{users}</users_config>
  <user_files_path>{files}/</user_files_path>
  <max_server_memory_usage>{server_bytes}</max_server_memory_usage>
  <mark_cache_size>{mark_cache_bytes}</mark_cache_size>
  <max_thread_pool_free_size>{idle_threads}</max_thread_pool_free_size>
  <storage_configuration><disks><default>
    <keep_free_space_bytes>{kept_free_bytes}</keep_free_space_bytes>
  </default></disks></storage_configuration>
</clickhouse>
"""
# Arrays of mixed JSON values become arrays of strings: clickhouse-driver cannot read Array(Dynamic).
_MIXED_ARRAYS_SETTING = "input_format_json_infer_array_of_dynamic_from_array_of_different_types"
_MARK_CACHE_BYTES = 128 * 1024 * 1024
_IDLE_THREADS = 64  # each keeps three files open


class EngineError(Exception):
    """The engine refused or failed; `code` is ClickHouse's number, `str()` its message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


_PREFIX = re.compile(r"^(?:Code: (\d+)\. )?DB::Exception: ")
_VERSION = re.compile(r" \(version [\d.]+(?: \(official build\))?\)\.? ?(?=\(|$)")


def engine_error(text: str) -> EngineError:
    """Takes apart what the engine says; it sometimes wraps a message in itself."""
    code = UNKNOWN_EXCEPTION
    wrapped = 0
    while match := _PREFIX.match(text):
        code = int(match[1]) if match[1] else code
        text = text[match.end() :]
        wrapped += 1
    if wrapped > 1:
        text = re.sub(r"\.? (\(\w+\)) \(version [^)]*\)\. \1$", r". \1", text)
    return EngineError(code, _VERSION.sub(" ", text).strip())


@dataclass(frozen=True)
class Chunk:
    """A part of a result: from `stream`, one block."""

    data: bytes
    rows: int
    rows_read: int
    bytes_read: int


class EngineSession:
    """A connection to the engine with its own database, settings, temporary tables and role.

    It is used by one thread at a time. `query` and `stream` raise EngineError.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def query(self, sql: str, output_format: str = "Native") -> Chunk:
        """Runs one statement to its end."""
        try:
            result = self._connection.query(sql, output_format, params={})
        except RuntimeError as failure:
            raise engine_error(str(failure)) from failure
        if result.has_error():
            raise engine_error(result.error_message())
        return _chunk(result)

    def rows(self, sql: str) -> list[list[Any]]:
        """Runs a query for a few rows."""
        lines = self.query(sql, "JSONCompactEachRow").data.splitlines()
        return [json.loads(line) for line in lines]

    def stream(self, sql: str) -> Iterator[Chunk]:
        """Runs a query that returns rows and yields its blocks as they come.

        Nothing else may run on this session until the last one has been taken. A statement that
        does not stream (any but SELECT) runs to its end first.
        """
        try:
            stream = self._connection.send_query(sql, "Native", params={})
        except RuntimeError as failure:
            if "Streaming query is not supported" in str(failure):
                yield from _single_blocks(self.query(sql))
                return
            raise engine_error(str(failure)) from failure
        while True:
            try:
                result = self._connection.streaming_fetch_result(stream)
            except RuntimeError as failure:
                raise engine_error(str(failure)) from failure
            if result is None or result.rows_read() == 0:
                return
            yield _chunk(result)

    def statement_count(self, sql: str) -> int:
        """How many statements the engine's parser sees; 0 if it cannot say."""
        return int(self._connection.classify_query(sql)["statement_count"])

    def only_reads(self, sql: str) -> bool:
        """Whether the engine's parser holds this for one statement that changes nothing and writes no file."""
        verdict = self._connection.classify_query(sql)
        return bool(verdict["statement_count"] == 1 and verdict["query_class"].name == "READ_ONLY")

    def canonical(self, sql: str) -> str:
        """One statement as the engine's parser understands it: no comments, keywords in capitals.

        Raises:
            EngineError: it is no statement, or more than one.
        """
        text: str = self.rows(f"SELECT formatQuerySingleLine({literal(sql)})")[0][0]
        return text

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """Names and types of what a query returns (a scalar subquery in it is run)."""
        return [(name, type_name) for name, type_name, *_ in self.describe(f"({sql}\n)")]

    def describe(self, source: str) -> list[list[str]]:
        """Name, type, kind of default and more of the columns of a table, a table function or a query."""
        return self.rows(f"DESCRIBE {source} SETTINGS print_pretty_type_names = 0")

    def checked_types(self, columns: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """The same columns with their types in the engine's own words.

        A client's type name must not reach a statement as it came: it could be the rest of another statement.
        """
        if not columns:
            return []
        types = ", ".join(f"toTypeName(defaultValueOfTypeName({literal(kind)}))" for _, kind in columns)
        [checked] = self.rows(f"SELECT {types}")
        return [(name, kind) for (name, _), kind in zip(columns, checked, strict=True)]

    def close(self) -> None:
        """Ends the session; its temporary tables go."""
        self._connection.close()


def _single_blocks(result: Chunk) -> Iterator[Chunk]:
    for block, header in split_blocks(result.data):
        yield Chunk(block, header.rows, 0, 0)


def _chunk(result: Any) -> Chunk:
    return Chunk(
        bytes(result.bytes()), result.rows_read(), result.storage_rows_read(), result.storage_bytes_read()
    )


def literal(text: str) -> str:
    """A string literal of ClickHouse's SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def identifier(name: str) -> str:
    """A quoted identifier of ClickHouse's SQL."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


class Engine:
    """The engine on one data directory; one process at a time owns it.

    Args:
        data_dir: made if it is missing; in it `engine` (ClickHouse's own), `config`, `files`, `spool`.
        memory_bytes: the most that it may use; 60 % of the machine's by default.

    Raises:
        EngineError: the directory cannot be opened.
        OSError: it cannot be written.
    """

    def __init__(self, data_dir: Path, memory_bytes: int | None = None) -> None:
        self.data_dir = data_dir
        self.spool_dir = data_dir / "spool"
        self.spool_dir.mkdir(parents=True, exist_ok=True)
        total_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        config = _write_config(data_dir, memory_bytes or int(total_bytes * 0.6))
        self._chdb = _load_chdb()
        self._path = str(data_dir / "engine")
        try:
            # Stays open: the engine ends with its last connection.
            self._admin = EngineSession(self._chdb.connect(f"{self._path}?config-file={config}"))
        except RuntimeError as failure:
            raise engine_error(str(failure)) from failure
        self._lock = threading.Lock()
        self._admin.query(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        [[version, self.time_zone]] = self._admin.rows("SELECT version(), timezone()")
        major, minor, patch, *_ = (int(number) for number in version.split("."))
        self.version = (major, minor, patch)

    def session(self) -> EngineSession:
        """A new session, with all rights."""
        return EngineSession(self._chdb.connect(self._path))

    def kill(self, tag: str) -> None:
        """Cancels what sessions with this tag run at the moment; see `tag_session`."""
        with self._lock:
            self._admin.query(f"KILL QUERY WHERE Settings['{_TAG_SETTING}'] = {literal(tag)} ASYNC")

    def close(self) -> None:
        """Ends the engine; all other sessions must have been closed."""
        self._admin.close()


# A setting without effect on queries that do not use the query cache. `log_comment` is left to clients,
# who kill their own queries by it.
_TAG_SETTING = "query_cache_tag"


def tag_session(session: EngineSession, tag: str) -> None:
    """Marks what the session will run, so that it can be killed."""
    session.query(f"SET {_TAG_SETTING} = {literal(tag)}")


def _load_chdb() -> Any:
    # chdb would import both for interfaces that are not used here: a second and 45 MB.
    for module in ("pyarrow", "pandas"):
        sys.modules.setdefault(module, None)  # type: ignore[arg-type]  # None forbids the import
    from chdb import _chdb

    return _chdb


def _write_config(data_dir: Path, memory_bytes: int) -> Path:
    directory = data_dir / "config"
    directory.mkdir(exist_ok=True)
    users, config = directory / "users.xml", directory / "config.xml"
    users.write_text(
        _USERS.format(
            threads=os.cpu_count() or 1,
            query_bytes=int(memory_bytes * 0.8),
            database=DATABASE,
            mixed_arrays=_MIXED_ARRAYS_SETTING,
        )
    )
    config.write_text(
        _CONFIG.format(
            users=escape(str(users)),
            files=escape(str(data_dir / "files")),
            server_bytes=memory_bytes,
            mark_cache_bytes=_MARK_CACHE_BYTES,
            idle_threads=_IDLE_THREADS,
            kept_free_bytes=KEPT_FREE_BYTES,
        )
    )
    return config
