"""What the models and the taxonomy in use would call contacts that were heard before, and what they are called."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple, Protocol

from listener.domain.enriched import NO_CAUSE, Enrichment
from listener.domain.mention import Mention

BY = "models: "
"""How the name in a command begins that no person chose the cause of."""
BATCH = 1000
COLUMNS = (
    *(
        "mention_id",
        "source",
        "source_kind",
        "native_id",
        "author",
        "history_author",
        "channel",
        "visibility",
    ),
    *("text", "title", "rating", "occurred_at", "received_at", "grouping_cause"),
)
QUERY = f"""
SELECT
  {", ".join(f"said.{column}" for column in COLUMNS[:-1])},
  if(told.cause = '', said.{COLUMNS[-1]}, told.cause)
FROM contacts AS said
LEFT JOIN (
  SELECT
    detail['contacts'] AS contact,
    argMax(actor, (at, entry_id)) AS actor,
    argMax(detail['cause'], (at, entry_id)) AS cause
  FROM audit FINAL WHERE action = 'case.reclassify' GROUP BY contact
) AS told ON told.contact = said.mention_id
WHERE NOT said.deleted AND said.occurred_at >= %(since)s AND said.occurred_at < %(until)s
  AND (told.actor = '' OR startsWith(told.actor, %(by)s))
ORDER BY said.occurred_at
"""  # noqa: S608  # the columns are ours
"""Contacts whose cause no person chose, with what models said of them last; what a person chose stays."""


class Enricher(Protocol):
    """See `stream.enrichment.pipeline.Enricher`."""

    def enrich(self, mentions: Sequence[Mention]) -> list[Enrichment]:
        """Same length, same order."""


class Change(NamedTuple):
    """A contact that would be called otherwise."""

    contact: str
    author: str
    before: str
    after: str
    version: str


def changes(rows: Iterable[Sequence[Any]], enricher: Enricher) -> Iterator[Change]:
    """Those of the rows whose root cause would be another one today.

    Args:
        rows: with `COLUMNS`.
    """
    waiting = iter(rows)
    while batch := [dict(zip(COLUMNS, row, strict=True)) for row in islice(waiting, BATCH)]:
        for row, found in zip(batch, enricher.enrich([_mention(row) for row in batch]), strict=True):
            after = found.root_causes[0].node if found.root_causes else NO_CAUSE
            if after != row["grouping_cause"]:
                yield Change(
                    row["mention_id"],
                    row["history_author"],
                    row["grouping_cause"],
                    after,
                    found.versions["root_causes"],
                )


def _mention(row: Mapping[str, Any]) -> Mention:
    return Mention(
        mention_id=row["mention_id"],
        source=row["source"],
        source_kind=row["source_kind"],
        native_id=row["native_id"],
        author=row["author"],
        channel=row["channel"],
        visibility=row["visibility"],
        text=row["text"],
        title=row["title"] or None,
        rating=row["rating"],
        occurred_at=_utc(row["occurred_at"]),
        received_at=_utc(row["received_at"]),
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
