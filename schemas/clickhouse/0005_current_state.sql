-- The current state, one row for each id. An author's newest party holds, whether a mention or parties told it.

CREATE OR REPLACE VIEW current_mentions AS
WITH
    m.deleted OR m.mention_id IN (SELECT mention_id FROM mention_tombstones) AS gone,
    if(p.epoch >= m.epoch, p.party, m.party) AS newest_party
SELECT
    m.* EXCEPT (party, epoch, version, deleted, text, title, author_name, url,
                complaint_evidence, cause_evidence, match_evidence),
    gone AS deleted,
    if(gone, '', m.text) AS text,
    if(gone, '', m.title) AS title,
    if(gone, '', m.author_name) AS author_name,
    if(gone, '', m.url) AS url,
    if(gone, [], m.complaint_evidence) AS complaint_evidence,
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

CREATE OR REPLACE VIEW current_responses AS
WITH if(p.epoch >= r.epoch, p.party, r.party) AS newest_party
SELECT
    r.* EXCEPT (party, epoch, version, excerpt),
    if(r.response_id IN (SELECT mention_id FROM mention_tombstones), '', r.excerpt) AS excerpt,
    newest_party AS party,
    greatest(p.epoch, r.epoch) AS epoch,
    if(startsWith(newest_party, 'c:'), substring(newest_party, 3), '') AS customer_id
FROM responses AS r FINAL
LEFT JOIN (SELECT author, party, epoch FROM parties FINAL) AS p ON r.author = p.author;

-- The epoch of the anchor's author is the upper half of a case's version.
CREATE OR REPLACE VIEW current_cases AS
SELECT
    c.* EXCEPT (party, version),
    if(p.epoch >= bitShiftRight(c.case_version, 32), p.party, c.party) AS party
FROM cases AS c FINAL
LEFT JOIN (SELECT author, party, epoch FROM parties FINAL) AS p ON c.anchor_author = p.author;

CREATE OR REPLACE VIEW current_parties AS SELECT * EXCEPT (withdrawn, version) FROM parties FINAL;
CREATE OR REPLACE VIEW current_customers AS SELECT * EXCEPT (withdrawn, version) FROM customers FINAL;
CREATE OR REPLACE VIEW current_tickets AS SELECT * EXCEPT (version) FROM tickets FINAL;
CREATE OR REPLACE VIEW current_outcomes AS SELECT * EXCEPT (version) FROM outcomes FINAL;
CREATE OR REPLACE VIEW current_fixes AS SELECT * EXCEPT (withdrawn, version) FROM fixes FINAL;
CREATE OR REPLACE VIEW current_alerts AS SELECT * EXCEPT (version) FROM alerts FINAL;
CREATE OR REPLACE VIEW current_audit AS SELECT * EXCEPT (version) FROM audit FINAL;
CREATE OR REPLACE VIEW current_dead_letters AS SELECT * EXCEPT (version) FROM dead_letters FINAL;
