-- What became of a case, beside its state, so that the common questions need no join. Rows that are older than this
-- have these columns empty until their cases are told anew: `listener rewind` lets the sink store the topic again.

ALTER TABLE cases ADD COLUMN IF NOT EXISTS clock_families Array(LowCardinality(String))
    COMMENT 'promise, or regulatory; in the order of clock_kinds' AFTER clock_due_at;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS clock_jurisdictions Array(LowCardinality(String))
    COMMENT 'Country of a regulatory deadline, else empty; in the order of clock_kinds' AFTER clock_families;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS asked_at Nullable(DateTime64(3, 'UTC'))
    COMMENT 'When somebody asked for an answer first; NULL: nobody did' AFTER clock_jurisdictions;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS channel LowCardinality(String)
    COMMENT 'Channel of that contact, or of the first where nobody asked' AFTER asked_at;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS visibility LowCardinality(String)
    COMMENT 'Of that contact: public or private' AFTER channel;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS source LowCardinality(String)
    COMMENT 'Source through which that contact came' AFTER visibility;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS first_answer_at Nullable(DateTime64(3, 'UTC'))
    COMMENT 'When a person answered first, in whatever channel; NULL: nobody has' AFTER source;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS first_answer_channel LowCardinality(String)
    COMMENT 'Channel of that answer' AFTER first_answer_at;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS first_answer_level LowCardinality(String)
    COMMENT 'Level of who gave it' AFTER first_answer_channel;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS ended_at Nullable(DateTime64(3, 'UTC'))
    COMMENT 'Since when it is resolved or declined; NULL while it is neither' AFTER first_answer_level;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS private_attempts UInt16
    COMMENT 'Private attempts to get an answer before the first public one; all, where none was public' AFTER ended_at;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS went_public_at Nullable(DateTime64(3, 'UTC'))
    COMMENT 'First public contact after a private one that the company failed; NULL: none' AFTER private_attempts;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS executive_answers UInt16
    COMMENT 'Answers by executives' AFTER went_public_at;

-- An author's party can differ from the one in a row only after it changed, which is epoch 2 and later: nearly all
-- authors have epoch 1, and the join leaves them out.

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
LEFT JOIN (SELECT author, party, epoch FROM parties FINAL WHERE epoch > 1) AS p ON m.history_author = p.author;

CREATE OR REPLACE VIEW contacts AS
SELECT * FROM current_mentions
WHERE direction = 'inbound' AND need NOT IN ('mention', 'copy', 'spam');

CREATE OR REPLACE VIEW current_cases AS
SELECT
    c.* EXCEPT (party, version),
    if(p.epoch >= bitShiftRight(c.case_version, 32), p.party, c.party) AS party
FROM cases AS c FINAL
LEFT JOIN (SELECT author, party, epoch FROM parties FINAL WHERE epoch > 1) AS p ON c.anchor_author = p.author;
