"""The schema, by numbered migrations: each is recorded with its hash once all its statements are done.

ClickHouse has no transactions for this, and no lock. So every statement of a migration can be run again
(``IF NOT EXISTS``, ``OR REPLACE``): a run that was killed halfway is repeated, and two runs at once do the
same thing twice.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from clickhouse_driver import Client

from listener.clickhouse.client import connect, read_url, translated
from listener.clickhouse.view_comments import explain_views
from listener.domain.errors import ServiceError

TABLE = "schema_migrations"
_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_END_OF_STATEMENT = re.compile(r";[ \t]*(?:\n|$)")
_COMMENT_LINES = re.compile(r"(?:\s*--[^\n]*(?:\n|$))*\s*")

_CREATE_TABLE = f"""
CREATE TABLE IF NOT EXISTS {TABLE}
(
    number UInt32 COMMENT 'Number of the migration',
    name String COMMENT 'Name of the migration',
    hash String COMMENT 'SHA-256 of its text',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was done'
)
ENGINE = ReplacingMergeTree
ORDER BY (number, hash)
COMMENT 'Migrations that were done'
"""


@dataclass(frozen=True)
class Migration:
    """One numbered file of SQL."""

    number: int
    name: str
    text: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text, in hexadecimal; the ends of lines do not matter."""
        return sha256(self.text.replace("\r\n", "\n").encode()).hexdigest()

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements; each ends with a ``;`` at the end of a line, comments before it are left out."""
        parts = (_COMMENT_LINES.sub("", part, count=1) for part in _END_OF_STATEMENT.split(self.text))
        return tuple(part.strip() for part in parts if part.strip())

    def __str__(self) -> str:
        return f"{self.number:04d}_{self.name}"


def shipped_migrations() -> tuple[Migration, ...]:
    """The migrations of this program, by number: in the wheel beside this module, else in the checkout.

    Raises:
        ServiceError: the installation is incomplete.
    """
    directory: Traversable = resources.files("listener.clickhouse") / "migrations"
    if not directory.is_dir():
        directory = Path(__file__).parents[3] / "schemas" / "clickhouse"
    if not directory.is_dir():
        raise ServiceError("This installation lacks its ClickHouse migrations: install it again")
    found = []
    for file in directory.iterdir():
        match = _FILE.fullmatch(file.name)
        if match:
            found.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.number))


def migrate(url: str, migrations: Iterable[Migration] | None = None) -> list[Migration]:
    """Creates the database of the URL where it is missing, does what was not done yet, and explains the views.

    Returns:
        The migrations done by this run, in order.

    Raises:
        ServiceError: the server cannot be reached or refused; or the database was made by other migrations
            than these: one has changed since, or is unknown to this program.
    """
    wanted = tuple(shipped_migrations() if migrations is None else migrations)
    with translated(url):
        _create_database(url)
        client = connect(url)
        try:
            client.execute(_CREATE_TABLE)
            missing = _missing(wanted, _recorded(client), url)
            for migration in missing:
                for statement in migration.statements:
                    client.execute(statement)
                row = (migration.number, migration.name, migration.hash)
                client.execute(f"INSERT INTO {TABLE} (number, name, hash) VALUES", [row])
            explain_views(client)
        finally:
            client.disconnect()
    return missing


def pending(client: Client, url: str) -> list[Migration]:
    """The migrations of this program that the database still lacks.

    Raises:
        ServiceError: as for `migrate`.
    """
    with translated(url):
        recorded = _recorded(client) if client.execute(f"EXISTS TABLE {TABLE}")[0][0] else {}
    return _missing(shipped_migrations(), recorded, url)


def check_schema(client: Client, url: str) -> None:
    """Makes sure that the database is as this program expects it.

    Raises:
        ServiceError: migrations are missing, changed or unknown, or the server cannot be reached.
    """
    missing = pending(client, url)
    if missing:
        names = ", ".join(str(migration) for migration in missing)
        raise ServiceError(f"ClickHouse at {read_url(url)} lacks {names}: run `listener migrate`")


def _create_database(url: str) -> None:
    client = connect(url, database="default")
    try:
        name = read_url(url).database.replace("\\", "\\\\").replace("`", "\\`")
        client.execute(f"CREATE DATABASE IF NOT EXISTS `{name}`")
    finally:
        client.disconnect()


def _recorded(client: Client) -> dict[int, tuple[str, frozenset[str]]]:
    """Number to name and hashes; several hashes mean that different programs ran at once."""
    rows = client.execute(f"SELECT number, any(name), groupUniqArray(hash) FROM {TABLE} GROUP BY number")  # noqa: S608 - a constant
    return {number: (name, frozenset(hashes)) for number, name, hashes in rows}


def _missing(
    wanted: tuple[Migration, ...], recorded: dict[int, tuple[str, frozenset[str]]], url: str
) -> list[Migration]:
    known = {migration.number: migration for migration in wanted}
    for number, (name, hashes) in sorted(recorded.items()):
        if number not in known:
            raise ServiceError(
                f"ClickHouse at {read_url(url)} was migrated by a newer program: {number:04d}_{name} is unknown "
                "to this one. Update Listener."
            )
        if hashes != {known[number].hash}:
            raise ServiceError(
                f"ClickHouse at {read_url(url)} was migrated with another {number:04d}_{name} "
                "than this program's. A migration must not change once it was used: add a new one instead."
            )
    return [migration for migration in wanted if migration.number not in recorded]
