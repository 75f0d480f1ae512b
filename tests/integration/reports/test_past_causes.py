"""Which past contacts are judged anew, on the real engine."""

from datetime import UTC, datetime

import pytest

from listener.cli.past_causes import BY, COLUMNS, QUERY
from listener.clickhouse.client import connect
from listener.reports.answer import EARLIEST, LATEST

pytestmark = pytest.mark.clickhouse

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_what_a_person_chose_is_left_alone(database: str) -> None:
    client = connect(database)
    names = ("theirs", "models", "never", "back")
    columns = "mention_id, author, direction, need, text, grouping_cause, occurred_at, received_at"
    client.execute(
        f"INSERT INTO mentions ({columns}) VALUES",
        [(name, "shop:jane", "inbound", "complaint", "Late", "unknown", AT, AT) for name in names]
        + [("ours", "shop:us", "outbound", "mention", "Sorry", "unknown", AT, AT)],
    )
    acts = [
        ("1", "K. Agent", "theirs", 1, "refund"),
        ("2", f"{BY}K. Agent", "models", 1, "delivery"),
        ("3", "K. Agent", "back", 1, "refund"),
        ("4", f"{BY}K. Agent", "back", 2, "late"),
    ]
    client.execute(
        "INSERT INTO audit (entry_id, actor, action, subject, at, detail) VALUES",
        [
            (
                entry,
                actor,
                "case.reclassify",
                contact,
                AT.replace(day=day),
                {"contacts": contact, "cause": cause},
            )
            for entry, actor, contact, day, cause in acts
        ],
    )
    asked = {"since": EARLIEST, "until": LATEST, "by": BY}
    found = [dict(zip(COLUMNS, row, strict=True)) for row in client.execute(QUERY, asked)]
    client.disconnect()
    assert {row["mention_id"]: row["grouping_cause"] for row in found} == {
        "back": "late",
        "models": "delivery",
        "never": "unknown",
    }, "what models said before is what a contact is called now"
    assert {row["text"] for row in found} == {"Late"}
