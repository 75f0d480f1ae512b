CREATE TABLE IF NOT EXISTS outcomes
(
    outcome_id String COMMENT 'Id of the observation',
    customer_id String COMMENT 'Customer',
    kind LowCardinality(String) COMMENT 'csat, repeat_purchase, churn',
    value Float64 COMMENT 'CSAT on the company''s own scale; amount bought; 1 for churn',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it was observed',
    version UInt128 COMMENT 'Time of publishing, offset'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY outcome_id
COMMENT 'What became of customers afterwards';

CREATE TABLE IF NOT EXISTS fixes
(
    fix_id String COMMENT 'Id of the fix',
    root_cause LowCardinality(String) COMMENT 'Root cause that it is to remove',
    effective_at DateTime64(3, 'UTC') COMMENT 'From when on it should work',
    declared_by String COMMENT 'Who declared it',
    description String COMMENT 'What was done',
    declared_at DateTime64(3, 'UTC') COMMENT 'When it was declared',
    withdrawn UInt8 COMMENT '1: the declaration was taken back',
    version UInt128 COMMENT 'Time of publishing, offset'
)
ENGINE = ReplacingMergeTree(version, withdrawn)
ORDER BY fix_id
COMMENT 'Declared fixes of root causes';

CREATE TABLE IF NOT EXISTS alerts
(
    alert_id String COMMENT 'Hash of what and when due: a repeat is the same alert',
    kind LowCardinality(String) COMMENT 'spike, breach, silent_source, black_hole, dead_letters',
    subject String COMMENT 'What it is about',
    due_at DateTime64(3, 'UTC') COMMENT 'When it was due',
    text String COMMENT 'In words',
    withdrawn Bool COMMENT 'Taken back since',
    severity LowCardinality(String) COMMENT 'info, warning, critical',
    version UInt128 COMMENT 'Time of publishing, offset'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY alert_id
COMMENT 'What a person should look at';

CREATE TABLE IF NOT EXISTS audit
(
    entry_id String COMMENT 'Id of the entry',
    actor String COMMENT 'Who did it',
    action LowCardinality(String) COMMENT 'What was done',
    subject String COMMENT 'To which id',
    at DateTime64(3, 'UTC') COMMENT 'When',
    detail Map(LowCardinality(String), String) COMMENT 'Further ids and values; never a text of a customer''s',
    version UInt128 COMMENT 'Time of publishing, offset'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY entry_id
COMMENT 'Who did what to which id';

CREATE TABLE IF NOT EXISTS dead_letters
(
    stage LowCardinality(String) COMMENT 'The component that gave up',
    origin String COMMENT 'Where it was read: topic[partition]@offset, or file:line',
    digest String COMMENT 'Hash of what is kept of the original',
    source LowCardinality(String) COMMENT 'The connector; empty where unknown',
    reason LowCardinality(String) COMMENT 'A word for counting',
    detail String COMMENT 'What exactly is wrong',
    attempt UInt32 COMMENT 'How often it was tried',
    at DateTime64(3, 'UTC') COMMENT 'When the component gave up',
    size UInt64 COMMENT 'Bytes of the original',
    original_topic LowCardinality(String) COMMENT 'Topic to publish the original to again; empty where none',
    dead_partition Int32 COMMENT 'Where the original is kept: partition of mentions.dead',
    dead_offset Int64 COMMENT 'Where the original is kept: offset in that partition',
    version UInt128 COMMENT 'Time of publishing, offset'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (stage, origin, digest)
COMMENT 'What could not be processed and why; the originals are on the topic mentions.dead';
