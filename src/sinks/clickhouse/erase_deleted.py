"""Removing from the disk what the views already hide: the words of deleted mentions."""

from clickhouse_driver import Client

_DELETED = "(SELECT mention_id FROM mention_tombstones)"
_NO_WORDS = """
    deleted = true, text = '', title = '', author_name = '', url = '',
    complaint_evidence = [], need_reasons = [], cause_evidence = [], match_evidence = []
"""
_MUTATIONS = {
    "mentions": (f"(NOT deleted OR notEmpty(need_reasons)) AND mention_id IN {_DELETED}", _NO_WORDS),
    "responses": (f"excerpt != '' AND response_id IN {_DELETED}", "excerpt = ''"),
}
"""Table to which rows, and what becomes of them."""

_EACH_REPLICA = {"allow_nondeterministic_mutations": 1}
"""Replicas may know of other deletions: what one has not done yet is found, and done, the next time."""


def erase_deleted(client: Client) -> list[str]:
    """Starts a mutation of each table that holds words of deleted mentions; ClickHouse does it in the background.

    Returns:
        The tables that had any.
    """
    changed = []
    for table, (rows, change) in _MUTATIONS.items():
        if client.execute(f"SELECT 1 FROM {table} WHERE {rows} LIMIT 1"):  # noqa: S608 - constants
            client.execute(f"ALTER TABLE {table} UPDATE {change} WHERE {rows}", settings=_EACH_REPLICA)
            changed.append(table)
    return changed
