-- What the mistakes of a model and of the match are taken out of, in one pass instead of two, and of one party in so many:
-- how little is known of the mistakes leaves more open than such a sample does.

DROP VIEW IF EXISTS cause_accounts;

-- Parties by contacts and contacts whose first cause this is, of the parties whose hash falls on one in one_of:
--   SELECT * FROM cause_histogram(since = '2015-01-01', until = '2016-01-01', one_of = 1)
-- accounts: of these parties, distinct authors with a contact of the cause. With an empty cause all parties with any contact,
-- and all their authors.
CREATE OR REPLACE VIEW cause_histogram AS
SELECT
    tupleElement(one, 1) AS cause,
    contacts,
    tupleElement(one, 2) AS with_cause,
    count() AS parties,
    sum(tupleElement(one, 3)) AS accounts
FROM
(
    SELECT
        sum(said) AS contacts,
        arrayJoin(arrayPushFront(groupArray((if(first_cause = '', 'unknown', first_cause), said, length(authors))),
            ('', toUInt64(0), arrayUniq(arrayFlatten(groupArray(authors)))))) AS one
    FROM
    (
        SELECT
            party,
            substringIndex(cause_list, '\t', 1) AS first_cause,
            count() AS said,
            groupUniqArray(author_id) AS authors
        FROM current_contact_facts
        WHERE need != 'copy' AND occurred_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
            AND occurred_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
            AND bitShiftRight(party, 1) % {one_of:UInt32} = 0
        GROUP BY party, first_cause
    )
    GROUP BY party
)
GROUP BY cause, contacts, with_cause
ORDER BY cause, contacts, with_cause
COMMENT 'Parties by contacts, and contacts and accounts of a cause: what mistakes are taken out of';
