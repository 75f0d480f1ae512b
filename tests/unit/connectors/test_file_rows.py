"""Rows are read whatever state the file is in, each with its line and its bytes."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.file_rows import Row, RowFile
from listener.domain.errors import ListenerError, UsageError


def _rows(path: Path, data: bytes) -> list[Row]:
    path.write_bytes(data)
    with RowFile(path) as rows:
        return list(rows)


def _told(rows: list[Row]) -> list[tuple[int, str | list[str]]]:
    """Line and values, or line and reason of each row."""
    return [(row.line, row.problem.reason if row.problem else [*row.values.values()]) for row in rows]


def test_a_row_knows_the_line_where_it_starts_and_its_bytes(tmp_path: Path) -> None:
    rows = _rows(tmp_path / "a.csv", b'id,text\n1,"one\ntwo\n\nthree"\n\n2,\xc3\xa9\r\n3,last')
    assert _told(rows) == [(2, ["1", "one\ntwo\n\nthree"]), (7, ["2", "é"]), (8, ["3", "last"])]
    assert [row.original for row in rows] == [b'1,"one\ntwo\n\nthree"', b"2,\xc3\xa9", b"3,last"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfid,text\r\n1,a\r\n")
    with RowFile(path) as rows:
        assert rows.columns == ("id", "text")


def test_broken_bytes_and_ragged_rows_are_problems_of_their_row_alone(tmp_path: Path) -> None:
    rows = _rows(tmp_path / "a.csv", b"id,text\n1,\xff\xfe\n2,a,b\n3\n4,nul\0here\n5,fine\n")
    assert _told(rows) == [
        (2, "not-utf8"),
        (3, "ragged-row"),
        (4, "ragged-row"),
        (5, ["4", "nul\0here"]),
        (6, ["5", "fine"]),
    ]
    assert rows[0].original == b"1,\xff\xfe"


def test_a_quotation_mark_that_is_never_closed_costs_one_line(tmp_path: Path) -> None:
    rows = _rows(tmp_path / "a.csv", b'id,text\n1,a\n2,"open\n3,b\n4,c\n')
    assert _told(rows) == [(2, ["1", "a"]), (3, "not-csv"), (4, ["3", "b"]), (5, ["4", "c"])]
    assert rows[1].original == b'2,"open'


def test_a_field_beyond_the_limit_costs_one_line(tmp_path: Path) -> None:
    filler = b"".join(b"%d,%s\n" % (n, b"x" * 1000) for n in range(1100))
    rows = _rows(tmp_path / "a.csv", b'id,text\n9,"open\n' + filler)
    assert [row.problem.reason for row in rows if row.problem] == ["not-csv"]
    assert len(rows) == 1101


def test_a_file_that_was_cut_off_within_a_row(tmp_path: Path) -> None:
    assert _told(_rows(tmp_path / "a.csv", b'id,text\n1,a\n2,"cut of')) == [(2, ["1", "a"]), (3, "not-csv")]


def test_a_carriage_return_within_a_field_is_part_of_it(tmp_path: Path) -> None:
    rows = _rows(tmp_path / "a.csv", b'id,text\r\n1,one\r\rtwo\r\n2,"three\rfour"\r\n')
    assert _told(rows) == [(2, ["1", "one\r\rtwo"]), (3, ["2", "three\rfour"])]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(tmp_path: Path, delimiter: str) -> None:
    data = f"id{delimiter}text\n1{delimiter}a, b\n".encode()
    assert _told(_rows(tmp_path / "a.csv", data)) == [(2, ["1", "a, b"])]


def test_json_lines(tmp_path: Path) -> None:
    data = (
        b'\xef\xbb\xbf{"id": 12345678901234567890, "t": "a\\nb"}\n\n[1]\n{"id": \n{"t": "\xff"}\r\n{"id": 1}'
    )
    rows = _rows(tmp_path / "a.jsonl", data)
    assert rows[0].values == {"id": 12345678901234567890, "t": "a\nb"}
    assert [(row.line, row.problem.reason if row.problem else "") for row in rows] == [
        (1, ""),
        (3, "invalid"),
        (4, "not-json"),
        (5, "not-utf8"),
        (6, ""),
    ]
    assert rows[3].original == b'{"t": "\xff"}'


def test_compressed_files_and_files_without_a_telling_name(tmp_path: Path) -> None:
    assert _told(_rows(tmp_path / "a.csv.gz", gzip.compress(b"id,text\n1,a\n"))) == [(2, ["1", "a"])]
    assert _rows(tmp_path / "dump", b'{"id": 1}\n')[0].values == {"id": 1}
    assert _told(_rows(tmp_path / "export.dat", b"id,text\n1,a\n")) == [(2, ["1", "a"])]


def test_a_damaged_archive_says_after_which_line(tmp_path: Path) -> None:
    whole = gzip.compress(b"id,text\n" + b"".join(b"%d,%d\n" % (n, n * 7919) for n in range(200_000)))
    path = tmp_path / "a.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with (
        RowFile(path) as rows,
        pytest.raises(ListenerError, match=r"damaged or unreadable after line \d{4,}"),
    ):
        list(rows)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        ("id,text\n".encode("utf-16"), "UTF-16"),
        (b"\0\0\0\1" * 100, "not a text file"),
        (b"id,text\r1,a\r2,b\r", "carriage return"),
        (b'"id,text\n1,a\n', "header"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=says) as refused:
        RowFile(path)
    assert str(path) in str(refused.value)


def test_a_json_array_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'[{"id": 1}]')
    with pytest.raises(UsageError, match="jq"):
        RowFile(path)


def test_no_file_and_a_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        RowFile(tmp_path / "missing.csv")
    with pytest.raises(UsageError, match="directory"):
        RowFile(tmp_path)


# Of what csv writes itself: no carriage returns, which it leaves unquoted, and no surrogates.
_CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufdd0"), max_size=20)


@given(st.lists(st.tuples(_CELLS, _CELLS, _CELLS), max_size=20))
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, ...]]
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b", "c"])
    writer.writerows(table)
    path = tmp_path_factory.mktemp("rows") / "a.csv"
    data = out.getvalue().encode()
    rows = _rows(path, data)
    assert [tuple(row.values.values()) for row in rows] == table
    assert b"".join(row.original + b"\n" for row in rows) == data.partition(b"\n")[2]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.csv"
    for row in _rows(path, b"id,text\n" + data):
        assert row.original in data
        assert row.problem is not None or len(row.values) == 2


@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers() | st.none(), max_size=3)
    )
)
def test_what_json_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.jsonl"
    data = "".join(json.dumps(row) + "\n" for row in table).encode()
    if data:
        assert [row.values for row in _rows(path, data)] == table
