"""Whether what reports count is what the views with names and texts show."""

from typing import Any

CONTACTS = """
SELECT {mention} AS id, {party}, occurred_at, received_at, historical, channel, visibility, need, needs_response,
    {severe}, causes, {owned} AS owned, followers, verified_author, {copy}
FROM {view} WHERE {some} ORDER BY id
"""
CASES = """
SELECT {case} AS id, {anchor}, {author}, {party}, case_version, state, historical, level, root_cause,
    root_cause_owner, {severe}, segment, failed_contacts, goodwill_amounts, goodwill_currencies, clock_kinds,
    clock_states, clock_due_at, clock_families, clock_jurisdictions, asked_at, channel, need, visibility, source,
    first_answer_at, first_answer_channel, ended_at, private_attempts, {public}, executive_answers, opened_at,
    last_at
FROM {view} WHERE {some} ORDER BY id
"""
WAITS = """
SELECT {case} AS id, {party}, asked_at, channel, need, visibility, root_cause, severe, segment,
    first_answer_channel, outcome, resolution, hours, resolution_hours
FROM {view} ORDER BY id
"""
WIDE = {
    "mention": "sipHash64(mention_id)",
    "case": "sipHash64(case_id)",
    "anchor": "sipHash64(anchor)",
    "author": "sipHash64(anchor_author)",
    "party": "bitOr(bitAnd(sipHash64(party), bitNot(toUInt64(1))), startsWith(party, 'c:'))",
    "severe": "notEmpty(severity)",
    "owned": "arrayStringConcat(arrayMap((c, o) -> concat(c, '\\t', o), causes, cause_owners), '\\n')",
    "copy": "if(copy_of = '', 0, sipHash64(copy_of))",
    "public": "went_public_at IS NOT NULL",
}
NARROW = {
    "mention": "mention_key",
    "owned": "cause_list",
    "case": "case_key",
    "anchor": "anchor_key",
    "author": "author_id",
    "party": "party",
    "severe": "severe",
    "copy": "copy_key",
    "public": "went_public",
}
MISSED = """
SELECT party, said, told
FROM (SELECT party, groupBitOr(traits) AS said FROM current_contact_facts WHERE need != 'copy' GROUP BY party) AS c
LEFT JOIN
(
    SELECT if(m.last_epoch >= greatest(t.epoch, 1), m.party_id, t.party_id) AS party, groupBitOr(t.traits) AS told
    FROM account_traits AS t
    LEFT JOIN moved_authors AS m ON t.author_id = m.author_id
    GROUP BY party
) AS a USING (party)
WHERE bitAnd(said, told) != said
"""
LISTENED = """
SELECT maxIf(received_at, NOT historical), maxIf(least(occurred_at, received_at), historical)
FROM
(
    SELECT historical, occurred_at, received_at FROM contact_facts
    UNION ALL
    SELECT historical, occurred_at, received_at FROM responses
)
"""
COMPARED = (
    (
        CONTACTS,
        "current_mentions",
        "direction = 'inbound' AND need NOT IN ('mention', 'spam')",
        "current_contact_facts",
    ),
    (CASES, "current_cases", "state != 'superseded'", "current_case_facts"),
    (WAITS, "waits", "", "wait_facts"),
)


def assert_facts_agree(client: Any) -> None:
    """Asserts it of all contacts, cases and waits of a database."""
    for query, wide, some, narrow in COMPARED:
        shown = client.execute(query.format(view=wide, some=some, **WIDE))
        assert client.execute(query.format(view=narrow, some="true", **NARROW)) == shown, narrow
    assert client.execute(MISSED) == [], "what contacts tell of an account is known of its party"
    [listened] = client.execute("SELECT live_until, historical_until FROM observed")
    [newest] = client.execute(LISTENED)
    # what replaced the newest may have been heard before it
    assert all(until >= at for until, at in zip(listened, newest, strict=True)), (listened, newest)
