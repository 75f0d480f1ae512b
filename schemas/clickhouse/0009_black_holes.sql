-- Contacts that nobody answered by target and grace. A snapshot of a case says all of its own: rows of an earlier
-- snapshot that the newest does not repeat are over, for example because an answer came late that was given in time.

CREATE TABLE IF NOT EXISTS black_holes
(
    case_id String COMMENT 'Case of the contact',
    contact String COMMENT 'Mention id of the contact that nobody answered',
    case_version UInt64 COMMENT 'Version of the snapshot that says so; only that of the newest snapshot holds',
    author String COMMENT 'Who said it',
    source LowCardinality(String) COMMENT 'Source through which it came',
    channel LowCardinality(String) COMMENT 'Channel of the contact',
    queue LowCardinality(String) COMMENT 'Queue in which the contact alone would wait',
    owner String COMMENT 'Owner of the queue, or of the root cause; empty where nobody is named',
    since DateTime64(3, 'UTC') COMMENT 'When it was said',
    due_at DateTime64(3, 'UTC') COMMENT 'Until when it was to be answered',
    became_at DateTime64(3, 'UTC') COMMENT 'When target and grace had passed',
    acknowledged_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was acknowledged, which is no answer',
    chased Array(String) COMMENT 'Mention ids of the first five contacts that asked again',
    chased_count UInt64 COMMENT 'How many contacts asked again before anybody answered',
    last_chased_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the last of them asked',
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When a person answered; NULL: it is a black hole still',
    ended_by String COMMENT 'Id of that answer; empty where there is none',
    policy_hash String COMMENT 'Policy that decided',
    version UInt128 COMMENT 'Version of the snapshot, time of publishing'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (case_id, contact)
COMMENT 'Contacts that nobody answered; read current_black_holes';

CREATE OR REPLACE VIEW current_black_holes AS
SELECT h.* EXCEPT (case_version, version), c.party AS party
FROM black_holes AS h FINAL
INNER JOIN (SELECT case_id, case_version, party FROM current_cases) AS c
    ON h.case_id = c.case_id AND h.case_version = c.case_version;
