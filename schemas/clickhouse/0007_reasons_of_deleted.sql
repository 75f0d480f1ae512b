-- The reasons why a mention needs an answer quote its words: they go when the mention is deleted, as its text does.

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

CREATE OR REPLACE VIEW contacts AS
SELECT * FROM current_mentions
WHERE direction = 'inbound' AND need NOT IN ('mention', 'spam');
