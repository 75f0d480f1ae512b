"""A stream worker whose tables are not compressed on the disk, so that what stands there can be searched for."""

import sys

from faust.stores import rocksdb
from rocksdict import DBCompressionType, Options

from listener.cli.main import main

as_options = rocksdb.RocksDBOptions.as_options


def uncompressed(options: rocksdb.RocksDBOptions) -> Options:
    made: Options = as_options(options)
    made.set_compression_type(DBCompressionType.none())
    return made


rocksdb.RocksDBOptions.as_options = uncompressed
if __name__ == "__main__":
    sys.argv[0] = "listener"
    main()
