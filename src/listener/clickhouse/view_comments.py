"""Views say what their columns mean: in the words of the table that they show, or in words of their own.

ClickHouse gives the columns of a view no comments. Views with parameters have no columns until they are asked:
what theirs mean is in `parameter_views`.
"""

from clickhouse_driver import Client

SHOWN = {
    "case_times": "case_facts",
    "contacts": "mentions",
    "current_alerts": "alerts",
    "current_audit": "audit",
    "current_black_holes": "black_holes",
    "current_case_facts": "case_facts",
    "current_cases": "cases",
    "current_contact_facts": "contact_facts",
    "current_customers": "customers",
    "current_dead_letters": "dead_letters",
    "current_fixes": "fixes",
    "current_mentions": "mentions",
    "current_outcomes": "outcomes",
    "current_parties": "parties",
    "current_responses": "responses",
    "current_tickets": "tickets",
    "moved_authors": "parties",
    "wait_facts": "case_facts",
    "wait_times": "case_facts",
    "waits": "cases",
}
"""View to the table whose columns it shows."""
_PARTY_OF_TODAY = "Party that it belongs to today: c: and customer id, or a: and author"
_HASH_OF_TODAY = "Hash of the party that it belongs to today, odd: a customer"
_CUSTOMER_OF_TODAY = "Customer that the author is taken for today; empty where none"
_HOURS = {
    "outcome": "answered: by a person; closed: without an answer; deleted: the contact, before; waiting",
    "resolution": "resolved, declined; deleted: the contact, before; open",
    "hours": "How long it waited until then; of what waits, until when it was listened",
    "resolution_hours": "How long it was open until then; of what is open, until when it was listened",
}
_MILLISECONDS = {
    "answer_ended": "0 nobody has answered, 1 a person did, 2 closed without an answer, 3 deleted before",
    "resolution_ended": "0 open, 1 resolved, 2 declined, 3 the contact was deleted before",
    "waited_ms": "Milliseconds until then; of what waits, until when it was listened",
    "resolved_ms": "Milliseconds until then; of what is open, until when it was listened",
}
OWN: dict[str, dict[str, str]] = {
    "case_times": {"epoch": "Epoch of the author when the snapshot was made", **_MILLISECONDS},
    "contacts": {"party": _PARTY_OF_TODAY, "customer_id": _CUSTOMER_OF_TODAY},
    "current_black_holes": {"party": _PARTY_OF_TODAY},
    "current_case_facts": {"party": _HASH_OF_TODAY},
    "current_cases": {"party": _PARTY_OF_TODAY},
    "current_contact_facts": {"party": _HASH_OF_TODAY},
    "current_mentions": {"party": _PARTY_OF_TODAY, "customer_id": _CUSTOMER_OF_TODAY},
    "current_responses": {"party": _PARTY_OF_TODAY, "customer_id": _CUSTOMER_OF_TODAY},
    "deleted_contacts": {
        "contact_key": "Hash of the id of the mention",
        "deleted_ms": "When its source deleted it, in milliseconds since 1970",
    },
    "moved_authors": {"party_id": _HASH_OF_TODAY, "last_epoch": "Epoch since which that is so"},
    "numbered_causes": {
        "names": "Root causes, by number from 0; the first two stand for any and for unknown",
        "lists": "Each cause_list of contact_facts; empty: no cause",
        "numbers": "The numbers of the causes of each of these",
    },
    "observed": {
        "live_until": "Until when it was listened live",
        "historical_until": "Until when imported history reaches",
    },
    "wait_facts": {"party": _HASH_OF_TODAY, **_HOURS},
    "wait_times": {"party": _HASH_OF_TODAY, **_MILLISECONDS},
    "waits": {"party": _PARTY_OF_TODAY, "severe": "About safety, law, or a vulnerable person", **_HOURS},
}
"""View to what only it has, or has in another meaning than the table."""


def explain_views(client: Client) -> None:
    """Gives the columns of the views their comments, where they lack them; views that are not there are left out.

    Raises:
        What the driver raises; see `listener.clickhouse.client.translated`.
    """
    rows = client.execute(
        "SELECT table, name, comment FROM system.columns WHERE database = currentDatabase()"
    )
    comments: dict[str, dict[str, str]] = {}
    for table, name, comment in rows:
        comments.setdefault(table, {})[name] = comment
    for view in SHOWN.keys() | OWN.keys():
        words = comments.get(SHOWN.get(view, ""), {}) | OWN.get(view, {})
        lacking = [
            (name, words[name])
            for name, comment in comments.get(view, {}).items()
            if comment != words.get(name, comment)
        ]
        if lacking:
            changes = ", ".join(
                f"COMMENT COLUMN `{name}` %(of_{place})s" for place, (name, _) in enumerate(lacking)
            )
            told = {f"of_{place}": comment for place, (_, comment) in enumerate(lacking)}
            client.execute(f"ALTER TABLE {view} {changes}", told)
