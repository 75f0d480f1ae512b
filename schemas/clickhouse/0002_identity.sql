CREATE TABLE IF NOT EXISTS parties
(
    author String COMMENT 'Account: kind of the source and native id',
    party String COMMENT 'c: and customer id, or a: and author where nobody''s customer',
    epoch UInt64 COMMENT 'How often the author''s party changed; the highest is the truth',
    at DateTime64(3, 'UTC') COMMENT 'When it became so',
    customer_id String COMMENT 'Customer; empty where none',
    method LowCardinality(String) COMMENT 'What the match rests on',
    withdrawn UInt8 COMMENT '1: the author is no longer known',
    version UInt128 COMMENT 'Epoch, time of publishing, offset'
)
ENGINE = ReplacingMergeTree(version, withdrawn)
ORDER BY author
COMMENT 'The truth about identity: which party an author belongs to';

CREATE TABLE IF NOT EXISTS customers
(
    customer_id String COMMENT 'Id in the company''s customer database',
    names Array(String) COMMENT 'Names',
    emails Array(String) COMMENT 'E-mail addresses',
    phones Array(String) COMMENT 'Telephone numbers',
    handles Array(String) COMMENT 'Known accounts: kind of the source and handle',
    segment LowCardinality(String) COMMENT 'Segment of the customer strategy; empty where none',
    preferred_channel LowCardinality(String) COMMENT 'Channel that the customer prefers; empty where unknown',
    consent Map(LowCardinality(String), Bool) COMMENT 'Purpose to whether the customer agreed to it',
    updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Last change in the customer database',
    withdrawn UInt8 COMMENT '1: the record was removed',
    version UInt128 COMMENT 'Time of publishing, offset'
)
ENGINE = ReplacingMergeTree(version, withdrawn)
ORDER BY customer_id
COMMENT 'Customers as the company knows them';
