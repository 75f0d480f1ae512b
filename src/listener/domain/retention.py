"""Which tables in ClickHouse may keep their rows for a time only, and what tells the age of a row."""

AGED_BY: dict[str, str] = {
    "mentions": "received_at",
    "mention_tombstones": "received_at",
    "responses": "received_at",
    "cases": "last_at",
    "black_holes": "since",
    "tickets": "updated_at",
    "outcomes": "occurred_at",
    "alerts": "due_at",
    "audit": "at",
    "dead_letters": "at",
}
"""Table to the column that tells how old a row is. Tables that are not here hold what is true now."""
MADE_FROM: dict[str, str] = {
    "contact_facts": "mentions",
    "account_traits": "mentions",
    "case_facts": "cases",
}
"""Table to the one whose rows it repeats in few words: its rows, and their column of age, go with those."""
DEFAULT_DAYS = {"dead_letters": 30}
"""Of tables that do not keep their rows without end."""
