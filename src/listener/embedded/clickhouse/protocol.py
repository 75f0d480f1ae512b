"""Packets of ClickHouse's native protocol, as far as clickhouse-driver and clickhouse-client use them.

Source: `Protocol.h`, `TCPHandler.cpp` and `ClientInfo.cpp` of ClickHouse. A revision on both sides says
which fields there are; the smaller one counts.
"""

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

from listener.embedded.clickhouse.blocks import string, varint
from listener.embedded.clickhouse.reading import Reader

REVISION = 54429
"""What this server announces: with it settings come as strings, and nothing newer has to be answered."""

_SERVER_NAME = "ClickHouse"
_WORD_LIMIT_BYTES = 64 * 1024
_QUERY_LIMIT_BYTES = 64 * 1024 * 1024
_INITIAL_QUERY_WITHOUT_INFO = 0
_TCP = 1

_BLOCK_INFO_SINCE = 51903
_TOTAL_ROWS_SINCE = 51554
_TABLE_NAME_SINCE = 50264
_CLIENT_INFO_SINCE = 54032
_TIMEZONE_SINCE = 54058
_QUOTA_KEY_SINCE = 54060
_DISPLAY_NAME_SINCE = 54372
_VERSION_PATCH_SINCE = 54401
_WRITE_INFO_SINCE = 54420
_SETTINGS_AS_STRINGS_SINCE = 54429

_INT32 = Struct("<i")
# Field 1, no overflow; field 2, bucket -1; end.
_BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"


class FromClient(IntEnum):
    """Kinds of packets that a client sends."""

    HELLO = 0
    QUERY = 1
    DATA = 2
    CANCEL = 3
    PING = 4


class FromServer(IntEnum):
    """Kinds of packets that the server sends."""

    HELLO = 0
    DATA = 1
    EXCEPTION = 2
    PROGRESS = 3
    PONG = 4
    END_OF_STREAM = 5
    PROFILE_INFO = 6


class ProtocolError(ValueError):
    """The client sent what this server cannot read on from; the connection ends."""


@dataclass(frozen=True)
class Hello:
    """How a client introduces itself."""

    client: str
    revision: int
    """The smaller of the client's and this server's."""
    database: str
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Hello({self.client!r}, {self.revision}, {self.database!r}, {self.user!r}, password=***)"


@dataclass(frozen=True)
class Setting:
    """A setting for one query."""

    name: str
    value: str
    important: bool
    """Whether a server that does not know it must refuse the query."""


@dataclass(frozen=True)
class Query:
    """What a client wants to be run."""

    text: str
    settings: tuple[Setting, ...]
    compressed: bool


def read_hello(reader: Reader) -> Hello:
    """The first packet of a connection."""
    if reader.varint() != FromClient.HELLO:
        raise ProtocolError("this is a ClickHouse server, and it expects ClickHouse's native protocol")
    client = reader.text(_WORD_LIMIT_BYTES)
    reader.varint()  # the client's version, major and minor
    reader.varint()
    revision = min(reader.varint(), REVISION)
    if revision < _BLOCK_INFO_SINCE:
        raise ProtocolError("the client is too old")
    database, user, password = (reader.text(_WORD_LIMIT_BYTES) for _ in range(3))
    return Hello(client, revision, database, user, password)


def read_query(reader: Reader, revision: int) -> Query:
    """The rest of a query packet, after its kind."""
    reader.text(_WORD_LIMIT_BYTES)  # the query id: the engine does not take one
    if revision >= _CLIENT_INFO_SINCE:
        _skip_client_info(reader, revision)
    settings = tuple(_read_settings(reader, revision))
    reader.varint()  # the stage: always complete
    compressed = bool(reader.varint())
    return Query(reader.text(_QUERY_LIMIT_BYTES), settings, compressed)


def _skip_client_info(reader: Reader, revision: int) -> None:
    if reader.read_one() == _INITIAL_QUERY_WITHOUT_INFO:
        return
    for _ in ("initial user", "initial query id", "initial address"):
        reader.text(_WORD_LIMIT_BYTES)
    if reader.read_one() != _TCP:
        raise ProtocolError("client info of an interface other than TCP")
    for _ in ("system user", "host", "client"):
        reader.text(_WORD_LIMIT_BYTES)
    for _ in ("major", "minor", "revision"):
        reader.varint()
    if revision >= _QUOTA_KEY_SINCE:
        reader.text(_WORD_LIMIT_BYTES)
    if revision >= _VERSION_PATCH_SINCE:
        reader.varint()


def _read_settings(reader: Reader, revision: int) -> list[Setting]:
    settings = []
    while name := reader.text(_WORD_LIMIT_BYTES):
        if revision < _SETTINGS_AS_STRINGS_SINCE:
            raise ProtocolError("the client is too old to send settings")
        important = bool(reader.read_one() & 1)
        settings.append(Setting(name, reader.text(_WORD_LIMIT_BYTES), important))
    return settings


def read_table_name(reader: Reader, revision: int) -> str:
    """Of a data packet: the external table that its block belongs to, empty for the query's own data."""
    return reader.text(_WORD_LIMIT_BYTES) if revision >= _TABLE_NAME_SINCE else ""


def hello(revision: int, version: tuple[int, int, int], time_zone: str) -> bytes:
    """The server's answer to a client that it lets in."""
    major, minor, patch = version
    parts = [varint(FromServer.HELLO), string(_SERVER_NAME), varint(major), varint(minor), varint(REVISION)]
    if revision >= _TIMEZONE_SINCE:
        parts.append(string(time_zone))
    if revision >= _DISPLAY_NAME_SINCE:
        parts.append(string("listener"))
    if revision >= _VERSION_PATCH_SINCE:
        parts.append(varint(patch))
    return b"".join(parts)


def exception(code: int, message: str) -> bytes:
    """What went wrong, with ClickHouse's number for it."""
    nested = b"\x00"
    return b"".join(
        (
            varint(FromServer.EXCEPTION),
            _INT32.pack(code),
            string("DB::Exception"),
            string(f"DB::Exception: {message}"),
            string(""),  # the stack trace
            nested,
        )
    )


def data_head(revision: int) -> bytes:
    """What precedes the (perhaps compressed) rest of a data packet."""
    return varint(FromServer.DATA) + (string("") if revision >= _TABLE_NAME_SINCE else b"")


def data_body(block: bytes) -> bytes:
    """The rest of a data packet: block info and the block."""
    return _BLOCK_INFO + block


def progress(revision: int, rows: int, size_bytes: int) -> bytes:
    """So many rows and bytes more have been read. How many are to come, the engine does not tell."""
    parts = [varint(FromServer.PROGRESS), varint(rows), varint(size_bytes)]
    if revision >= _TOTAL_ROWS_SINCE:
        parts.append(varint(rows))
    if revision >= _WRITE_INFO_SINCE:
        parts += [varint(0), varint(0)]
    return b"".join(parts)


def profile_info(rows: int, blocks: int, size_bytes: int, rows_before_limit: int) -> bytes:
    """A summary of a result."""
    not_applied, calculated = b"\x00", b"\x01"
    return b"".join(
        (
            varint(FromServer.PROFILE_INFO),
            varint(rows),
            varint(blocks),
            varint(size_bytes),
            not_applied,
            varint(rows_before_limit),
            calculated,
        )
    )


PONG = varint(FromServer.PONG)
END_OF_STREAM = varint(FromServer.END_OF_STREAM)
