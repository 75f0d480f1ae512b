"""What people said of mentions that are stored already: a newer version of each row carries it.

That is what they are about, and whether they need a response. What is heard after that carries it by itself
(`EnrichedMention.told_cause`, `told_response`). A mention that was edited after that keeps what was found in it.
Doing it again changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

from listener.clickhouse.quick_insert import Column, QuickInsertClient
from listener.domain.enriched import ANSWERED, NEVER_OPENS, NO_CAUSE, TOLD, RootCause, as_told, need_as_told
from listener.domain.erasure import Erasures, to_ms
from listener.domain.errors import Rejected
from listener.domain.governance import AuditEntry
from listener.domain.topics import AUDIT
from listener.kafka.record import Record
from sinks.clickhouse.erased import without_erased
from sinks.clickhouse.rows.mentions import told_version
from sinks.clickhouse.rows.row import Columns

RECLASSIFY: Final = "case.reclassify"
NEEDS_RESPONSE: Final = "case.needs_response"
ACTIONS: Final = (RECLASSIFY, NEEDS_RESPONSE, "case.needs_no_response")
AT_ONCE = 500
"""Mentions in a portion; where more contacts are noted all that is in the audit is looked at."""
LOOK_EVERY_SECONDS = 5.0
"""At most so often: it reads the ids of all mentions."""
_NAMES = tuple(action.encode() for action in ACTIONS)
_WITH_IDS = {"max_query_size": 8 * 1024 * 1024, "log_queries": 0}
"""For as many ids as `AT_ONCE`, each as long as ids may be; no log keeps them longer than the tables."""
_FIND = f"""
WITH told AS
(
    SELECT
        detail['contacts'] AS contact,
        countIf(action = '{RECLASSIFY}') > 0 AS of_cause,
        argMaxIf(detail['cause'], (at, detail['command_id']), action = '{RECLASSIFY}') AS cause,
        argMaxIf(detail['owner'], (at, detail['command_id']), action = '{RECLASSIFY}') AS owner,
        toUnixTimestamp64Milli(maxIf(at, action = '{RECLASSIFY}')) AS cause_ms,
        countIf(action != '{RECLASSIFY}') > 0 AS of_need,
        argMaxIf(action, (at, detail['command_id']), action != '{RECLASSIFY}') = '{NEEDS_RESPONSE}' AS wanted,
        toUnixTimestamp64Milli(maxIf(at, action != '{RECLASSIFY}')) AS wanted_ms
    FROM audit FINAL
    WHERE action IN {ACTIONS} AND contact != '' AND (%(all)s OR contact IN %(contacts)s)
    GROUP BY contact
)
SELECT
    said.author,
    said.mention_id,
    if(of_cause AND said.revision <= cause_ms, cause, '') AS told_cause,
    owner,
    cause_ms,
    if(of_need AND said.revision <= wanted_ms, wanted, NULL) AS told_response,
    wanted_ms
FROM
(
    SELECT author, mention_id, revision, causes, need, needs_response FROM mentions FINAL
    PREWHERE mention_id IN (SELECT contact FROM told)
) AS said
INNER JOIN told ON told.contact = said.mention_id
WHERE (told_cause != '' AND if(empty(said.causes), 'unknown', said.causes[1]) != told_cause)
    OR (isNotNull(told_response)
        AND if(told_response,
            NOT needs_response OR need NOT IN {tuple(sorted(ANSWERED))},
            needs_response OR need NOT IN {tuple(sorted(NEVER_OPENS))}))
