"""Past contacts, judged by the taxonomy in use."""

from datetime import UTC, datetime
from typing import Any

from listener.cli.past_causes import COLUMNS, Change, changes
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import read_taxonomy

TAXONOMY = read_taxonomy(
    "nodes: [{id: delivery, name: Delivery, owner: us, keywords: [parcel]}]", "taxonomy.yaml"
)


def row(number: int, text: str, cause: str, **fields: Any) -> tuple[Any, ...]:
    at = datetime(2026, 1, 1)  # noqa: DTZ001  # as the driver gives it where the column has no zone
    given: dict[str, Any] = {
        "mention_id": f"shop:{number}",
        "source": "shop",
        "source_kind": "shop",
        "native_id": str(number),
        "author": "shop:jane",
        "history_author": "shop:jane",
        "channel": "review",
        "visibility": "public",
        "text": text,
        "title": "",
        "rating": None,
        "occurred_at": at,
        "received_at": at.replace(tzinfo=UTC),
        "grouping_cause": cause,
    } | fields
    return tuple(given[column] for column in COLUMNS)


def test_only_what_would_be_called_otherwise_changes() -> None:
    rows = [
        row(1, "My parcel is late", "unknown"),
        row(2, "My parcel is late", "delivery"),
        row(3, "Your shop is closed", "delivery"),
        row(4, "It is late", "unknown", title="Parcel"),
    ]
    version = TAXONOMY.version
    assert list(changes(rows, Enricher(TAXONOMY))) == [
        Change("shop:1", "shop:jane", "unknown", "delivery", version),
        Change("shop:3", "shop:jane", "delivery", "unknown", version),
        Change("shop:4", "shop:jane", "unknown", "delivery", version),
    ]
