-- What was said in others' words: retweets, pasted texts, campaigns.

ALTER TABLE mentions ADD COLUMN IF NOT EXISTS copy_of String
    COMMENT 'Key of the words, the same for all who use them; empty where they are few, or the company''s own'
    AFTER cause_evidence;
ALTER TABLE mentions ADD COLUMN IF NOT EXISTS copy_marks Array(UInt64)
    COMMENT 'Mentions in nearly the same words most likely share one' AFTER copy_of;
ALTER TABLE mentions COMMENT COLUMN need 'complaint, question, request, praise, unsure, mention, copy, spam';

CREATE OR REPLACE VIEW current_mentions AS
WITH
    m.deleted OR m.mention_id IN (SELECT mention_id FROM mention_tombstones) AS gone,
    if(p.epoch >= m.epoch, p.party, m.party) AS newest_party
SELECT
    m.* EXCEPT (party, epoch, version, deleted, text, title, author_name, url,
                complaint_evidence, need_reasons, cause_evidence, match_evidence),
    gone AS deleted,
    if(gone, '', m.text) AS text,
    if(gone, '', m.title) AS title,
    if(gone, '', m.author_name) AS author_name,
    if(gone, '', m.url) AS url,
    if(gone, [], m.complaint_evidence) AS complaint_evidence,
    if(gone, [], m.need_reasons) AS need_reasons,
    if(gone, [], m.cause_evidence) AS cause_evidence,
    if(gone, [], m.match_evidence) AS match_evidence,
    newest_party AS party,
    greatest(p.epoch, m.epoch) AS epoch,
    if(startsWith(newest_party, 'c:'), substring(newest_party, 3), '') AS customer_id
FROM mentions AS m FINAL
LEFT JOIN (SELECT author, party, epoch FROM parties FINAL) AS p ON m.history_author = p.author;

-- Somebody who only passes on what another wants is no contact.
CREATE OR REPLACE VIEW contacts AS
SELECT * FROM current_mentions
WHERE direction = 'inbound' AND need NOT IN ('mention', 'copy', 'spam');

-- Texts that more than one mention uses, near-copies joined to the earliest text that shares a mark with them:
--   SELECT * FROM copies(since = '2015-01-01', until = '2016-01-01')
-- parties: people who used the text; contacts: mentions among them that are a contact by themselves, pasted, not
-- passed on; texts: different wordings.
CREATE OR REPLACE VIEW copies AS
WITH
    parseDateTime64BestEffort({since:String}, 3, 'UTC') AS since_at,
    parseDateTime64BestEffort({until:String}, 3, 'UTC') AS until_at
SELECT
    if(joined.earliest = '', said.copy_of, joined.earliest) AS original,
    count() AS mentions,
    uniqExact(said.party) AS parties,
    uniqExact(said.author) AS authors,
    countIf(said.need NOT IN ('mention', 'copy', 'spam')) AS contacts,
    uniqExact(said.copy_of) AS texts,
    min(said.occurred_at) AS first_at,
    max(said.occurred_at) AS last_at,
    argMin(said.mention_id, (said.need = 'copy', said.occurred_at, said.mention_id)) AS first_mention,
    argMin(said.text, (said.need = 'copy', said.occurred_at, said.mention_id)) AS text
FROM
(
    SELECT mention_id, author, party, need, text, occurred_at, copy_of
    FROM current_mentions
    WHERE copy_of != '' AND occurred_at >= since_at AND occurred_at < until_at
) AS said
LEFT JOIN
(
    SELECT copy_of, argMin(first_of, (first_at, first_of)) AS earliest
    FROM
    (
        SELECT
            copy_of,
            argMin(copy_of, (occurred_at, mention_id)) OVER (PARTITION BY mark
                ORDER BY occurred_at, mention_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS first_of,
            min(occurred_at) OVER (PARTITION BY mark) AS first_at
        FROM
        (
            SELECT copy_of, mention_id, occurred_at, arrayJoin(copy_marks) AS mark
            FROM current_mentions
            WHERE copy_of != '' AND occurred_at >= since_at AND occurred_at < until_at
        )
    )
    GROUP BY copy_of
) AS joined ON said.copy_of = joined.copy_of
GROUP BY original
HAVING mentions > 1
ORDER BY parties DESC, mentions DESC, original;
