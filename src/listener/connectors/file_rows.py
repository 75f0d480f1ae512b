"""The rows of a CSV or JSON-lines file, each with the line where it starts and its bytes as they stand there."""

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from listener.domain.contract import json_object
from listener.domain.errors import ListenerError, Rejected, UsageError
from listener.domain.mention import MAX_TEXT

Format = Literal["csv", "jsonl"]

MAX_LINE_BYTES = 16 * 1024 * 1024
_FORMATS: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t|"
_CARRIAGE_RETURN = "\ufdd0"
"""Stands for a carriage return within a field while csv parses, which takes one for the end of the row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, or why it is none.

    Attributes:
        line: the physical line on which it starts, from 1.
        original: its bytes without the line's end.
        values: column to value; empty where `problem` is set.
    """

    line: int
    original: bytes
    values: Mapping[str, Any]
    problem: Rejected | None = None


class RowFile:
    """Reads a file row by row, in memory for one row. Use as a context manager, iterate once.

    Args:
        path: CSV (comma, semicolon, tab or bar, with a header) or one JSON object a line; UTF-8, with or
            without BOM; also compressed with gzip.

    Raises:
        UsageError: there is no such file, it is a directory, empty, or not of a kind that can be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._raw = _open(path)
        try:
            compressed = self._raw.peek(2)[:2] == b"\x1f\x8b"  # type: ignore[attr-defined]  # BufferedReader
            stream: IO[bytes] = self._raw
            if compressed:
                stream = io.BufferedReader(gzip.GzipFile(fileobj=self._raw))
            self._lines = _Lines(stream, path)
            self.format = self._recognise()
            self.columns: tuple[str, ...] = ()
            if self.format == "csv":
                self._read_header()
        except BaseException:
            self._raw.close()
            raise

    @property
    def bytes_read(self) -> int:
        """How far into the file as it lies on disk; for progress."""
        return self._raw.tell()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size

    def __enter__(self) -> "RowFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def __iter__(self) -> Iterator[Row]:
        return self._csv_rows() if self.format == "csv" else self._json_rows()

    def _recognise(self) -> Format:
        start = self._lines.first_bytes()
        if not start:
            raise UsageError(f"{self.path}: the file is empty")
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise UsageError(f"{self.path}: UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)")
        suffixes = [suffix.lower() for suffix in self.path.suffixes if suffix.lower() != ".gz"]
        found = _FORMATS.get(suffixes[-1]) if suffixes else None
        if found is None:
            found = "jsonl" if start.lstrip().startswith(b"{") else "csv"
        if found == "jsonl" and start.lstrip().startswith(b"["):
            raise UsageError(
                f"{self.path}: a JSON array; one object a line is needed (jq -c '.[]' makes that of it)"
            )
        if found == "csv" and b"\0" in start and start.count(b"\0") > len(start) // 10:
            raise UsageError(f"{self.path}: not a text file")
        return found

    def _read_header(self) -> None:
        first = self._lines.peek_text()
        counts = {delimiter: first.count(delimiter) for delimiter in _DELIMITERS}
        self._delimiter = max(_DELIMITERS, key=lambda delimiter: counts[delimiter])
        header = next(self._parsed(), None)
        if header is None or isinstance(header[1], Rejected):
            raise UsageError(f"{self.path}: the header line cannot be read")
        self.columns = tuple(name.strip() for name in header[1])
        if any("\r" in name for name in self.columns):
            raise UsageError(
                f"{self.path}: lines end with a carriage return alone; convert them (tr '\\r' '\\n')"
            )

    def _csv_rows(self) -> Iterator[Row]:
        columns = self.columns
        for line, fields, original in self._parsed():
            if isinstance(fields, Rejected):
                yield Row(line, original, {}, fields)
            elif len(fields) != len(columns):
                told = f"{len(fields)} fields where the header has {len(columns)}"
                yield Row(line, original, {}, Rejected("ragged-row", told))
            else:
                yield Row(line, original, dict(zip(columns, fields, strict=True)))

    def _parsed(self) -> Iterator[tuple[int, list[str] | Rejected, bytes]]:
        """Line, fields or problem, and bytes of each row that is not blank."""
        lines = self._lines
        csv.field_size_limit(MAX_TEXT)
        reader = csv.reader(lines, delimiter=self._delimiter)
        while True:
            line = lines.begin_row()
            problem: Rejected | None = None
            fields: list[str] = []
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                problem = Rejected("not-csv", str(error))
            if lines.ended_within_row():
                problem = Rejected("not-csv", "a quotation mark is opened and never closed")
            if problem is not None:
                # A quotation mark that is never closed swallows what follows: give up its line only.
                lines.give_back_all_but_first()
                reader = csv.reader(lines, delimiter=self._delimiter)
            original = lines.row_bytes()
            if lines.broken:
                problem = Rejected("not-utf8", "bytes that are not UTF-8")
            if problem is not None:
                yield line, problem, original
            elif fields:
                yield line, [name.replace(_CARRIAGE_RETURN, "\r") for name in fields], original

    def _json_rows(self) -> Iterator[Row]:
        while True:
            line = self._lines.begin_row()
            if next(self._lines, None) is None:
                return
            original = self._lines.row_bytes()
            if not original.strip():
                continue
            if self._lines.broken:
                yield Row(line, original, {}, Rejected("not-utf8", "bytes that are not UTF-8"))
                continue
            try:
                yield Row(line, original, json_object(original))
            except Rejected as problem:
                yield Row(line, original, {}, problem)


class _Lines:
    """Lines of text that remember the bytes of the row being read. Only a line feed ends a line."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._path = path
        self._waiting: deque[bytes] = deque()
        self._row: list[bytes] = []
        self._next_line = 1
        self._row_line = 1
        self._at_end = False
        self.broken = False
        first = self._read()
        if first:
            self._waiting.append(first.removeprefix(_BOM))

    def first_bytes(self) -> bytes:
        return self._waiting[0][:4096] if self._waiting else b""

    def peek_text(self) -> str:
        return self.first_bytes().decode(errors="replace")

    def begin_row(self) -> int:
        self._row = []
        self._row_line = self._next_line
        self.broken = False
        return self._row_line

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        data = self._waiting.popleft() if self._waiting else self._read()
        if not data:
            self._at_end = True
            raise StopIteration
        self._row.append(data)
        self._next_line += 1
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.broken = True
            text = data.decode(errors="replace")
        body = text.removesuffix("\n").removesuffix("\r")
        if "\r" in body:
            text = body.replace("\r", _CARRIAGE_RETURN) + text[len(body) :]
        return text

    def ended_within_row(self) -> bool:
        """Whether the row wanted another line, and there was none."""
        return self._at_end and bool(self._row)

    def give_back_all_but_first(self) -> None:
        self._waiting.extendleft(reversed(self._row[1:]))
        del self._row[1:]
        self._next_line = self._row_line + 1
        self._at_end = False
        self.broken = False

    def row_bytes(self) -> bytes:
        return b"".join(self._row).removesuffix(b"\n").removesuffix(b"\r")

    def _read(self) -> bytes:
        try:
            return self._stream.readline(MAX_LINE_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            raise ListenerError(
                f"{self._path}: damaged or unreadable after line {self._next_line - 1}: {error}; "
                "what was read before is published, the same command goes on there once it is repaired"
            ) from error


def _open(path: Path) -> IO[bytes]:
    if path.is_dir():
        raise UsageError(f"{path}: a directory; name one CSV or JSON-lines file")
    try:
        return path.open("rb", buffering=1024 * 1024)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be opened: {error.strerror}") from None
