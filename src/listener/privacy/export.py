"""Everything that is held about a person, place by place; the schema of a line is in docs/privacy.md."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from listener.domain.contract import format_utc
from listener.privacy import logs
from listener.privacy.person import Person, Read
from listener.privacy.rows import TABLES
from listener.privacy.tables import PersonInTables
from listener.privacy.topics import SEARCHED, Search

Line = dict[str, Any]
Tables = Callable[[], AbstractContextManager[PersonInTables]]
"""Opens what ClickHouse holds about the person; see `listener.privacy.tables.person_in_tables`."""


def header(person: Person, at: datetime, sources: Mapping[str, Mapping[str, str]]) -> Line:
    """The first line: whose data, when, and on what basis each source is processed.

    Args:
        sources: by name, the lawful basis as configured.
    """
    return {
        "place": "export",
        "at": format_utc(at),
        "value": {
            "authors": sorted(person.authors),
            "customers": sorted(person.customers),
            "lawful_bases": {name: dict(basis) for name, basis in sources.items()},
        },
    }


def held(read: Read, tables: Tables, log_directory: Path, person: Person) -> Iterator[Line]:
    """One line for each thing that is held.

    Raises:
        ServiceError: Kafka or ClickHouse is not there.
    """
    search = Search(person)
    for topic in SEARCHED:
        for found in search.topic(read, topic):
            yield {
                "place": f"topic {topic.name}",
                "position": f"{found.record.partition}@{found.record.offset}",
                "at": format_utc(datetime.fromtimestamp(max(0, found.record.timestamp) / 1000, UTC)),
                "key": found.key,
                "value": found.value,
            }
    with tables() as in_tables:
        for table in TABLES:
            for row in in_tables.rows(table):
                yield {
                    "place": f"table {table}",
                    "value": {name: _plain(value) for name, value in row.items()},
                }
    for name, line in logs.lines(log_directory, person.authors | search.mentions):
        yield {"place": f"log {name}", "value": line}


def counted(lines: Iterable[Line]) -> list[tuple[str, int]]:
    """Place to how much is there, in the order of the lines."""
    counts = Counter(line["place"] for line in lines)
    return list(counts.items())


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    if isinstance(value, datetime):
        return format_utc(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value
