"""Runs clickhouse-driver's own tests against the embedded ClickHouse.

    python bench/driver_suite.py PATH_TO_A_CHECKOUT_OF_CLICKHOUSE_DRIVER [pytest arguments]

The checkout is copied and not changed. The tests want pytest, parameterized, freezegun and zstd beside
numpy, pandas and pyarrow. They call `clickhouse-client` to prepare tables and to compare: a stand-in of a few
lines, a plugin of pytest that answers in tab-separated text, takes its place. They expect a server in the
time zone Europe/Moscow.
"""

import configparser
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from listener.embedded.clickhouse import ClickHouseServer
from listener.embedded.ports import free_port

PASSWORD = "suite"
TIME_ZONE = "Europe/Moscow"

STAND_IN = """
import os

from clickhouse_driver import Client
from tests.testcase import BaseTestCase, file_config


def emit_cli(cls, statement, database=None, encoding="utf-8", **settings):
    connection = {key: file_config.get("db", key) for key in ("user", "password", "port")}
    query = str(statement).rstrip().rstrip(";")
    if settings.pop("use_client_time_zone", False):
        settings["session_timezone"] = os.environ["TZ"]
    rows_are_wanted = query.split(None, 1)[0].upper() in ("SELECT", "WITH")
    if rows_are_wanted:
        query = "SELECT formatRow('TabSeparated', *) FROM (" + query + ")"
    with Client("127.0.0.1", database=database or cls.database, settings=settings, **connection) as client:
        rows = client.execute(query, settings={"strings_as_bytes": True})
    return b"".join(row for (row,) in rows).decode(encoding) if rows_are_wanted else ""


BaseTestCase.emit_cli = classmethod(emit_cli)
"""


def main() -> int:
    """Returns pytest's exit code."""
    checkout, *pytest_arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="driver-suite-") as name:
        place = Path(name)
        shutil.copytree(Path(checkout) / "tests", place / "tests")
        (place / "clickhouse_client_stand_in.py").write_text(STAND_IN)
        os.environ["TZ"] = TIME_ZONE  # of the server, the tests and the stand-in
        server = ClickHouseServer(place / "data", free_port(), PASSWORD, "reader")
        config = configparser.ConfigParser()
        config.read(Path(checkout) / "setup.cfg")
        config["db"].update(port=str(server.port), user="listener", password=PASSWORD)
        with (place / "setup.cfg").open("w") as file:
            config.write(file)
        server.start()
        try:
            server.wait_ready()
            suite = [sys.executable, "-m", "pytest", "-q", "-p", "clickhouse_client_stand_in", "tests"]
            return subprocess.run([*suite, *pytest_arguments], cwd=place, check=False).returncode
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
