"""The conversation with one client, from its hello to its end."""

import logging
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Final, Protocol

from listener.embedded.clickhouse import protocol, statements
from listener.embedded.clickhouse.accounts import Accounts
from listener.embedded.clickhouse.blocks import (
    Header,
    UnknownType,
    empty_block,
    shape_of,
    skip_block,
    skip_block_info,
)
from listener.embedded.clickhouse.compression import FrameReader, frames
from listener.embedded.clickhouse.engine import DATABASE, Engine, EngineError
from listener.embedded.clickhouse.full_disk import end_if_full
from listener.embedded.clickhouse.inserts import Spool
from listener.embedded.clickhouse.protocol import FromClient, ProtocolError, Query
from listener.embedded.clickhouse.reading import Reader, SocketReader
from listener.embedded.clickhouse.session import ClientSession, ExternalTable

log = logging.getLogger(__name__)

HELLO_SECONDS = 10.0
"""How long a client may take to introduce itself."""
PROGRESS_SECONDS = 0.1
"""Progress is told at most this often, and at the end."""

_NOT_IMPLEMENTED: Final = 48
_UNEXPECTED_PACKET: Final = 101
_QUERY_WAS_CANCELLED: Final = 394


class Watch(Protocol):
    """Notices that a client says something, or goes away, while its statement runs."""

    def begin(self, connection: socket.socket, tag: str) -> None:
        """1. From now on, whatever the client says means that it wants no more: what is tagged so is killed."""

    def end(self, tag: str) -> bool:
        """2. Until now; returns whether it was killed. After this nothing is killed any more."""


