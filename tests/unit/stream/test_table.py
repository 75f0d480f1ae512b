"""The local copy of a table: what was deleted is in none of its files."""

import os
from pathlib import Path

from faust.stores.rocksdb import RocksDBOptions
from rocksdict import DBCompressionType, Rdict, WriteBatch

from stream.table import OPTIONS, forget_old_copies, rewrite

GONE = b"someone nobody is to find"
ALSO = b"state number "


def opened(directory: Path) -> Rdict:
    options = RocksDBOptions(**{name: value for name, value in OPTIONS.items() if name != "driver"})
    as_options = options.as_options

    def uncompressed() -> object:
        made = as_options()
        made.set_compression_type(DBCompressionType.none())
        return made

    options.as_options = uncompressed
    made: Rdict = options.open(directory)
    return made


def files_with(directory: Path, needle: bytes) -> list[str]:
    return [path.name for path in directory.iterdir() if path.is_file() and needle in path.read_bytes()]


def write(database: Rdict, key: bytes, value: bytes | None) -> None:
    batch = WriteBatch(raw_mode=True)
    if value is None:
        batch.delete(key)
    else:
        batch.put(key, value)
    database.write(batch)


def test_nothing_of_what_was_deleted_stays_in_any_file(tmp_path: Path) -> None:
    database = opened(tmp_path)
    for number in range(2000):
        write(database, b"x:%05d" % number, ALSO + b"%d" % number)
    write(database, b"a:" + GONE, b"says " + GONE)
    write(database, b"x:00007", b"knows " + GONE)
    database.flush()
    write(database, b"zz" + GONE, b"says " + GONE)
    assert len(files_with(tmp_path, GONE)) > 1
    write(database, b"a:" + GONE, None)
    write(database, b"zz" + GONE, None)
    write(database, b"x:00007", ALSO + b"7")
    rewrite(database)
    database.close()
    database = opened(tmp_path)
    assert files_with(tmp_path, GONE) == []
    assert database.get(b"x:00007") == ALSO + b"7"
    assert database.get(b"x:01999") == ALSO + b"1999"
    assert database.get(b"a:" + GONE) is None
    database.close()


def test_copies_that_may_hold_what_was_deleted_since_are_rebuilt(tmp_path: Path) -> None:
    tables = tmp_path / "v1" / "tables"
    for name, age in (("ledger-0.db", 13 * 3600), ("ledger-1.db", 3600)):
        (tables / name).mkdir(parents=True)
        (tables / name / "000001.sst").touch()
        os.utime(tables / name / "000001.sst", (1_000_000 - age, 1_000_000 - age))
    assert forget_old_copies(tmp_path, 1_000_000.0) == ["ledger-0.db"]
    assert [path.name for path in tables.iterdir()] == ["ledger-1.db"]