"""  # noqa: S608  # a constant
_ROWS = "SELECT * FROM mentions FINAL PREWHERE (author, mention_id) IN %(keys)s"


class _Told(NamedTuple):
    """What people said of a mention: what it is about, and whether it needs a response; None where nothing."""

    cause: RootCause | None
    cause_ms: int
    response: bool | None
    response_ms: int


def contacts_told_of(batch: Iterable[Record]) -> frozenset[str]:
    """The contacts of which a batch of `audit` says that somebody said something."""
    found: set[str] = set()
    for record in batch:
        if record.topic == AUDIT.name and record.value and any(name in record.value for name in _NAMES):
            with suppress(Rejected):  # is a dead letter
                entry = AuditEntry.read(record.value)
                if entry.action in ACTIONS:
                    found.add(entry.detail.get("contacts", ""))
    return frozenset(found)


class ToldOfMentions:
    """What is to be stored of it, a portion at a time, so that nothing else waits for long.

    Args:
        erasures: of whom nothing is stored.
        monotonic: clock, in seconds.
    """

    def __init__(self, erasures: Erasures, monotonic: Callable[[], float]) -> None:
        self._erasures = erasures
        self._monotonic = monotonic
        self._look_at = monotonic()
        self._contacts: set[str] = set()
        self._all = False
        self._found: list[tuple[Any, ...]] = []

    def note(self, contacts: Iterable[str]) -> None:
        """The audit that is stored says that somebody said something of these."""
        self._contacts.update(contacts)

    def look_at_all(self) -> None:
        """Looks soon at all that the audit says, whatever was noted: mentions may have come later than that."""
        self._all = True

    def store_portion(self, client: QuickInsertClient, kinds: Mapping[str, str]) -> None:
        """Stores what the audit says of contacts whose rows say otherwise, of `AT_ONCE` at the most.

        Args:
            kinds: the types of the columns of `mentions`.
        """
        if not self._found and (self._all or self._contacts) and self._monotonic() >= self._look_at:
            self._look_at = self._monotonic() + LOOK_EVERY_SECONDS
            all_of_them = self._all or len(self._contacts) > AT_ONCE
            asked = {"all": all_of_them, "contacts": tuple(self._contacts)[:AT_ONCE] or ("",)}
            self._found = client.execute(_FIND, asked, settings=_WITH_IDS)
            self._contacts.clear()
            self._all = False
        if self._found:
            self._store(self._found[:AT_ONCE], client, kinds)
            del self._found[:AT_ONCE]

    def _store(
        self, found: Sequence[tuple[Any, ...]], client: QuickInsertClient, kinds: Mapping[str, str]
    ) -> None:
        told = {
            (author, name): _Told(
                RootCause(node=cause, owner=owner, score=1.0) if cause else None,
                cause_ms,
                response,
                response_ms,
            )
            for author, name, cause, owner, cause_ms, response, response_ms in found
        }
        rows, kept = client.execute(_ROWS, {"keys": tuple(told)}, with_column_types=True, settings=_WITH_IDS)
        names = [name for name, _ in kept]
        made = [
            _as_told(row, told[row["author"], row["mention_id"]])
            for row in (dict(zip(names, values, strict=True)) for values in rows)
        ]
        columns = {name: [row[name] for row in made if row is not None] for name in names}
        columns = without_erased("mentions", columns, self._erasures)
        if columns["version"]:
            client.insert("mentions", [_encoded(columns, kinds)])


def _as_told(row: dict[str, Any], told: _Told) -> dict[str, Any] | None:
    """The row that takes the place of another one; None where that was edited meanwhile."""
    since = []
    made = row
    if told.cause is not None and row["revision"] <= told.cause_ms:
        made = _about(made, told.cause)
        since.append(told.cause_ms)
    if told.response is not None and row["revision"] <= told.response_ms:
        need, needs_response = need_as_told(row["need"], row["needs_response"], told.response)
        made = made | {
            "need": need,
            "needs_response": needs_response,
            "model_versions": made["model_versions"] | {"need": TOLD},
        }
        since.append(told.response_ms)
    return made | {"version": told_version(row["version"], max(since))} if since else None


def _about(row: dict[str, Any], cause: RootCause) -> dict[str, Any]:
    """The row with the root cause that was told."""
    if (row["causes"] or [NO_CAUSE])[0] == cause.node:
        return row
    found = zip(row["causes"], row["cause_owners"], row["cause_scores"], strict=True)
    causes = as_told(tuple(RootCause(node=n, owner=o, score=s) for n, o, s in found), cause)
    return row | {
        "causes": [one.node for one in causes],
        "cause_owners": [one.owner for one in causes],
        "cause_scores": [one.score for one in causes],
        "cause_evidence": [],  # whose words these are is no longer known
        "grouping_cause": cause.node,
        "model_versions": row["model_versions"] | {"root_causes": TOLD},
    }


def _encoded(columns: Columns, kinds: Mapping[str, str]) -> dict[str, Column]:
    block = {name: Column(kinds[name]) for name in columns}
    for name, values in columns.items():
        block[name].add(_in_units(values))
    return block


def _in_units(values: Sequence[Any]) -> Sequence[Any]:
    """Times in milliseconds, as all columns of `mentions` have them."""
    return [to_ms(value) if isinstance(value, datetime) else value for value in values]