class Conversation:
    """Answers one client's packets in the thread that calls `run`.

    Args:
        connection: the client's socket, plain or TLS.
        tag: names this conversation to the engine and in the log.
        engine: where its statements run.
        accounts: who may come in.
        watch: cancels what the client no longer wants.
    """

    def __init__(
        self, connection: socket.socket, tag: str, engine: Engine, accounts: Accounts, watch: Watch
    ) -> None:
        self.tag = tag
        self._connection = connection
        self._engine = engine
        self._accounts = accounts
        self._watch = watch
        self._reader: Reader = SocketReader(connection)
        self._revision = protocol.REVISION
        self._busy = False
        self._closing = False

    def run(self) -> None:
        """Serves the client until it leaves or `finish` is called; raises nothing for what a client does."""
        try:
            self._connection.settimeout(HELLO_SECONDS)
            if isinstance(self._connection, ssl.SSLSocket):
                self._connection.do_handshake()
            hello = protocol.read_hello(self._reader)
            self._revision = hello.revision
            self._serve(hello)
        except (EOFError, ssl.SSLEOFError):
            pass  # the client has gone
        except ssl.SSLError as unreadable:
            log.info("%s does not speak TLS, or not with us: %s", self.tag, unreadable)
        except OSError:
            pass  # the client has gone, or never said a word
        except ValueError as unreadable:
            log.warning("%s sent what cannot be read: %s", self.tag, unreadable)
            self._refuse(EngineError(_UNEXPECTED_PACKET, f"{unreadable}"))
        except EngineError as refused:
            log.info("%s is refused: %s", self.tag, refused)
            self._refuse(refused)
        finally:
            self.abort()
            self._connection.close()

    def finish(self) -> None:
        """From another thread: ends the conversation, at once if it is idle, else after its statement."""
        self._closing = True
        if not self._busy:
            self.abort()

    def abort(self) -> None:
        """From another thread: ends the conversation at once."""
        with suppress(OSError):
            # Not that of SSLSocket, after which the conversation's thread would go on without TLS.
            socket.socket.shutdown(self._connection, socket.SHUT_RDWR)

    def _refuse(self, reason: EngineError) -> None:
        with suppress(OSError):
            self._send(protocol.exception(reason.code, str(reason)))

    def _send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def _serve(self, hello: protocol.Hello) -> None:
        role = self._accounts.role_of(hello.user, hello.password)
        session = ClientSession(self._engine, role, hello.database or DATABASE, self.tag)
        try:
            self._send(protocol.hello(self._revision, self._engine.version, self._engine.time_zone))
            self._connection.settimeout(None)
            while not self._closing:
                self._answer(FromClient(self._reader.varint()), session)
                self._busy = False
        finally:
            session.close()

    def _answer(self, kind: FromClient, session: ClientSession) -> None:
        match kind:
            case FromClient.PING:
                self._send(protocol.PONG)
            case FromClient.CANCEL:
                pass  # it crossed the end of the result
            case FromClient.QUERY:
                self._busy = True
                self._answer_query(protocol.read_query(self._reader, self._revision), session)
            case _:
                raise ProtocolError(f"an unexpected packet: {kind.name}")

    def _answer_query(self, query: Query, session: ClientSession) -> None:
        blocks = FrameReader(self._reader) if query.compressed else self._reader
        with ExitStack() as stack:
            tables = self._receive_tables(blocks, stack)
            try:
                session.check(query.text, query.settings)
                with session.given(query.settings, tables):
                    insert = session.parse_insert(query.text) if statements.awaits_data(query.text) else None
                    if insert is not None:
                        self._insert(insert, session, blocks, compressed=query.compressed)
                    else:
                        self._run(query, session)
            except EngineError as failure:
                self._send(protocol.exception(failure.code, str(failure)))
            else:
                end_if_full(self._engine.data_dir)
                self._send(protocol.END_OF_STREAM)

    def _receive_tables(self, blocks: Reader, stack: ExitStack) -> Sequence[ExternalTable]:
        """The external tables that come with every query, up to the empty block that ends them."""
        tables: dict[str, ExternalTable] = {}
        while True:
            name = self._receive_table_name()
            if not name:
                self._receive_block(blocks, None)
                return list(tables.values())
            known = tables.get(name)
            rows = known.rows if known else stack.enter_context(Spool(self._engine.spool_dir))
            header = self._receive_block(blocks, rows)
            if not known:
                tables[name] = ExternalTable(name, header.columns, rows)

    def _receive_table_name(self) -> str:
        """The beginning of a data packet, up to its block."""
        match FromClient(self._reader.varint()):
            case FromClient.DATA:
                return protocol.read_table_name(self._reader, self._revision)
            case FromClient.CANCEL:
                raise EngineError(_QUERY_WAS_CANCELLED, "Query was cancelled. (QUERY_WAS_CANCELLED)")
            case other:
                raise ProtocolError(f"an unexpected packet instead of data: {other.name}")

    def _receive_block(self, blocks: Reader, rows: Spool | None) -> Header:
        """The rest of a data packet, adding its block to `rows`."""
        skip_block_info(blocks)
        if rows is None:
            return skip_block(blocks)
        blocks.record(rows.write)
        header = skip_block(blocks)
        blocks.stop()
        rows.rows += header.rows
        return header

    def _insert(
        self, insert: statements.Insert, session: ClientSession, blocks: Reader, *, compressed: bool
    ) -> None:
        columns = session.insert_columns(insert)
        try:
            for _, type_name in columns:
                shape_of(type_name)
        except UnknownType as unknown:
            raise EngineError(_NOT_IMPLEMENTED, f"{unknown}. (NOT_IMPLEMENTED)") from unknown
        self._send_block(empty_block(columns), compressed=compressed)
        with Spool(self._engine.spool_dir) as rows:
            more = True
            while more:
                self._receive_table_name()
                more = self._receive_block(blocks, rows).rows > 0
            session.insert(insert, rows)

    def _run(self, query: Query, session: ClientSession) -> None:
        """Runs a statement and sends its result."""
        rows = blocks = size_bytes = rows_read = bytes_read = 0
        told_at = 0.0
        self._watch.begin(self._connection, self.tag)
        try:
            for chunk in session.run(query.text):
                self._send_block(chunk.data, compressed=query.compressed)
                rows += chunk.rows
                blocks += chunk.rows > 0
                size_bytes += len(chunk.data)
                rows_read += chunk.rows_read
                bytes_read += chunk.bytes_read
                if chunk.rows and time.monotonic() - told_at > PROGRESS_SECONDS:
                    self._send(protocol.progress(self._revision, rows_read, bytes_read))
                    told_at, rows_read, bytes_read = time.monotonic(), 0, 0
        except EngineError as failure:
            # What the client itself has cancelled ends in order.
            if not self._watch.end(self.tag) or failure.code != _QUERY_WAS_CANCELLED:
                raise
        finally:
            self._watch.end(self.tag)
        if blocks:
            self._send(
                protocol.profile_info(rows, blocks, size_bytes, rows)
                + protocol.progress(self._revision, rows_read, bytes_read)
            )

    def _send_block(self, block: bytes, *, compressed: bool) -> None:
        body = protocol.data_body(block)
        head = protocol.data_head(self._revision)
        self._send(head + (b"".join(frames(body)) if compressed else body))
