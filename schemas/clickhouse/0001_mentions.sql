-- Every statement can be run again: a migration that was killed halfway, or run twice at once, ends the same.
-- A row's version is made by the sink, so that the newest state wins in whatever order and however often
-- rows arrive. Read tables through the current_ views: they show one row for each id.

CREATE TABLE IF NOT EXISTS mentions
(
    mention_id String COMMENT 'Id of the mention: kind of the source and native id',
    revision UInt64 COMMENT 'Time of the edit in ms since 1970; 0 for what was never edited',
    source LowCardinality(String) COMMENT 'The configured connector that heard it',
    source_kind LowCardinality(String) COMMENT 'Kind of the source; ids are unique within it',
    native_id String COMMENT 'Id at the source',
    author String COMMENT 'The account that said it',
    history_author String COMMENT 'Whose history it belongs to: the author, or for the company''s own words the author answered',
    author_name String COMMENT 'Name that the account shows; empty where not given',
    channel LowCardinality(String) COMMENT 'social, forum, review, email, phone, chat, in_person, partner, letter, web_feedback, executive',
    visibility LowCardinality(String) COMMENT 'public or private',
    direction LowCardinality(String) COMMENT 'inbound, or outbound: the company''s own words',
    text String COMMENT 'What was said; empty once deleted' CODEC(ZSTD(1)),
    title String COMMENT 'Title or subject; empty where none' CODEC(ZSTD(1)),
    thread String COMMENT 'Conversation that it belongs to; empty where unknown',
    reply_to String COMMENT 'Id of the mention that it replies to; empty where none',
    answers String COMMENT 'Outbound: id of the contact answered; empty where unknown',
    automatic Bool COMMENT 'Outbound: sent by a machine',
    rating Nullable(Float64) COMMENT 'Stars and the like; 1 is the best',
    followers Nullable(UInt64) COMMENT 'Reach: followers of the author',
    likes Nullable(UInt64) COMMENT 'Reach: likes of the mention',
    reposts Nullable(UInt64) COMMENT 'Reach: reposts of the mention',
    verified_author Nullable(Bool) COMMENT 'Reach: the source''s mark on the account',
    url String COMMENT 'Where it stands; empty where nowhere' CODEC(ZSTD(1)),
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it was said, by the source''s clock; the same in every revision',
    edited_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was edited last',
    received_at DateTime64(3, 'UTC') COMMENT 'When the connector saw it',
    historical Bool COMMENT 'Imported, not heard as it happened',
    deleted Bool COMMENT 'Known to be deleted when this row was made; later deletions are in mention_tombstones',
    language LowCardinality(String) COMMENT 'ISO 639-1, or und',
    language_probability Float64 COMMENT 'How sure the detector is',
    sentiment Nullable(Float64) COMMENT 'VADER compound, -1 to 1; null where the language is not English',
    sentiment_label LowCardinality(String) COMMENT 'negative, neutral, positive; empty where not scored',
    complaint Float64 COMMENT 'Probability that it is a complaint',
    complaint_evidence Array(String) COMMENT 'Words that say so',
    need LowCardinality(String) COMMENT 'complaint, question, request, praise, unsure, mention, spam',
    needs_response Bool COMMENT 'Whether somebody must answer',
    need_reasons Array(String) COMMENT 'Why, by name of the rule',
    severity Array(LowCardinality(String)) COMMENT 'safety, legal_threat, vulnerable',
    causes Array(LowCardinality(String)) COMMENT 'Root causes of the taxonomy, most likely first; empty where none fits',
    cause_owners Array(LowCardinality(String)) COMMENT 'Process owners, in the order of causes',
    cause_scores Array(Float64) COMMENT 'Scores 0 to 1, in the order of causes',
    cause_evidence Array(String) COMMENT 'Words that say so, of all causes',
    grouping_cause LowCardinality(String) COMMENT 'The root cause that joined it to a case',
    match_status LowCardinality(String) COMMENT 'matched, ambiguous, unknown: who the author is, when this row was made',
    match_method LowCardinality(String) COMMENT 'confirmed, handle, email, phone, none',
    match_customer String COMMENT 'Customer matched when this row was made; empty where none',
    match_evidence Array(String) COMMENT 'Why it is that customer',
    model_versions Map(LowCardinality(String), String) COMMENT 'Step of the enrichment to version of its rules or model',
    party String COMMENT 'Party when this row was made; the truth is in parties',
    epoch UInt64 COMMENT 'Epoch of the author when this row was made',
    version UInt128 COMMENT 'Which row of a mention holds: deleted, revision, epoch, hash of content, time of publishing'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(occurred_at)
ORDER BY (author, mention_id)
COMMENT 'What was said, with what was found out about it; read current_mentions';

CREATE TABLE IF NOT EXISTS mention_tombstones
(
    mention_id String COMMENT 'Id of the deleted mention',
    author String COMMENT 'Whose history it belonged to',
    source LowCardinality(String) COMMENT 'The connector that heard of the deletion',
    deleted_at DateTime64(3, 'UTC') COMMENT 'When it was deleted at the source',
    received_at DateTime64(3, 'UTC') COMMENT 'When the connector heard of it',
    historical Bool COMMENT 'Imported, not heard as it happened',
    version UInt128 COMMENT 'Time of publishing and offset'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY mention_id
COMMENT 'Mentions deleted at their source; every view hides their text';
