-- Root causes by distinct parties, for contacts with since <= occurred_at < until:
--   SELECT * FROM root_causes(since = '2015-01-01', until = '2016-01-01')
-- share: parties with this cause / parties with any contact in the window, with its 95 % Wilson score interval
-- (E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212).
-- A deleted mention keeps counting. cases: cases opened in the window with this cause, superseded ones left out.

CREATE OR REPLACE VIEW root_causes AS
WITH
    parseDateTime64BestEffort({since:String}, 3, 'UTC') AS since_at,
    parseDateTime64BestEffort({until:String}, 3, 'UTC') AS until_at,
    1.959963984540054 AS z
SELECT
    cause,
    owner,
    parties,
    customers,
    parties - customers AS unmatched_authors,
    mentions,
    cases,
    max(window_parties) OVER () AS all_parties,
    if(all_parties = 0, 0, parties / all_parties) AS share,
    if(all_parties = 0, 0, greatest(0, (share + z * z / (2 * all_parties)
        - z * sqrt(share * (1 - share) / all_parties + z * z / (4 * all_parties * all_parties)))
        / (1 + z * z / all_parties))) AS share_low,
    if(all_parties = 0, 1, least(1, (share + z * z / (2 * all_parties)
        + z * sqrt(share * (1 - share) / all_parties + z * z / (4 * all_parties * all_parties)))
        / (1 + z * z / all_parties))) AS share_high
FROM
(
    SELECT
        cause,
        if(contacts_owner != '', contacts_owner, cases_owner) AS owner,
        parties,
        customers,
        mentions,
        cases,
        window_parties
    FROM
    (
        SELECT
            cause,
            owner AS contacts_owner,
            finalizeAggregation(party_state) AS parties,
            customers,
            mentions,
            uniqExactMerge(party_state) OVER () AS window_parties
        FROM
        (
            SELECT
                cause,
                argMax(cause_owner, occurred_at) AS owner,
                uniqExactState(party) AS party_state,
                uniqExactIf(party, startsWith(party, 'c:')) AS customers,
                count() AS mentions
            FROM
            (
                SELECT
                    party,
                    occurred_at,
                    if(empty(causes), ['unknown'], causes) AS found,
                    if(empty(causes), [''], cause_owners) AS owners
                FROM contacts
                WHERE occurred_at >= since_at AND occurred_at < until_at
            )
            ARRAY JOIN found AS cause, owners AS cause_owner
            GROUP BY cause
        )
    ) AS by_contacts
    FULL JOIN
    (
        SELECT root_cause AS cause, argMax(root_cause_owner, opened_at) AS cases_owner, count() AS cases
        FROM current_cases
        WHERE state != 'superseded' AND opened_at >= since_at AND opened_at < until_at
        GROUP BY cause
    ) AS by_cases USING (cause)
)
ORDER BY cause = 'unknown', parties DESC, cause;
