"""How long the tables keep their rows: a TTL in ClickHouse, for each table that the configuration names."""

import re
from collections.abc import Mapping

from listener.clickhouse.client import connect, translated
from listener.domain.retention import AGED_BY, MADE_FROM

_TTL = re.compile(r"\bTTL (.+?)(?: SETTINGS |$)", re.DOTALL)


def apply_retention(url: str, days: Mapping[str, int]) -> list[str]:
    """Gives every table its retention, and takes it from those that are not named.

    Args:
        days: table to how long its rows are kept; at the next merge after that they are gone.

    Returns:
        In words, what was changed.

    Raises:
        ServiceError: ClickHouse is not there, or refuses.
    """
    changed = []
    client = connect(url)
    with translated(url):
        try:
            engines = dict(
                client.execute(
                    "SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()"
                )
            )
            for table, column in AGED_BY.items():
                wanted = f"toDateTime({column}) + toIntervalDay({days[table]})" if table in days else ""
                of_it = [table, *(made for made, source in MADE_FROM.items() if source == table)]
                behind = [name for name in of_it if _ttl(engines[name]) != wanted]
                for name in behind:
                    client.execute(f"ALTER TABLE {name} {f'MODIFY TTL {wanted}' if wanted else 'REMOVE TTL'}")
                if behind:
                    changed.append(
                        f"{table}: {f'kept for {days[table]} days' if wanted else 'kept without end'}"
                    )
        finally:
            client.disconnect()
    return changed


def _ttl(engine: str) -> str:
    found = _TTL.search(engine)
    return "" if found is None else found[1].strip()
