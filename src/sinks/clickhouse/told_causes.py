"""Root causes that were said of mentions which are stored already: a newer version of each row carries them.

What is heard after that carries it by itself (`EnrichedMention.told_cause`). A mention that was edited after that
keeps its own causes. Doing it again changes nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from listener.clickhouse.quick_insert import Column, QuickInsertClient
from listener.domain.enriched import TOLD, RootCause, as_told
from listener.domain.erasure import Erasures, to_ms
from listener.domain.errors import Rejected
from listener.domain.governance import AuditEntry
from listener.domain.topics import AUDIT
from listener.kafka.record import Record
from sinks.clickhouse.erased import without_erased
from sinks.clickhouse.rows.mentions import told_version
from sinks.clickhouse.rows.row import Columns

ACTION = "case.reclassify"
AT_ONCE = 500
"""Mentions whose rows are in memory together; of more contacts than that all that is in the audit is looked at."""
_WITH_IDS = {"max_query_size": 8 * 1024 * 1024, "log_queries": 0}
"""For as many ids as `AT_ONCE`, each as long as ids may be; no log keeps them longer than the tables."""
_FIND = f"""
WITH told AS
(
    SELECT
        detail['contacts'] AS contact,
        argMax(detail['cause'], (at, detail['command_id'])) AS cause,
        argMax(detail['owner'], (at, detail['command_id'])) AS owner,
        max(at) AS told_at
    FROM audit FINAL
    WHERE action = '{ACTION}' AND contact != '' AND (%(all)s OR contact IN %(contacts)s)
    GROUP BY contact
)
SELECT said.author, said.mention_id, told.cause, told.owner, told.told_at
FROM
(
    SELECT author, mention_id, revision, causes FROM mentions FINAL
    PREWHERE mention_id IN (SELECT contact FROM told)
) AS said
INNER JOIN told ON told.contact = said.mention_id
WHERE said.revision <= toUnixTimestamp64Milli(told.told_at)
    AND if(empty(said.causes), 'unknown', said.causes[1]) != told.cause
"""  # noqa: S608  # a constant
_ROWS = "SELECT * FROM mentions FINAL PREWHERE (author, mention_id) IN %(keys)s"


def reclassified(batch: Iterable[Record]) -> frozenset[str]:
    """The contacts of which a batch of `audit` says that their cause was told."""
    found: set[str] = set()
    for record in batch:
        if record.topic == AUDIT.name and record.value and ACTION.encode() in record.value:
            with suppress(Rejected):  # is a dead letter
                found.add(AuditEntry.read(record.value).detail.get("contacts", ""))
    return frozenset(found)


def store_told(
    client: QuickInsertClient,
    kinds: Mapping[str, str],
    erasures: Erasures,
    contacts: Collection[str] | None = None,
) -> int:
    """Stores what the audit says of contacts whose rows say otherwise.

    Args:
        kinds: the types of the columns of `mentions`.
        erasures: of whom nothing is stored.
        contacts: that are looked at; all where None.

    Returns:
        How many mentions changed.
    """
    wanted = () if contacts is None or len(contacts) > AT_ONCE else tuple(contacts)
    asked = {"all": not wanted, "contacts": wanted or ("",)}
    found = client.execute(_FIND, asked, settings=_WITH_IDS)
    for start in range(0, len(found), AT_ONCE):
        told = {
            (author, name): (RootCause(node=cause, owner=owner, score=1.0), to_ms(at))
            for author, name, cause, owner, at in found[start : start + AT_ONCE]
        }
        rows, names = client.execute(_ROWS, {"keys": tuple(told)}, with_column_types=True, settings=_WITH_IDS)
        made = [_told(dict(zip((name for name, _ in names), row, strict=True)), told) for row in rows]
        columns = without_erased(
            "mentions", {name: [row[name] for row in made] for name, _ in names}, erasures
        )
        if columns["version"]:
            client.insert("mentions", [_encoded(columns, kinds)])
    return len(found)


def _told(row: dict[str, Any], told: Mapping[tuple[str, str], tuple[RootCause, int]]) -> dict[str, Any]:
    """The row that takes the place of another one."""
    cause, told_ms = told[row["author"], row["mention_id"]]
    found = zip(row["causes"], row["cause_owners"], row["cause_scores"], strict=True)
    causes = as_told(tuple(RootCause(node=n, owner=o, score=s) for n, o, s in found), cause)
    return row | {
        "causes": [one.node for one in causes],
        "cause_owners": [one.owner for one in causes],
        "cause_scores": [one.score for one in causes],
        "cause_evidence": [],  # whose words these are is no longer known
        "grouping_cause": cause.node,
        "model_versions": row["model_versions"] | {"root_causes": TOLD},
        "version": told_version(row["version"], told_ms),
    }


def _encoded(columns: Columns, kinds: Mapping[str, str]) -> dict[str, Column]:
    block = {name: Column(kinds[name]) for name in columns}
    for name, values in columns.items():
        block[name].add(_in_units(values))
    return block


def _in_units(values: Sequence[Any]) -> Sequence[Any]:
    """Times in milliseconds, as all columns of `mentions` have them."""
    return [to_ms(value) if isinstance(value, datetime) else value for value in values]
